"""Settings of a company: `company.toml`, read once and frozen.

Every setting has a default here and a line in docs/configuration.md; an empty file, or none, is a valid company. A key
that is not known is an error, never ignored: a misspelt limit that silently keeps its default would be a limit that is
not there. Fractions and money are read from the file as exact `Decimal`, so 0.05 means five hundredths.

Nothing is read from the environment: the command line and the server do that and pass values on.
"""

import difflib
import json
import re
import reprlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from company.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MODEL_KINDS = ("openai", "anthropic", "ollama")
"""Kinds of model providers that are built in, and the three providers that need no section; packages bring others."""
_EMBEDDING_KINDS = frozenset({"openai", "ollama"})
_KEY = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
Place = tuple[int | str, ...]
PAPER = "paper"
"""Name of the three venues of the paper world, which need no section."""
VENUE_KINDS = ("paper-http", "ccxt")
"""Kinds of venues that are built in; packages bring others."""
NOTIFIER_KINDS = ("command",)
"""Kinds of notifiers that are built in; packages bring others."""
NoticeKind = Literal[
    "approval.asked",
    "approval.escalated",
    "run.failed",
    "breaker.tripped",
    "budget.tripped",
    "company.stopped",
    "alert",
]
"""What people are told of."""
_EMBEDDERS = frozenset({"minilm", "none"})
_PAPER_NAMES = frozenset({PAPER, "paper-a", "paper-b", "paper-c"})
DATA_PROVIDERS = (PAPER, "coingecko", "yahoo", "twelvedata", "alphavantage", "finnhub", "files")
"""Providers of market data; `ccxt:ID` names any exchange that ccxt knows."""
DATA_KEYS = {
    "data:coingecko": "COINGECKO_API_KEY",
    "data:twelvedata": "TWELVEDATA_API_KEY",
    "data:alphavantage": "ALPHAVANTAGE_API_KEY",
    "data:finnhub": "FINNHUB_API_KEY",
}
"""Names that keys of market data have in the secret store, and the environment variable that comes first."""
_OWN_HEADERS = r"(accept|authorization|connection|content|cookie|host|last-event-id|mcp|transfer-encoding)($|-)"
"""Headers of requests to MCP servers that the program sets, or never sends."""
_LISTS = frozenset({"approvals.quorums", "mandates", "webhooks"})
_EXPECTED = {  # pydantic's words for these speak of Python, not of TOML
    "dict_type": "must be a section",
    "is_instance_of": "must be a number",
    "model_type": "must be a section",
    "time_delta_type": "must be a length of time: 90s, 5m, 1h or 2d",
    "timezone_aware": "must name its offset, as in 2030-01-31T12:00:00Z",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
}


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the cure for an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    if close := difflib.get_close_matches(name, names, n=1):
        return f"did you mean {close[0]!r}?"
    return f"known here: {', '.join(names)}" if names else "nothing is known here"


