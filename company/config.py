"""Settings of a company: `company.toml`, read once and frozen.

Every setting has a default here and a line in docs/configuration.md; an empty file, or none, is a valid company. A key
that is not known is an error, never ignored: a misspelt limit that silently keeps its default would be a limit that is
not there. Fractions and money are read from the file as exact `Decimal`, so 0.05 means five hundredths.

Nothing is read from the environment: the command line and the server do that and pass values on.
"""

import difflib
import re
import reprlib
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self, cast

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

from company.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_EXPECTED = {  # pydantic's words for these speak of Python, not of TOML
    "is_instance_of": "must be a number",
    "model_type": "must be a section",
    "time_delta_type": "must be a length of time: 90s, 5m, 1h or 2d",
    "timezone_aware": "must name its offset, as in 2030-01-31T12:00:00Z",
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


def _known_model(name: str) -> str:
    if name != "autopilot":
        raise ValueError("model providers are not part of this version, only 'autopilot' is")
    return name


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
ModelName = Annotated[str, AfterValidator(_known_model)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CompanySettings(_Section):
    """`[company]`: who the company is.

    Attributes:
        name: What the company calls itself; "The AI company".
        quote: Currency that money is counted in; "USDT".
    """

    name: Text = "The AI company"
    quote: Text = "USDT"


class RunSettings(_Section):
    """`[run]`: how a run goes.

    Attributes:
        seed: Seed of the paper world and of every random choice, from 0; 7.
        step: Virtual time that passes between two cycles; "1h".
        review_rounds: How often the CEO may send work back in one run; 1.
        max_parallel: Roles that work at the same time; 6.
    """

    seed: Annotated[int, Field(ge=0)] = 7
    step: Duration = timedelta(hours=1)
    review_rounds: Annotated[int, Field(ge=0)] = 1
    max_parallel: Count = 6


class ModelSettings(_Section):
    """`[models]`: the model behind each tier that roles name.

    Attributes:
        fast: Model of the tier `fast`; "autopilot".
        smart: Model of the tier `smart`; "autopilot".
        deep: Model of the tier `deep`; "autopilot".
    """

    fast: ModelName = "autopilot"
    smart: ModelName = "autopilot"
    deep: ModelName = "autopilot"


class WorldSettings(_Section):
    """`[world]`: which adapter stands behind each port.

    Attributes:
        venues: Exchanges; "paper".
        news: News feed; "paper".
        traffic: Web traffic; "paper".
        outbox: Social channels; "paper".
        clock: Company time, `virtual` (moves by `run.step`) or `wall`; "virtual".
    """

    venues: Literal["paper"] = "paper"
    news: Literal["paper"] = "paper"
    traffic: Literal["paper"] = "paper"
    outbox: Literal["paper"] = "paper"
    clock: Literal["virtual", "wall"] = "virtual"


class LimitSettings(_Section):
    """`[limits]`: what the risk engine holds every order to, as fractions of equity.

    Attributes:
        max_trade_fraction: Largest notional of one order; 0.05.
        max_position_fraction: Largest position in one asset; 0.10.
        max_gross_fraction: Largest sum of all positions; 0.6.
        min_conviction: Least conviction, 0 to 1, that an order needs; 0.60.
        daily_loss_fraction: Loss of one day after which nothing new is opened; 0.03.
        drawdown_steps: Falls from the peak at which sizes are halved, nothing new is opened, only exits are allowed;
            [0.05, 0.10, 0.15].
    """

    max_trade_fraction: Fraction = Decimal("0.05")
    max_position_fraction: Fraction = Decimal("0.10")
    max_gross_fraction: Fraction = Decimal("0.6")
    min_conviction: Annotated[Number, Field(ge=0, le=1)] = Decimal("0.60")
    daily_loss_fraction: Fraction = Decimal("0.03")
    drawdown_steps: Annotated[tuple[Fraction, Fraction, Fraction], Field(strict=False), AfterValidator(_ascending)] = (
        Decimal("0.05"),
        Decimal("0.10"),
        Decimal("0.15"),
    )


class BudgetSettings(_Section):
    """`[budget]`: what may be spent; a trip ends the run with a partial answer and the reason.

    Attributes:
        run_usd: Dollars of one run; 1.
        day_usd: Dollars of one day; 10.
        month_usd: Dollars of one month; 100.
        run_calls: Model and tool calls of one run; 400.
        run_tokens: Tokens of one run; 400000.
        run_seconds: Wall seconds of one run; 600.
        role_calls: Model and tool calls of one role in one run; 60.
    """

    run_usd: Money = Decimal(1)
    day_usd: Money = Decimal(10)
    month_usd: Money = Decimal(100)
    run_calls: Count = 400
    run_tokens: Count = 400_000
    run_seconds: Count = 600
    role_calls: Count = 60


class ApprovalSettings(_Section):
    """`[approvals]`: what waits for a person.

    Attributes:
        expires: Time after which an unanswered request counts as refused; "24h".
    """

    expires: Duration = timedelta(hours=24)


class RetentionSettings(_Section):
    """`[retention]`: how long records are kept.

    Attributes:
        checkpoints_runs: Finished runs whose last checkpoint is kept; 20.
    """

    checkpoints_runs: Annotated[int, Field(ge=0)] = 20


class MemorySettings(_Section):
    """`[memory]`: what roles remember from earlier runs.

    Attributes:
        enabled: Roles recall and keep memories; true.
        recall: Memories that a role is given at the start of its work; 5.
    """

    enabled: bool = True
    recall: Annotated[int, Field(ge=0)] = 5


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


class Settings(_Section):
    """Everything `company.toml` can say.

    Attributes:
        company: Who the company is.
        run: How a run goes.
        models: The model behind each tier.
        world: The adapter behind each port.
        limits: What the risk engine holds every order to.
        budget: What may be spent.
        approvals: What waits for a person.
        retention: How long records are kept.
        memory: What roles remember.
        mandates: Standing permissions, none by default.
    """

    company: CompanySettings = CompanySettings()
    run: RunSettings = RunSettings()
    models: ModelSettings = ModelSettings()
    world: WorldSettings = WorldSettings()
    limits: LimitSettings = LimitSettings()
    budget: BudgetSettings = BudgetSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    retention: RetentionSettings = RetentionSettings()
    memory: MemorySettings = MemorySettings()
    mandates: Annotated[tuple[Mandate, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _mandate_ids_differ(self) -> Self:
        ids = [mandate.id for mandate in self.mandates]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"two mandates have the id {twice[0]!r}")
        return self


def load_settings(file: Path | None) -> Settings:
    """Read `company.toml`; None gives the defaults.

    Raises:
        UsageError: The file cannot be read, is not TOML, or holds an unknown key or a value that is not allowed; the
            error names the file, the line and the dotted field.
    """
    if file is None:
        return Settings()
    try:
        text = file.read_text("utf-8")
        return Settings.model_validate(tomllib.loads(text, parse_float=Decimal))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), cure="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(file), cure="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}", where=str(file), cure="correct that line") from error
    except ValidationError as error:
        raise _explain(error, file, text) from error


def _explain(error: ValidationError, file: Path, text: str) -> UsageError:
    """Turn the first problem into a sentence; an unknown key goes first, for it often explains the others."""
    problem = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    place, name = problem["loc"], _dotted(problem["loc"])
    line = _line_of(text, place)
    where = f"{file}:{line}" if line else f"{file}"
    if problem["type"] == "extra_forbidden":
        return UsageError(f"unknown setting {name!r}", where=where, cure=suggest(str(place[-1]), _keys_beside(place)))
    if problem["type"] == "missing":
        return UsageError(f"{name} is missing", where=where, cure=f"add `{place[-1]} = ...`")
    if not place:
        return UsageError(problem["msg"].removeprefix("Value error, "), where=where, cure="rename one of them")
    expected = _EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    shown = str(value) if isinstance(value, Decimal) else reprlib.repr(value)
    cure = (
        "write it as [[mandates]]" if name == "mandates" else "correct the value; docs/configuration.md says what fits"
    )
    return UsageError(f"{name} = {shown}: {expected.replace('Input should be', 'must be')}", where=where, cure=cure)


def _dotted(place: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _keys_beside(place: tuple[int | str, ...]) -> Iterable[str]:
    if len(place) == 1:
        return Settings.model_fields
    if place[0] == "mandates":
        return Mandate.model_fields
    return cast("type[_Section]", Settings.model_fields[str(place[0])].annotation).model_fields


def _line_of(text: str, place: tuple[int | str, ...]) -> int:
    """Find the line of a setting, else of its section; 0 when neither is written as plain `[section]` and `key =`."""
    section = str(place[0]) if place else ""
    nth = place[1] if len(place) > 1 and isinstance(place[1], int) else 0
    key = next((part for part in place[1:] if isinstance(part, str)), "")
    found, current, seen = 0, "", Counter[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([\w-]+)\s*\]", line):
            current = header[1]
            seen[current] += 1
        written = re.match(r"\s*([\w-]+)\s*=", line)
        inside = current == section and seen[current] == nth + 1
        if written and written[1] == (key if inside else section if not current else None):
            return number
        if inside and not found:
            found = number
    return found