def parse_duration(text: str) -> timedelta:
    """Read a length of time: a whole number and its unit, `90s`, `5m`, `1h` or `2d`.

    Raises:
        UsageError: The text is not of that form, or not longer than zero, or has more than six digits.
    """
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not found or not int(found[1]):
        raise UsageError(f"{text!r} is not a length of time", cure="write a number and its unit: 90s, 5m, 1h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except UsageError as error:
        raise ValueError(f"{error.what}: {error.cure}") from None


def _exact(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _chain(value: object) -> object:
    names = (value,) if isinstance(value, str) else value
    for name in names if isinstance(names, list | tuple) else ():
        if isinstance(name, str) and name != "autopilot" and not _names_model(name):
            raise ValueError(f"{name!r} is neither 'autopilot' nor 'provider:model', such as 'openai:gpt-5-mini'")
    return names


def _names_model(name: str) -> bool:
    provider, _, model = name.partition(":")
    return bool(provider and model)


def _wrong(what: str, *place: str, cure: str) -> PydanticCustomError:
    """An error with a cure of its own; `place` is what to change, seen from the section that finds it."""
    return PydanticCustomError("wrong", "{what}", {"what": what, "place": place, "cure": cure})


def _completed(name: str, section: dict[str, Any]) -> dict[str, Any]:
    kind = section.get("kind", name if name in MODEL_KINDS else None)
    known = {"kind": kind} if kind else {}
    key = {"key_env": f"{re.sub('[^A-Z0-9]', '_', name.upper())}_API_KEY"}
    return {**known, **key, "free": kind == "ollama", **section}


def _located(name: str, section: dict[str, Any]) -> dict[str, Any]:
    exchange = {"paper-http": "binance"}.get(str(section.get("kind")), name)
    return {"exchange": exchange, "key": name, **section}


def _is_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _ascending(steps: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if any(low >= high for low, high in pairwise(steps)):
        raise ValueError("the steps must rise, from the smallest loss to the largest")
    return steps


Duration = Annotated[timedelta, Field(gt=timedelta(0)), BeforeValidator(_duration)]
Number = Annotated[Decimal, BeforeValidator(_exact)]
Fraction = Annotated[Number, Field(gt=0, le=1)]
Money = Annotated[Number, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Names = Annotated[tuple[Text, ...], Field(strict=False, min_length=1), BeforeValidator(_names)]
Chain = Annotated[tuple[str, ...], Field(strict=False, min_length=1), BeforeValidator(_chain)]
Price = Annotated[Number, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CompanySettings(_Section):
    """`[company]`: who the company is.

    Attributes:
        name: What the company calls itself; "The AI company".
        quote: Currency that money is counted in; "USDT".
        hires: Roles that confirmed packages bring and that work here too, by id; [].
    """

    name: Text = "The AI company"
    quote: Text = "USDT"
    hires: Texts = ()

    @model_validator(mode="after")
    def _hired_once(self) -> Self:
        if twice := sorted({name for name in self.hires if self.hires.count(name) > 1}):
            raise _wrong(f"{twice[0]!r} is hired twice", "hires", cure="name it once")
        return self


class RunSettings(_Section):
    """`[run]`: how a run goes.

    Attributes:
        seed: Seed of the paper world and of every random choice, from 0; 7.
        step: Virtual time that passes between two cycles; "1h".
        review_rounds: How often the CEO may send work back in one run; 1.
        max_parallel: Roles that work at the same time; 6.
        wake: Who works in an endless run: with `events` the roles that something concerns, and none costs nothing; with
            `always` whom the CEO asks, every cycle; "events".
    """

    seed: Annotated[int, Field(ge=0)] = 7
    step: Duration = timedelta(hours=1)
    review_rounds: Annotated[int, Field(ge=0)] = 1
    max_parallel: Count = 6
    wake: Literal["events", "always"] = "events"


class ModelFacts(_Section):
    """`[models.facts."provider:model"]`: what a person knows about a model; what is left out comes from the table.

    Attributes:
        context: Tokens that prompt and answer may have together.
        max_output: Longest answer, in tokens.
        tools: It can call tools.
        parallel_tools: It can call several tools in one answer.
        structured: It can be held to a JSON schema.
        price_in: Dollars for a million tokens read.
        price_cached: Dollars for a million tokens read from the provider's cache; as `price_in` when left out.
        price_cache_write: Dollars for a million tokens put into that cache; as `price_in` when left out.
        price_out: Dollars for a million tokens written.
        options: Further settings of the provider's API, passed on as they are, such as `{reasoning_effort = "low"}`.
    """

    context: Count | None = None
    max_output: Count | None = None
    tools: bool | None = None
    parallel_tools: bool | None = None
    structured: bool | None = None
    price_in: Price | None = None
    price_cached: Price | None = None
    price_cache_write: Price | None = None
    price_out: Price | None = None
    options: dict[str, Any] = {}

    @model_validator(mode="after")
    def _prices_come_together(self) -> Self:
        if (self.price_in is None) != (self.price_out is None):
            missing = "price_in" if self.price_in is None else "price_out"
            raise _wrong("price_in and price_out belong together", cure=f"add `{missing} = ...`")
        return self


class ModelSettings(_Section):
    """`[models]`: the model behind each tier that roles name.

    A model is `provider:model`. A list is a chain: when the first does not answer, the next is asked, and the answer
    says so.

    Attributes:
        fast: Model of the tier `fast`; "autopilot".
        smart: Model of the tier `smart`; "autopilot".
        deep: Model of the tier `deep`; "autopilot".
        answer_tokens: Longest answer a model is asked for, in tokens, its thoughts included; 4096.
        roles: Model by role id; stands above the role's tier; {}.
        facts: What is known about a model, by `provider:model`; {}.
    """

    fast: Chain = ("autopilot",)
    smart: Chain = ("autopilot",)
    deep: Chain = ("autopilot",)
    answer_tokens: Count = 4_096
    roles: dict[str, Chain] = {}
    facts: dict[str, ModelFacts] = {}

    def only(self, name: str) -> "ModelSettings":
        """Return the same section, but every role thinks with one model, and nothing stands in for it."""
        return self.model_copy(update={"fast": (name,), "smart": (name,), "deep": (name,), "roles": {}})

    @model_validator(mode="after")
    def _facts_are_of_models(self) -> Self:
        for name in self.facts:
            if not _names_model(name):
                cure = 'write [models.facts."provider:model"], the name that a tier has'
                raise _wrong("this is the name of no model", "facts", name, cure=cure)
        return self


class ProviderSettings(_Section):
    """`[providers.NAME]`: an address that models answer at, and how hard it may be asked.

    `openai`, `anthropic` and `ollama` are there without being named.

    Attributes:
        kind: Wire format it speaks, or a kind that a confirmed package brings; NAME when that is one of the three.
        base_url: Address of its API; the provider's own when left out.
        api: OpenAI's `chat` completions, which every compatible server has, or `responses`, which OpenAI's newer models
            want; `auto` takes `responses` at OpenAI's own address and `chat` elsewhere; "auto".
        key_env: Environment variable with its key; NAME in capitals and `_API_KEY` when left out.
        free: Its models cost nothing, because they run on your own hardware; true for kind `ollama`, else false.
        max_parallel: Calls in flight at the same time, of all roles together; 8.
        requests_per_minute: Most calls begun in a minute; 0 sets no limit of ours.
        tokens_per_minute: Most tokens asked for in a minute, prompt and longest answer; 0 sets no limit of ours.
        timeout: Longest time of one call; "180s".
        silence: Longest time without a single byte from it; "60s".
        attempts: How often a call is tried before the next model of the chain is asked; 3.
    """

    kind: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$", examples=list(MODEL_KINDS))]
    base_url: str = ""
    api: Literal["auto", "chat", "responses"] = "auto"
    key_env: str = ""
    free: bool = False
    max_parallel: Count = 8
    requests_per_minute: Annotated[int, Field(ge=0)] = 0
    tokens_per_minute: Annotated[int, Field(ge=0)] = 0
    timeout: Duration = timedelta(seconds=180)
    silence: Duration = timedelta(seconds=60)
    attempts: Count = 3


class WorldSettings(_Section):
    """`[world]`: which adapter stands behind each port.

    Attributes:
        venues: Exchanges, `paper` or names of sections `[venues.NAME]`; "paper".
        news: News feed; "paper".
        traffic: Web traffic; "paper".
        outbox: Social channels; "paper".
        clock: Company time, `virtual` (moves by `run.step`) or `wall`; "virtual".
    """

    venues: Names = ("paper",)
    news: Literal["paper"] = "paper"
    traffic: Literal["paper"] = "paper"
    outbox: Literal["paper"] = "paper"
    clock: Literal["virtual", "wall"] = "virtual"


class VenueSettings(_Section):
    """`[venues.NAME]`: an exchange account beyond this process; it is used when `world.venues` names it.

    Attributes:
        kind: `paper-http`: our own exchange over HTTP (`company exchange serve`); `ccxt`: an exchange that ccxt knows;
            or a kind that a confirmed package brings.
        exchange: The id ccxt has for it; NAME when left out.
        url: Address of our own exchange, on this machine, such as "http://127.0.0.1:8500/venues/a"; "" for `ccxt`.
        sandbox: Use the exchange's own test system, where money is not real; false.
        key: Keys in the secret store are those of this name, see `company key set`; NAME when left out.
        symbols: What is read and traded there, in ccxt's names; [] reads everything, which `ccxt` does not allow.
        timeout: Longest time of one request; "10s".
        options: Further settings of a package's kind, passed on as they are; no place for keys; {}.
    """

    kind: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$", examples=list(VENUE_KINDS))]
    exchange: str = ""
    url: str = ""
    sandbox: bool = False
    key: str = ""
    symbols: Texts = ()
    timeout: Duration = timedelta(seconds=10)
    options: dict[str, Any] = {}

    @property
    def is_real(self) -> bool:
        """True when it trades with real money, or might: what a package trades with is its own word."""
        return self.kind != "paper-http" and not self.sandbox

    @property
    def secrets(self) -> tuple[str, str, str]:
        """Names in the secret store of its key, its secret and its passphrase, which only some exchanges want."""
        return f"venue:{self.key}:key", f"venue:{self.key}:secret", f"venue:{self.key}:passphrase"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.options and self.kind in VENUE_KINDS:
            raise _wrong(f"{self.kind} has no further settings", "options", cure="leave it out")
        if self.kind == "paper-http":
            if not _is_loopback(self.url):
                cure = "give the address of `company exchange serve`, such as http://127.0.0.1:8500/venues/a"
                raise _wrong(f"{self.url!r} is not an address on this machine", "url", cure=cure)
            if self.sandbox:
                raise _wrong("our own exchange has no sandbox, its money is never real", "sandbox", cure="leave it out")
        elif self.url and self.kind == "ccxt":
            raise _wrong("ccxt knows the exchange's address", "url", cure="leave it out, or write kind = 'paper-http'")
        elif not self.symbols:
            cure = "name them, such as symbols = ['BTC/USDT']: an exchange has thousands, and each is read every cycle"
            raise _wrong("no symbol is named", "symbols", cure=cure)
        return self


class DataProviderSettings(_Section):
    """`[data.providers.NAME]`: how one provider of market data is asked.

    Attributes:
        base_url: Address its API begins with; its own when left out.
        quotas: How often it may be asked, such as ["75/minute", "5000/day"]; what it publishes when left out.
        timeout: Time in which its whole answer must be there; "10s".
        attempts: How often a question is put before the next provider of the chain is asked; 3.
        symbols: Its own names of symbols, where they are not the usual ones; {}.
    """

    base_url: str = ""
    quotas: Texts = ()
    timeout: Duration = timedelta(seconds=10)
    attempts: Count = 3
    symbols: dict[str, Text] = {}


class DataSettings(_Section):
    """`[data]`: whom the company asks for prices and candles besides the exchanges it trades at.

    A list is a chain: the next one is asked when the one before has no fresh answer, and the answer says so. Nobody
    else is ever asked.

    Attributes:
        prices: Providers of prices, or a single one; "paper".
        candles: Providers of candles, or a single one; "paper".
        fresh: Age up to which a price counts as fresh; "2m".
        patience: Longest wait for a quota, before another attempt, or for Redis; "5s".
        files: Folder with files of candles, seen from the company's directory, for the provider `files`; "".
        redis: Address of a Redis server that several processes share their answers through; "".
        providers: How each is asked, by its name; {}.
    """

    prices: Names = ("paper",)
    candles: Names = ("paper",)
    fresh: Duration = timedelta(minutes=2)
    patience: Duration = timedelta(seconds=5)
    files: str = ""
    redis: str = ""
    providers: dict[str, DataProviderSettings] = {}

    @model_validator(mode="after")
    def _providers_are_known(self) -> Self:
        for place in ("prices", "candles", "providers"):
            for name in getattr(self, place):
                if name not in DATA_PROVIDERS and not re.fullmatch(r"ccxt:[a-z0-9]+", name):
                    cure = f"{suggest(name, DATA_PROVIDERS)} (an exchange is written ccxt:kraken)"
                    where = (place, name) if place == "providers" else (place,)
                    raise _wrong(f"there is no provider of market data {name!r}", *where, cure=cure)
                if name == "files" and not self.files and place != "providers":
                    raise _wrong("the provider files has no folder", place, cure='add `files = "candles"`')
        return self

    @model_validator(mode="after")
    def _chains_can_answer(self) -> Self:
        for place, chain in {"prices": self.prices, "candles": self.candles}.items():
            if len(set(chain)) < len(chain):
                raise _wrong("a provider is named twice", place, cure="name it once")
        if "coingecko" in self.candles:
            raise _wrong("coingecko has no candles with volume", "candles", cure="name another provider")
        return self


class LimitSettings(_Section):
    """`[limits]`: what the risk engine holds every order to, as fractions of equity.

    Attributes:
        max_trade_fraction: Largest notional of one order; 0.05.
        max_position_fraction: Largest position in one asset; 0.10.
        max_gross_fraction: Largest sum of all positions; 0.6.
        max_correlated_fraction: Largest sum of positions that move together, weighted by their correlation; 0.25.
        correlation_threshold: Correlation of hourly returns from which two symbols count together; 0.70.
        max_var_fraction: Largest value at risk of one day, at 95 %; 0.05.
        max_cvar_fraction: Largest expected loss of the days beyond that; 0.08.
        risk_per_trade: Most that one order may lose when its stop is hit; 0.005.
        stop_atr: Distance of a stop from the entry, in average true ranges of 14 hours; 3.
        min_conviction: Least conviction, 0 to 1, that an order needs; 0.60.
        conservative_conviction: Least conviction that adds to a position at the second drawdown step; 0.80.
        daily_loss_fraction: Loss of one day after which nothing new is opened; 0.03.
        drawdown_steps: Falls from the peak at which sizes are halved, nothing new is opened, only exits are allowed
            until a person re-arms the desk; [0.05, 0.10, 0.15].
        drawdown_release: How far below one of the first two steps the fall must be to leave it; 0.01.
        restricted: Symbols (`XRP/USDT`) or assets (`XRP`) in which nothing is bought; [].
        wash_window: How long after a sale the same symbol is not bought back at about its price; "60s".
        wash_fraction: What "about its price" is, as a fraction of it; 0.001.
        anomaly_move: Move of a price, in robust deviations of an hour, that pauses entries in the symbol; 8.
        anomaly_volume: Volume of an hour, in medians, that does; 30.
        anomaly_spread: Spread, or distance of one venue's price from the others, that does; 0.02.
        anomaly_pause: For how long; "1h".
    """

    max_trade_fraction: Fraction = Decimal("0.05")
    max_position_fraction: Fraction = Decimal("0.10")
    max_gross_fraction: Fraction = Decimal("0.6")
    max_correlated_fraction: Fraction = Decimal("0.25")
    correlation_threshold: Fraction = Decimal("0.70")
    max_var_fraction: Fraction = Decimal("0.05")
    max_cvar_fraction: Fraction = Decimal("0.08")
    risk_per_trade: Fraction = Decimal("0.005")
    stop_atr: Annotated[Number, Field(gt=0)] = Decimal(3)
    min_conviction: Annotated[Number, Field(ge=0, le=1)] = Decimal("0.60")
    conservative_conviction: Annotated[Number, Field(ge=0, le=1)] = Decimal("0.80")
    daily_loss_fraction: Fraction = Decimal("0.03")
    drawdown_steps: Annotated[tuple[Fraction, Fraction, Fraction], Field(strict=False), AfterValidator(_ascending)] = (
        Decimal("0.05"),
        Decimal("0.10"),
        Decimal("0.15"),
    )
    drawdown_release: Fraction = Decimal("0.01")
    restricted: Texts = ()
    wash_window: Duration = timedelta(seconds=60)
    wash_fraction: Fraction = Decimal("0.001")
    anomaly_move: Annotated[Number, Field(gt=0)] = Decimal(8)
    anomaly_volume: Annotated[Number, Field(gt=0)] = Decimal(30)
    anomaly_spread: Fraction = Decimal("0.02")
    anomaly_pause: Duration = timedelta(hours=1)

    @model_validator(mode="after")
    def _release_is_below_the_first_step(self) -> Self:
        if self.drawdown_release >= self.drawdown_steps[0]:
            cure = f"make it smaller than the first of drawdown_steps, {self.drawdown_steps[0]}"
            raise _wrong(f"{self.drawdown_release} would never leave a step", "drawdown_release", cure=cure)
        return self


class TradingSettings(_Section):
    """`[trading]`: how the trading desk judges, within its limits.

    Attributes:
        risk_tolerance: How much risk the company likes, `cautious`, `moderate` or `bold`: it decides how much each
            temperament of the ensemble counts; "moderate".
    """

    risk_tolerance: Literal["cautious", "moderate", "bold"] = "moderate"


class DepartmentBudget(_Section):
    """`[budget.departments.NAME]`: what the roles of one department may spend together.

    Attributes:
        run_usd: Dollars of one run; no limit of its own when left out.
        day_usd: Dollars of one day; no limit of its own when left out.
        month_usd: Dollars of one month; no limit of its own when left out.
        run_calls: Model and tool calls of one run; no limit of its own when left out.
        run_tokens: Tokens of one run; no limit of its own when left out.
        run_seconds: Wall seconds of one run; no limit of its own when left out.
    """

    run_usd: Money | None = None
    day_usd: Money | None = None
    month_usd: Money | None = None
    run_calls: Count | None = None
    run_tokens: Count | None = None
    run_seconds: Count | None = None


class BudgetSettings(_Section):
    """`[budget]`: what may be spent; a trip ends the run with a partial answer and the reason.

    The limits of one call stand above what a run may take unless somebody raises the run's: the tokens are as many, and
    the dollars pay for so many at $12.50 a million.

    Attributes:
        run_usd: Dollars of one run; 1.
        day_usd: Dollars of one day; 10.
        month_usd: Dollars of one month; 100.
        run_calls: Model and tool calls of one run; 400.
        run_tokens: Tokens of one run; 400000.
        run_seconds: Wall seconds of one run; 600.
        role_calls: Model and tool calls of one role in one run; 60.
        call_usd: Dollars of one model call at worst; 5.
        call_tokens: Tokens of one model call at worst, prompt and longest answer; 400000.
        departments: What a department may spend, by its name; {}.
    """

    run_usd: Money = Decimal(1)
    day_usd: Money = Decimal(10)
    month_usd: Money = Decimal(100)
    run_calls: Count = 400
    run_tokens: Count = 400_000
    run_seconds: Count = 600
    role_calls: Count = 60
    call_usd: Money = Decimal(5)
    call_tokens: Count = 400_000
    departments: dict[str, DepartmentBudget] = {}


class Quorum(_Section):
    """`[[approvals.quorums]]`: calls that more than one person has to approve.

    Attributes:
        tools: Tools it is about.
        above: Only calls worth more than this, in the quote currency, or of unknown worth; all of them when left out.
        people: How many different people have to say yes; 2.
    """

    tools: Annotated[Texts, Field(min_length=1)]
    above: Money | None = None
    people: Annotated[int, Field(ge=2)] = 2


class ApprovalSettings(_Section):
    """`[approvals]`: what waits for a person.

    Attributes:
        expires: Time after which an unanswered request counts as refused; "24h".
        escalate_after: Time after which an unanswered request is passed on; "6h". What expires sooner is not passed on.
        escalate_to: Names of the people it is passed on to; [] names nobody in particular.
        per_hour: Most requests in an hour, those of one bundle counted once; 12. What comes on top is denied.
        quorums: Calls that more than one person has to approve, none by default.
    """

    expires: Duration = timedelta(hours=24)
    escalate_after: Duration = timedelta(hours=6)
    escalate_to: Texts = ()
    per_hour: Count = 12
    quorums: Annotated[tuple[Quorum, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _escalates_in_time(self) -> Self:
        if "escalate_after" in self.model_fields_set and self.escalate_after >= self.expires:
            cure = "make it shorter than approvals.expires, or leave it out"
            raise _wrong("nobody could be told before the request expires", "escalate_after", cure=cure)
        return self


class ProgressSettings(_Section):
    """`[progress]`: when a role that goes in circles is held until a person lets it go on.

    Attributes:
        repeats: How often the same call may have the same answer after the first time, with nothing new in between; 5.
        share: Part of the run's dollars or tokens that a role may use since it last brought something new; 0.5.
        hour_usd: Dollars that models may take in any hour, of all roles together; 0 sets no limit.
    """

    repeats: Annotated[int, Field(ge=2)] = 5
    share: Fraction = Decimal("0.5")
    hour_usd: Money = Decimal(0)


class RetentionSettings(_Section):
    """`[retention]`: how long records are kept.

    Attributes:
        checkpoints_runs: Finished runs whose last checkpoint is kept; 20.
        recordings_runs: Newest runs whose recording is kept, so that they can be replayed; 200.
    """

    checkpoints_runs: Annotated[int, Field(ge=0)] = 20
    recordings_runs: Annotated[int, Field(ge=0)] = 200


class MemoryRetentionSettings(_Section):
    """`[memory.retention]`: when memories that nobody needs any more are archived, and later removed.

    Attributes:
        episodic: Time after which an episode is archived that was not remembered again, pinned or cited; 180d.
        semantic: Time after which a superseded fact is archived; 365d.
        quota: Memories in use that a role keeps at most; 50000.
    """

    episodic: Duration = timedelta(days=180)
    semantic: Duration = timedelta(days=365)
    quota: Annotated[int, Field(ge=1)] = 50_000


class MemorySettings(_Section):
    """`[memory]`: what roles remember from earlier runs.

    Attributes:
        enabled: Roles recall and keep memories; true.
        recall: Memories that a role is given at the start of its work; 5.
        reflection: Who says what is worth keeping: `rules`, which cost nothing, or also the role's `model`, whose
            proposals wait for a person; "rules".
        embedder: What finds memories by meaning: `minilm` on this machine, `PROVIDER/MODEL`, or `none`; "minilm".
        chroma: Address of a Chroma server for the vectors, https or http on loopback; "" keeps them in this process.
        retention: When memories that nobody needs any more are archived, and later removed.
    """

    enabled: bool = True
    recall: Annotated[int, Field(ge=0)] = 5
    reflection: Literal["rules", "model"] = "rules"
    embedder: Text = "minilm"
    chroma: str = ""

    @property
    def remote(self) -> tuple[str, str] | None:
        """Provider and model of an embedder that is asked over the network; None for one on this machine."""
        provider, _, model = self.embedder.partition("/")
        return None if self.embedder in _EMBEDDERS else (provider, model)

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.remote is not None and not all(self.remote):
            cure = "write 'minilm', 'none' or 'PROVIDER/MODEL', such as 'openai/text-embedding-3-small'"
            raise _wrong(f"{self.embedder!r} is no embedder", "embedder", cure=cure)
        if self.chroma and not (self.chroma.startswith("https://") or _is_loopback(self.chroma)):
            cure = "memories go there in plain: write https://, or http:// with an address of this machine"
            raise _wrong(f"{self.chroma!r} is not safe", "chroma", cure=cure)
        return self

    retention: MemoryRetentionSettings = MemoryRetentionSettings()


class WebhookSettings(_Section):
    """`[[webhooks]]`: where the company reports what happened, signed.

    Attributes:
        url: Address that events are posted to; https, or http on loopback.
        events: Event types sent there, such as `approval.asked` and `trade.filled`; all of them when left out.
        secret: Name of the secret that signs the posts, see `company key set`; required.
    """

    url: Text
    events: Texts = ()
    secret: Text


class NotifierSettings(_Section):
    """`[notifiers.NAME]`: who tells people what they should know, while a server runs.

    Attributes:
        kind: `command`: a program on this machine; or a kind that a confirmed package brings.
        events: What it tells, such as `approval.asked` and `run.failed`; [] tells all of it.
        secrets: Names of the secrets it is given, kept as `notifier:NAME:SECRET`; [].
        timeout: Longest time that telling one notice takes, a minute at most; "10s".
        options: Its own settings, passed on as they are; no place for secrets; {}.
    """

    kind: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$", examples=list(NOTIFIER_KINDS))]
    events: Annotated[tuple[NoticeKind, ...], Field(strict=False)] = ()
    secrets: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")], ...], Field(strict=False)] = ()
    timeout: Annotated[Duration, Field(le=timedelta(minutes=1))] = timedelta(seconds=10)
    options: dict[str, Any] = {}

    def stored(self, name: str) -> tuple[str, ...]:
        """Return the names in the secret store of its secrets, of the notifier `name`."""
        return tuple(f"notifier:{name}:{secret}" for secret in self.secrets)


class ServerSettings(_Section):
    """`[server]`: who reaches the HTTP doors, and how often they may ask.

    Attributes:
        names: Further host names the server answers to, besides those of loopback; none.
        proxy: Address that people use when a proxy ends TLS before this server, such as `https://company.example`; "".
        trusted_proxies: Addresses of proxies whose `X-Forwarded-For` counts; none.
        tls_certificate: File of the certificate chain, PEM; "" for plain HTTP.
        tls_key: File of its private key, PEM; "".
        reads_per_minute: GET requests of one session or token in a minute; 6000.
        commands_per_minute: Other requests of one session or token in a minute; 120.
        logins_per_minute: Attempts to log in, and wrong tokens, from one address in a minute; 10.
        body_bytes: Most bytes of a request's body; 1048576.
    """

    names: Texts = ()
    proxy: str = ""
    trusted_proxies: Texts = ()
    tls_certificate: str = ""
    tls_key: str = ""
    reads_per_minute: Count = 6000
    commands_per_minute: Count = 120
    logins_per_minute: Count = 10
    body_bytes: Count = 1_048_576


class McpToolSettings(_Section):
    """`[mcp.NAME.tools.TOOL]`: one tool of a server, as the person judges it; the server does not judge itself.

    Attributes:
        effect: What a call changes: `read`, `write` or `irreversible`; "write".
        trust: `untrusted` when strangers can write what it returns; "untrusted".
        ask: A person is asked before each call that no mandate covers; true, of a `read` false.
        timeout: Longest time of one call, an hour at most; "20s".
    """

    effect: Literal["read", "write", "irreversible"] = "write"
    trust: Literal["trusted", "untrusted"] = "untrusted"
    ask: bool = True
    timeout: Annotated[Duration, Field(le=timedelta(hours=1))] = timedelta(seconds=20)

    @model_validator(mode="before")
    @classmethod
    def _a_read_need_not_ask(cls, data: Any) -> Any:
        return {"ask": False, **data} if isinstance(data, dict) and data.get("effect") == "read" else data


class McpSettings(_Section):
    """`[mcp.NAME]`: an MCP server whose tools roles may be granted; used once a person confirmed it.

    Attributes:
        command: Program and arguments of a server that is started here and spoken to over its standard input; none.
        url: Address of a server that is reached over HTTP, https or on this machine; "".
        environment: Variables that a started server is given, each with the name of a secret, `mcp:NAME:KEY`; {}.
        folder: Where a started server works, seen from the company's directory; a folder of its own when left out.
        token: Name of the secret that is sent as bearer token to a `url`, `mcp:NAME:KEY`; "".
        headers: Further headers sent to a `url`, each with the name of a secret, `mcp:NAME:KEY`; {}.
        timeout: Longest time until a server is connected and has told its tools; "10s".
        tools: Tools that are used, by the server's own names; no other is; {}.
    """

    command: Texts = ()
    url: str = ""
    environment: dict[str, Text] = {}
    folder: str = ""
    token: str = ""
    headers: dict[str, Text] = {}
    timeout: Annotated[Duration, Field(le=timedelta(minutes=5))] = timedelta(seconds=10)
    tools: dict[str, McpToolSettings] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names in the secret store of what it is given."""
        return tuple(filter(None, [*self.environment.values(), self.token, *self.headers.values()]))

    @model_validator(mode="after")
    def _is_started_or_reached(self) -> Self:
        if bool(self.command) == bool(self.url):
            what = "both a command and a url" if self.url else "neither a command nor a url"
            cure = 'write command = ["program", "argument"] for one that is started here, or url = "https://..."'
            raise _wrong(what, cure=cure)
        if self.url and not (_is_https(self.url) or (_is_loopback(self.url) and "@" not in self.url)):
            cure = "use https; plain http is for servers on this machine, without a name or password in the address"
            raise _wrong(f"{self.url!r} is no address that is safe to speak to", "url", cure=cure)
        wrong = ("environment", "folder") if self.url else ("token", "headers")
        for field in wrong:
            if getattr(self, field):
                kind, other = ("url", "command") if self.url else ("command", "url")
                raise _wrong(f"is for a server with a {other}", field, cure=f"leave it out, this one has a {kind}")
        for name in self.environment:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise _wrong("is no name of a variable", "environment", name, cure="write it as API_KEY")
        for name in self.headers:
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or re.match(_OWN_HEADERS, name.lower()):
                cure = "name one of the server's own, such as X-Api-Key; for a bearer token write `token =`"
                raise _wrong("is no header that can be set", "headers", name, cure=cure)
        return self


class TelemetrySettings(_Section):
    """`[telemetry]`: spans of runs, model calls and tool calls for your own collector; off by default.

    Attributes:
        otlp: Address of an OpenTelemetry collector, such as "http://127.0.0.1:4317"; nothing is sent when left out.
    """

    otlp: str = ""


class Mandate(_Section):
    """`[[mandates]]`: standing permission a person gives, with limits; inside it an effect needs no approval.

    Attributes:
        id: Name of the mandate, unique in the file.
        tools: Tools it covers.
        roles: Roles it covers; [] covers every role that was granted the tool.
        symbols: Symbols it covers; [] covers all.
        recipients: Channels and addresses it covers; [] covers all.
        max_notional: Largest notional of one call, in the quote currency; no limit when left out.
        max_notional_day: Largest notional of one day; no limit when left out.
        max_calls_day: Most calls of one day; no limit when left out.
        expires: Date-time with offset after which it ends; never when left out.
        note: Why it was given; "".
    """

    id: Text
    tools: Annotated[Texts, Field(min_length=1)]
    roles: Texts = ()
    symbols: Texts = ()
    recipients: Texts = ()
    max_notional: Annotated[Number, Field(gt=0)] | None = None
    max_notional_day: Annotated[Number, Field(gt=0)] | None = None
    max_calls_day: Count | None = None
    expires: AwareDatetime | None = None
    note: str = ""

    def has_ended(self, now: datetime) -> bool:
        """Tell whether it is over at `now`, in company time."""
        return self.expires is not None and now >= self.expires


class Settings(_Section):
    """Everything `company.toml` can say.

    Attributes:
        company: Who the company is.
        run: How a run goes.
        models: The model behind each tier.
        providers: Where models answer, by name.
        world: The adapter behind each port.
        venues: Exchange accounts beyond this process, by name.
        data: Whom the company asks for market data.
        limits: What the risk engine holds every order to.
        trading: How the trading desk judges, within its limits.
        budget: What may be spent.
        approvals: What waits for a person.
        retention: How long records are kept.
        memory: What roles remember.
        telemetry: Where spans are sent.
        server: Who reaches the HTTP doors.
        mcp: MCP servers whose tools roles may be granted, by name.
        mandates: Standing permissions, none by default.
        webhooks: Where events are posted, nowhere by default.
        notifiers: Who tells people what they should know, by name; nobody by default.
    """

    company: CompanySettings = CompanySettings()
    run: RunSettings = RunSettings()
    models: ModelSettings = ModelSettings()
    providers: dict[str, ProviderSettings] = {}
    world: WorldSettings = WorldSettings()
    venues: dict[str, VenueSettings] = {}
    data: DataSettings = DataSettings()
    limits: LimitSettings = LimitSettings()
    trading: TradingSettings = TradingSettings()
    budget: BudgetSettings = BudgetSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    progress: ProgressSettings = ProgressSettings()
    retention: RetentionSettings = RetentionSettings()
    memory: MemorySettings = MemorySettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    server: ServerSettings = ServerSettings()
    mcp: dict[str, McpSettings] = {}
    mandates: Annotated[tuple[Mandate, ...], Field(strict=False)] = ()
    webhooks: Annotated[tuple[WebhookSettings, ...], Field(strict=False)] = ()
    notifiers: dict[str, NotifierSettings] = {}

    @model_validator(mode="before")
    @classmethod
    def _complete_providers(cls, data: Any) -> Any:
        """Add the three well-known providers, and to each named one what follows from its name."""
        named = data.get("providers", {}) if isinstance(data, dict) else None
        if not isinstance(named, dict) or not all(isinstance(section, dict) for section in named.values()):
            return data
        names = {**dict.fromkeys(MODEL_KINDS), **named}
        return {**data, "providers": {name: _completed(name, named.get(name, {})) for name in names}}

    @model_validator(mode="before")
    @classmethod
    def _complete_venues(cls, data: Any) -> Any:
        """Add to each venue what follows from its name."""
        named = data.get("venues") if isinstance(data, dict) else None
        if not isinstance(named, dict) or not all(isinstance(section, dict) for section in named.values()):
            return data
        return {**data, "venues": {name: _located(name, section) for name, section in named.items()}}

    @model_validator(mode="after")
    def _embedder_is_there(self) -> Self:
        provider = self.memory.remote[0] if self.memory.remote else ""
        able = {name for name, section in self.providers.items() if section.kind in _EMBEDDING_KINDS}
        if provider and provider not in able:
            what = "offers no embeddings" if provider in self.providers else "is no provider"
            cure = f"{suggest(provider, able - {provider})} (a new one needs a section [providers.{_quoted(provider)}])"
            raise _wrong(f"{provider!r} {what}", "memory", "embedder", cure=cure)
        return self

    @model_validator(mode="after")
    def _venues_are_there(self) -> Self:
        for name in self.venues:
            if not re.fullmatch(r"[A-Za-z0-9-]{1,32}", name) or name in _PAPER_NAMES:
                cure = "choose another of letters, digits and dashes; the paper world's own names are taken"
                raise _wrong("no venue can have this name", "venues", name, cure=cure)
        known = {PAPER, *self.venues}
        for name in self.world.venues:
            if name not in known:
                cure = f"{suggest(name, known)} (a new one needs a section [venues.{_quoted(name)}])"
                raise _wrong(f"there is no venue {name!r}", "world", "venues", cure=cure)
        if len(set(self.world.venues)) < len(self.world.venues):
            raise _wrong("a venue is named twice", "world", "venues", cure="name it once")
        return self

    @model_validator(mode="after")
    def _venues_go_together(self) -> Self:
        used = {name: self.venues[name] for name in self.world.venues if name != PAPER}
        real = [name for name, venue in used.items() if venue.is_real]
        if real and len(real) < len(self.world.venues):
            cure = "name real ones only, or none: limits are parts of the equity of all venues together"
            raise _wrong(f"{real[0]!r} has real money and another venue has not", "world", "venues", cure=cure)
        outside = [name for name, venue in used.items() if venue.kind != "paper-http"]
        if outside and self.world.clock != "wall":
            cure = "write clock = 'wall'"
            raise _wrong(f"{outside[0]!r} goes by the time of day", "world", "clock", cure=cure)
        for name, venue in used.items():
            for symbol in venue.symbols:
                if not symbol.endswith(f"/{self.company.quote}"):
                    cure = f"name symbols that are paid in {self.company.quote}, or set company.quote"
                    raise _wrong(f"{symbol!r} could never be traded", "venues", name, "symbols", cure=cure)
        return self

    @model_validator(mode="after")
    def _models_have_providers(self) -> Self:
        for place, name in self._named_models():
            if (provider := name.partition(":")[0]) not in self.providers:
                new = f"(a new one needs a section [providers.{_quoted(provider)}])"
                cure = f"{suggest(provider, self.providers)} {new}"
                raise _wrong(f"{name!r} names a provider {provider!r} that is not there", *place, cure=cure)
        return self

    @model_validator(mode="after")
    def _servers_are_named_and_given_their_own(self) -> Self:
        for name, server in self.mcp.items():
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
                cure = "choose another of small letters, digits and dashes: its tools are called NAME_TOOL"
                raise _wrong("no server can have this name", "mcp", name, cure=cure)
            for secret in server.secrets:
                if not re.fullmatch(rf"mcp:{name}:[a-z0-9-]{{1,40}}", secret):
                    what = f"{secret!r} is the name of no secret of this server"
                    cure = f"name it mcp:{name}:KEY, then: company key set mcp:{name}:KEY"
                    raise _wrong(what, "mcp", name, cure=cure)
        return self

    @model_validator(mode="after")
    def _notifiers_have_names(self) -> Self:
        for name in self.notifiers:
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
                cure = "choose another of small letters, digits and dashes"
                raise _wrong("no notifier can have this name", "notifiers", name, cure=cure)
        return self

    @model_validator(mode="after")
    def _mandate_ids_differ(self) -> Self:
        ids = [mandate.id for mandate in self.mandates]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise _wrong(f"two mandates have the id {twice[0]!r}", cure="give one of them another id")
        return self

    def _named_models(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every model of a provider that the settings name, and where."""
        models = self.models
        for tier, chain in {"fast": models.fast, "smart": models.smart, "deep": models.deep}.items():
            yield from ((("models", tier), name) for name in chain if name != "autopilot")
        for role, chain in models.roles.items():
            yield from ((("models", "roles", role), name) for name in chain if name != "autopilot")
        yield from ((("models", "facts", name), name) for name in models.facts)


def load_settings(file: Path | None) -> Settings:
    """Read `company.toml`; None gives the defaults.

    Raises:
        UsageError: The file cannot be read, is not TOML, or holds an unknown key or a value that is not allowed; the
            error names the file, the line and the dotted field.
    """
    if file is None:
        return Settings()
    text = _text_of(file)
    return _checked(_read(text, file), file, text)


def load_hires(file: Path | None) -> tuple[str, ...]:
    """Read only `company.hires` of a `company.toml`, whose other sections may be wrong; None gives none.

    Raises:
        UsageError: The file cannot be read, is not TOML, or its section `[company]` is wrong.
    """
    if file is None:
        return ()
    text = _text_of(file)
    said = _read(text, file)
    return _checked({name: said[name] for name in ("company",) if name in said}, file, text).company.hires


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), cure="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(file), cure="save it as UTF-8") from error


def _read(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}", where=str(file), cure="correct that line") from error


def _checked(said: dict[str, Any], file: Path, text: str) -> Settings:
    try:
        return Settings.model_validate(said)
    except ValidationError as error:
        raise _explain(error, file, text) from error


def _explain(error: ValidationError, file: Path, text: str) -> UsageError:
    """Turn the first problem into a sentence."""
    place, what, cure = problem_of(error)
    line = _line_of(text, place)
    return UsageError(what, where=f"{file}:{line}" if line else f"{file}", cure=cure)


def problem_of(error: ValidationError) -> tuple[Place, str, str]:
    """Return where settings are wrong, what is wrong and the cure.

    An unknown key goes first, for it often explains the others.

    Args:
        error: What checking `Settings` raised.
    """
    problem = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    wrong = problem.get("ctx", {}) if problem["type"] == "wrong" else {}
    place = (*problem["loc"], *wrong.get("place", ()))
    return place, *_what_and_cure(problem, place, _dotted(place))


def _what_and_cure(problem: ErrorDetails, place: Place, name: str) -> tuple[str, str]:
    if problem["type"] == "wrong":
        wrong = problem["ctx"]
        return f"{name}: {wrong['what']}" if name else wrong["what"], wrong["cure"]
    if problem["type"] == "extra_forbidden":
        return f"unknown setting {name!r}", suggest(str(place[-1]), _section_of(place).model_fields)
    if problem["type"] == "missing":
        return f"{name} is missing", _addition(place)
    expected = _EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    shown = str(value) if isinstance(value, Decimal) else reprlib.repr(value)
    cure = f"write it as [[{name}]]" if name in _LISTS else "correct the value; docs/configuration.md says what fits"
    return f"{name} = {shown}: {expected.replace('Input should be', 'must be')}", cure


def _addition(place: Place) -> str:
    """Say what to add where something is missing, with the values that are allowed when they are few."""
    if isinstance(place[-1], int):
        return "add it to the list"
    field = _section_of(place).model_fields[place[-1]]
    known = get_args(field.annotation) if get_origin(field.annotation) is Literal else field.examples or ()
    one_of = f", one of {', '.join(map(json.dumps, known))}" if known else ""
    return f"add `{place[-1]} = ...`{one_of}"


def _dotted(place: Place) -> str:
    """Write a place as TOML does; places in lists count from 0."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{_quoted(part)}" for part in place).removeprefix(".")


def _quoted(part: str) -> str:
    return part if re.fullmatch(r"[\w-]+", part, re.ASCII) else json.dumps(part, ensure_ascii=False)


def _section_of(place: Place) -> type[BaseModel]:
    """Return the model of the section that the last part of `place` stands in."""
    section: type[BaseModel] = Settings
    for part in place[:-1]:
        field = section.model_fields.get(str(part))
        if field is None:  # a name a person chose, or a place in a list
            continue
        inner = [field.annotation, *get_args(field.annotation)]
        section = next((kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)), section)
    return section


def _line_of(text: str, place: Place) -> int:
    """Find the line of a setting, else of the section around it; 0 when neither is written."""
    found, deepest, header, tables = 0, 0, Place(()), Counter[Place]()
    for number, line in enumerate(text.splitlines(), 1):
        if opened := re.match(r"\s*(\[\[?)([^\[\]]+)\]", line):
            header = _keys(opened[2])
            if opened[1] == "[[":
                tables[header] += 1
                header = (*header, tables[header] - 1)
            path = header
        elif written := re.match(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=", line):
            path = (*header, *_keys(written[1]))
        else:
            continue
        if deepest < len(path) and path == tuple(place[: len(path)]):
            found, deepest = number, len(path)
    return found


def _keys(dotted: str) -> Place:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))
