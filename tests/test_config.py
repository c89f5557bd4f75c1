"""The settings file: defaults, exactness, errors a person can act on, and a complete reference."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from company.config import (
    DataProviderSettings,
    Mandate,
    McpSettings,
    McpToolSettings,
    ModelFacts,
    NotifierSettings,
    ProviderSettings,
    Settings,
    VenueSettings,
    load_hires,
    load_settings,
    parse_duration,
    suggest,
)
from company.errors import UsageError

ROOT = Path(__file__).parents[1]
NAMED = {
    "providers": "NAME",
    "venues": "NAME",
    "departments": "NAME",
    "roles": "ROLE",
    "facts": '"NAME:MODEL"',
    "mcp": "NAME",
    "notifiers": "NAME",
    "tools": "TOOL",
}
"""Sections whose keys a person chooses, and what stands for such a key in the reference."""


def models_within(annotation: object) -> list[type[BaseModel]]:
    """The sections an annotation speaks of: itself, the values of a dictionary, the items of a list."""
    inner = [annotation, *get_args(annotation)]
    return [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]


def every_setting(section: type[BaseModel] = Settings, above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """All settings there are, as the reference writes them, in the order of the models."""
    for key, field in section.model_fields.items():
        name = (
            f"{above}{key}.{NAMED[key]}" if get_origin(field.annotation) is dict and key in NAMED else f"{above}{key}"
        )
        inner = models_within(field.annotation)
        yield from every_setting(inner[0], f"{name}.") if inner else [(name, field)]


def every_section(section: type[BaseModel] = Settings) -> Iterator[type[BaseModel]]:
    for field in section.model_fields.values():
        for inner in models_within(field.annotation):
            yield from (inner, *every_section(inner))


VENUE = ["kind = 'ccxt'", "symbols = ['BTC/USDT']"]
SERVER = ["command = ['x']"]
NOTIFIER = ["kind = 'command'"]
LISTS = frozenset({"approvals.quorums", "mandates", "webhooks"})

SETTINGS = dict(every_setting())
SECTIONS = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if get_origin(field.annotation) is None and models_within(field.annotation)
}
"""What stands in the file once: no section that a person names, no list."""


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str) -> Path:
        file = tmp_path / "company.toml"
        file.write_text(text, "utf-8")
        return file

    return _write


def test_settings_without_a_file_are_the_defaults(write):
    assert load_settings(None) == Settings() == load_settings(write(""))


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_settings(None).run.seed = 8


def test_fractions_and_money_are_read_exactly(write):
    settings = load_settings(write("[limits]\nmax_trade_fraction = 0.1\n[budget]\nrun_usd = 2\nday_usd = 0.30\n"))
    assert settings.limits.max_trade_fraction == Decimal("0.1")
    assert (settings.budget.run_usd, str(settings.budget.day_usd)) == (Decimal(2), "0.30")


def test_mandate_is_read_with_its_limits(write):
    text = '[[mandates]]\nid = "m"\ntools = ["a"]\nmax_notional = 5\nexpires = 2030-01-31T12:00:00Z\n'
    (mandate,) = load_settings(write(text)).mandates
    expires = datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert mandate == Mandate(id="m", tools=("a",), max_notional=Decimal(5), expires=expires)


def test_a_request_that_expires_before_it_would_be_passed_on_is_no_error(write):
    settings = load_settings(write("[approvals]\nexpires = '5h'\n[[approvals.quorums]]\ntools = ['a']\nabove = 0.1\n"))
    assert settings.approvals.escalate_after > settings.approvals.expires
    (quorum,) = settings.approvals.quorums
    assert (quorum.above, quorum.people) == (Decimal("0.1"), 2)


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("[limits]\nmax_trade_fracton = 0.1\n", 2, ["'limits.max_trade_fracton'", "did you mean 'max_trade_fraction'"]),
        ("\n[limit]\nmin_conviction = 0.1\n", 2, ["'limit'", "did you mean 'limits'"]),
        ("[company]\nzzz = 1\n", 2, ["'company.zzz'", "known here: hires, name, quote"]),
        ("run = 3\n", 1, ["run = 3: must be a section"]),
        ("[run]\n\nseed = '7'\n", 3, ["run.seed = '7': must be a valid integer"]),
        ("[run]\nseed = true\n", 2, ["run.seed = True"]),
        ("[run]\nseed = -1\n", 2, ["run.seed = -1: must be greater than or equal to 0"]),
        ("[run]\nstep = '3w'\n", 2, ["run.step = '3w'", "90s, 5m, 1h or 2d"]),
        (
            "[approvals]\nexpires = '2h'\nescalate_after = '2h'\n",
            3,
            ["approvals.escalate_after: nobody could be told before the request expires", "shorter than"],
        ),
        ("[approvals.quorums]\npeople = 2\n", 1, ["approvals.quorums", "write it as [[approvals.quorums]]"]),
        ("[[approvals.quorums]]\ntools = ['a']\npeople = 1\n", 3, ["approvals.quorums[0].people = 1"]),
        ("[run]\nstep = 60\n", 2, ["run.step = 60: must be a length of time"]),
        (
            "[models]\nfast = 'opus'\n",
            2,
            ["models.fast = 'opus'", "'opus' is neither 'autopilot' nor 'provider:model'"],
        ),
        ("[models]\nfast = ['openai:gpt-5', ':x']\n", 2, ["models.fast", "':x' is neither", "'openai:gpt-5-mini'"]),
        ("[models]\nfast = 'openai:'\n", 2, ["'openai:' is neither"]),
        ("[models]\n\nfast = []\n", 3, ["models.fast = []: must not be empty"]),
        ("[models]\nfast = 7\n", 2, ["models.fast = 7: must be a list"]),
        ("[models]\nfast = ['openai:gpt-5', 7]\n", 2, ["models.fast[1] = 7"]),
        ("[models]\nsmrt = 'openai:gpt-5'\n", 2, ["'models.smrt'", "did you mean 'smart'"]),
        (
            "[models]\nfast = 'autopilot'\ndeep = ['openai:gpt-5', 'opnai:gpt-5']\n",
            3,
            ["models.deep: 'opnai:gpt-5'", "'opnai' that is not there", "did you mean 'openai'?", "[providers.opnai]"],
        ),
        (
            "[models]\nfast = 'tgi:Qwen/Qwen3-8B'\n",
            2,
            ["'tgi' that is not there", "known here: anthropic, ollama, openai", "[providers.tgi]"],
        ),
        ("[company]\nname = 'x'\n[models.roles]\nceo = 'opnai:x'\n", 4, ["models.roles.ceo", "did you mean 'openai'"]),
        ("[models]\nroles.ceo = 'opnai:x'\n", 2, ["models.roles.ceo", "did you mean 'openai'"]),
        ("[models.roles]\nceo = []\n", 2, ["models.roles.ceo = []: must not be empty"]),
        ("[models]\nroles = 'openai:x'\n", 2, ["models.roles = 'openai:x': must be a section"]),
        (
            "[models.facts.'openai:x']\ncontext = 9\npric_in = 1\n",
            3,
            ["'models.facts.\"openai:x\".pric_in'", "did you mean 'price_in'"],
        ),
        ("[models.facts.'openai:x']\nprice_in = 1\n", 1, ['facts."openai:x": price_in and', "add `price_out = ...`"]),
        ("[models.facts.'openai:x']\nprice_out = 1\n", 1, ["price_in and price_out", "add `price_in = ...`"]),
        ("[models.facts.'openai:x']\nprice_in = -1\n", 2, ['models.facts."openai:x".price_in = -1']),
        ("[models.facts.'openai:x']\ncontext = 0\n", 2, ['models.facts."openai:x".context = 0']),
        ("[models.facts.'opnai:x']\ncontext = 9\n", 1, ['models.facts."opnai:x"', "did you mean 'openai'"]),
        ("[models.facts.gpt-5]\ncontext = 9\n", 1, ["models.facts.gpt-5: this is the name of no model"]),
        ("[providers.local]\nbase_url = 'http://x'\n", 1, ["providers.local.kind is missing", '"openai", "anthropic"']),
        ("[providers.local]\nkind = 'open a'\n", 2, ["providers.local.kind = 'open a'", "match pattern"]),
        ("[company]\nhires = ['a', 'b', 'a']\n", 2, ["company.hires: 'a' is hired twice", "name it once"]),
        ("[company]\nhires = 'a'\n", 2, ["company.hires = 'a': must be a list"]),
        (
            "[run]\nseed = 8\n\n[providers.local] # ours\nkind = 'openai'\ntimout = '5m'\n",
            6,
            ["'providers.local.timout'", "did you mean 'timeout'"],
        ),
        ("[providers]\nopenai = {timout = '5m'}\n", 2, ["'providers.openai.timout'", "did you mean 'timeout'"]),
        ("[providers.openai]\ntimeout = '3w'\n", 2, ["providers.openai.timeout = '3w'", "90s, 5m, 1h or 2d"]),
        ("[providers.openai]\nattempts = 0\n", 2, ["providers.openai.attempts = 0"]),
        ("providers = 'openai'\n", 1, ["providers = 'openai': must be a section"]),
        ("[providers]\nopenai = 7\n", 2, ["providers.openai = 7: must be a section"]),
        ("[telemetry]\notpl = 'http://127.0.0.1:4317'\n", 2, ["'telemetry.otpl'", "did you mean 'otlp'"]),
        ("[world]\nclock = 'sun'\n", 2, ["world.clock = 'sun'", "'virtual' or 'wall'"]),
        ("[world]\nvenues = 'papr'\n", 2, ["world.venues: there is no venue 'papr'", "did you mean 'paper'?"]),
        ("[world]\nvenues = []\n", 2, ["world.venues = []: must not be empty"]),
        ("[world]\nvenues = ['paper', 'paper']\n", 2, ["world.venues: a venue is named twice"]),
        ("[venues.x]\nsymbols = []\n", 1, ["venues.x.kind is missing", '"paper-http", "ccxt"']),
        ("[venues.x]\nkind = 'ccxt'\n", 1, ["venues.x.symbols: no symbol is named", "symbols = ['BTC/USDT']"]),
        ("[venues.x]\nkind = 'ccxt'\nurl = 'http://a'\n", 3, ["venues.x.url: ccxt knows the exchange's address"]),
        ("[venues.x]\nkind = 'ccxt'\nsymbol = 'a'\n", 3, ["'venues.x.symbol'", "did you mean 'symbols'?"]),
        (
            "[venues.x]\nkind = 'paper-http'\nurl = 'https://api.binance.com'\n",
            3,
            ["venues.x.url: 'https://api.binance.com' is not an address on this machine", "company exchange serve"],
        ),
        ("[venues.x]\nkind = 'paper-http'\nurl = 'http://127.0.0.1@evil.example'\n", 3, ["is not an address on this"]),
        ("[venues.x]\nkind = 'paper-http'\nurl = 'http://[::1'\n", 3, ["is not an address on this machine"]),
        (
            "[venues.x]\nkind = 'paper-http'\nurl = 'http://127.0.0.1:1'\nsandbox = true\n",
            4,
            ["venues.x.sandbox: our own exchange has no sandbox"],
        ),
        ("[venues.paper-a]\nkind = 'ccxt'\nsymbols = ['BTC/USDT']\n", 1, ["venues.paper-a: no venue can have this"]),
        ("[venues.'a b']\nkind = 'ccxt'\nsymbols = ['BTC/USDT']\n", 1, ['venues."a b": no venue can have this']),
        (
            "[world]\nvenues = 'x'\n[venues.x]\nkind = 'ccxt'\nsymbols = ['BTC/USDT']\n",
            1,
            ["world.clock: 'x' goes by the time of day", "clock = 'wall'"],
        ),
        (
            "[world]\nclock = 'wall'\nvenues = ['paper', 'x']\n[venues.x]\nkind = 'ccxt'\nsymbols = ['BTC/USDT']\n",
            3,
            ["world.venues: 'x' has real money and another venue has not", "real ones only, or none"],
        ),
        (
            "[world]\nclock = 'wall'\nvenues = 'x'\n[venues.x]\nkind = 'ccxt'\nsymbols = ['BTC/EUR']\n",
            6,
            ["venues.x.symbols: 'BTC/EUR' could never be traded", "paid in USDT"],
        ),
        ("[mcp.x]\n", 1, ["mcp.x: neither a command nor a url", 'url = "https://..."']),
        ("[mcp.x]\ncommand = ['a']\nurl = 'https://a'\n", 1, ["mcp.x: both a command and a url"]),
        ("[mcp.x]\nurl = 'http://a.example/mcp'\n", 2, ["mcp.x.url: 'http://a.example/mcp' is no address", "https"]),
        ("[mcp.x]\nurl = 'https://me:pw@a.example'\n", 2, ["mcp.x.url", "without a name or password"]),
        ("[mcp.x]\nurl = 'http://127.0.0.1@a.example'\n", 2, ["mcp.x.url"]),
        ("[mcp.x]\ncommand = ['a']\ntoken = 'mcp:x:y'\n", 3, ["mcp.x.token: is for a server with a url"]),
        ("[mcp.x]\nurl = 'https://a'\nfolder = 'b'\n", 3, ["mcp.x.folder: is for a server with a command"]),
        ("[mcp.x]\nurl = 'https://a'\nheaders = {Host = 'mcp:x:y'}\n", 3, ["mcp.x.headers.Host: is no header that"]),
        ("[mcp.x]\ncommand = ['a']\nenvironment = {'A-B' = 'mcp:x:y'}\n", 3, ["environment.A-B: is no name of a"]),
        ("[mcp.x]\nurl = 'https://a'\ntoken = 'openai'\n", 1, ["'openai' is the name of no secret", "mcp:x:KEY"]),
        ("[mcp.x]\nurl = 'https://a'\ntoken = 'mcp:y:key'\n", 1, ["'mcp:y:key' is the name of no secret of this"]),
        ("[mcp.X_y]\nurl = 'https://a'\n", 1, ["mcp.X_y: no server can have this name", "NAME_TOOL"]),
        ("[mcp.x]\ncommand = ['a']\n[mcp.x.tools.t]\nefect = 'read'\n", 4, ["tools.t.efect'", "did you mean 'effect'"]),
        ("[mcp.x]\ncommand = ['a']\n[mcp.x.tools.t]\ntimeout = '2h'\n", 4, ["mcp.x.tools.t.timeout"]),
        ("[data]\nprices = 'yaho'\n", 2, ["data.prices: there is no provider of market data 'yaho'", "'yahoo'"]),
        ("[data]\nprices = []\n", 2, ["data.prices = []: must not be empty"]),
        ("[data]\nprices = ['paper', 'paper']\n", 2, ["data.prices: a provider is named twice"]),
        ("[data]\ncandles = 'coingecko'\n", 2, ["data.candles: coingecko has no candles with volume"]),
        ("[data]\ncandles = 'files'\n", 2, ["data.candles: the provider files has no folder", "add `files ="]),
        ("[data.providers.yaho]\nattempts = 2\n", 1, ["data.providers.yaho: there is no provider", "'yahoo'"]),
        ("[data.providers.yahoo]\nattempts = 0\n", 2, ["data.providers.yahoo.attempts = 0"]),
        ("[limits]\nmin_conviction = 1.5\n", 2, ["limits.min_conviction = 1.5: must be less than or equal to 1"]),
        ("[limits]\nmin_conviction = nan\n", 2, ["limits.min_conviction = NaN", "finite"]),
        ("[limits]\nmin_conviction = 'much'\n", 2, ["limits.min_conviction = 'much': must be a number"]),
        ("[limits]\ndrawdown_steps = [0.2, 0.1, 0.3]\n", 2, ["limits.drawdown_steps", "must rise"]),
        ("[limits]\ndrawdown_steps = [0.1, 0.2]\n", 2, ["limits.drawdown_steps[2] is missing"]),
        ("[limits]\ndrawdown_steps = [0.1, 0.2, 0.3, 0.4]\n", 2, ["limits.drawdown_steps", "at most 3"]),
        ("[limits]\ndrawdown_steps = [0.1, 0.2, 2]\n", 2, ["limits.drawdown_steps[2] = 2"]),
        ("[budget]\nrun_usd = -1\n", 2, ["budget.run_usd = -1"]),
        ("[webhooks]\nurl = 'a'\n", 1, ["[[webhooks]]"]),
        ("[venues.x]\nkind = 'two words'\n", 2, ["venues.x.kind = 'two words'"]),
        ("[venues.x]\nkind = 'mine'\n", 1, ["venues.x.symbols: no symbol is named"]),
        (
            "[venues.x]\nkind = 'ccxt'\nsymbols = ['BTC/USDT']\noptions = {a = 1}\n",
            4,
            ["venues.x.options: ccxt has no further settings", "leave it out"],
        ),
        (
            "[world]\nvenues = 'x'\n[venues.x]\nkind = 'mine'\nsandbox = true\nsymbols = ['BTC/USDT']\n",
            1,
            ["world.clock: 'x' goes by the time of day", "clock = 'wall'"],
        ),
        (
            "[world]\nclock = 'wall'\nvenues = ['paper', 'x']\n[venues.x]\nkind = 'mine'\nsymbols = ['BTC/USDT']\n",
            3,
            ["world.venues: 'x' has real money and another venue has not"],
        ),
        ("[notifiers.x]\nevents = []\n", 1, ["notifiers.x.kind is missing", '"command"']),
        ("[notifiers.X]\nkind = 'command'\n", 1, ["notifiers.X: no notifier can have this name"]),
        ("[notifiers.x]\nkind = 'command'\nevents = ['cost']\n", 3, ["notifiers.x.events[0] = 'cost'", "'run.failed'"]),
        ("[notifiers.x]\nkind = 'command'\ntimeout = '2m'\n", 3, ["notifiers.x.timeout = '2m'"]),
        ("[notifiers.x]\nkind = 'command'\nsecrets = ['a:b']\n", 3, ["notifiers.x.secrets[0] = 'a:b'"]),
        ("[mandates]\nid = 'a'\n", 1, ["mandates = {'id': 'a'}: must be a list", "[[mandates]]"]),
        ("[[mandates]]\nid='a'\ntools=['x']\n[[mandates]]\nid='b'\n", 4, ["mandates[1].tools is missing"]),
        ("[[mandates]]\nid='a'\ntool=['x']\n", 3, ["'mandates[0].tool'", "did you mean 'tools'"]),
        ("[[mandates]]\nid='a'\ntools='x'\n", 3, ["mandates[0].tools = 'x': must be a list"]),
        ("[[mandates]]\nid='a'\ntools=[]\n", 3, ["mandates[0].tools"]),
        ("[[mandates]]\nid='a'\ntools=['x']\nmax_notional=0\n", 4, ["mandates[0].max_notional = 0"]),
        ("[[mandates]]\nid='a'\ntools=['x']\nexpires=2030-01-01T00:00:00\n", 4, ["mandates[0].expires", "offset"]),
        ("[[mandates]]\nid='a'\ntools=['x']\n[[mandates]]\nid='a'\ntools=['y']\n", 0, ["two mandates have the id 'a'"]),
        ("[[mandates]]\nid='a'\ntools=['x']\n[run]\nnote='a'\n", 5, ["'run.note'"]),
    ],
)
def test_a_bad_setting_names_file_line_field_and_cure(write, text, line, parts):
    file = write(text)
    with pytest.raises(UsageError) as caught:
        load_settings(file)
    assert caught.value.where == (f"{file}:{line}" if line else f"{file}")
    assert caught.value.cure
    for part in parts:
        assert part in str(caught.value)


def test_text_that_is_not_toml_names_its_line(write):
    with pytest.raises(UsageError, match=r"not TOML.*line 2"):
        load_settings(write("[run]\nseed 7\n"))


def test_a_file_in_another_encoding_is_a_usage_error(tmp_path):
    file = tmp_path / "company.toml"
    file.write_bytes('[company]\nname = "Café"'.encode("latin-1"))
    with pytest.raises(UsageError, match="UTF-8"):
        load_settings(file)


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path / "absent.toml")


@given(st.integers(1, 10**6 - 1), st.sampled_from(["s", "m", "h", "d"]))
def test_a_duration_is_its_number_times_its_unit(number, unit):
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert parse_duration(f"{number}{unit}") == timedelta(seconds=number * seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "0m", "1.5h", "-1h", "1 h", "1w", "1h30m", "9999999d", "٣h"])
def test_a_duration_of_another_form_is_refused(text):
    with pytest.raises(UsageError, match="length of time"):
        parse_duration(text)


def test_suggest_names_the_nearest_or_all():
    assert suggest("tradng", ["trading", "ceo"]) == "did you mean 'trading'?"
    assert suggest("zzz", ["trading", "ceo"]) == "known here: ceo, trading"


def test_a_model_by_itself_is_a_chain_of_one(write):
    models = load_settings(write("[models]\nfast = 'openai:gpt-5'\nsmart = ['openai:a:b/c', 'autopilot']\n")).models
    assert (models.fast, models.smart, models.deep) == (
        ("openai:gpt-5",),
        ("openai:a:b/c", "autopilot"),
        ("autopilot",),
    )


def test_the_three_providers_are_there_without_being_named(write):
    providers = load_settings(None).providers
    assert {name: (p.kind, p.key_env, p.free, p.base_url) for name, p in providers.items()} == {
        "openai": ("openai", "OPENAI_API_KEY", False, ""),
        "anthropic": ("anthropic", "ANTHROPIC_API_KEY", False, ""),
        "ollama": ("ollama", "OLLAMA_API_KEY", True, ""),
    }
    assert load_settings(write("[providers.openai]\nattempts = 5\n")).providers["openai"].kind == "openai"


def test_a_kind_of_provider_that_a_package_may_bring_is_kept_and_has_no_embeddings(write):
    own = load_settings(write("[providers.acme]\nkind = 'acme-cloud'\n")).providers["acme"]
    assert (own.kind, own.key_env, own.free) == ("acme-cloud", "ACME_API_KEY", False)
    with pytest.raises(UsageError, match="'acme' offers no embeddings"):
        load_settings(write("[memory]\nembedder = 'acme/m'\n[providers.acme]\nkind = 'acme-cloud'\n"))


def test_hires_are_read_whatever_the_other_sections_say(write):
    file = write("[company]\nhires = ['forecaster']\n\n[world]\nclock = 'sundial'\n")
    assert load_hires(file) == ("forecaster",)
    assert load_hires(None) == load_hires(write("[run]\nseed = 8\n")) == ()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[company]\nhires = [1]\n", ":2", "company.hires"),
        ("[company\n", "", "is not TOML"),
        ("company = 1\n", ":1", "must be a section"),
    ],
)
def test_hires_that_cannot_be_read_are_an_error(write, text, line, what):
    file = write(text)
    with pytest.raises(UsageError, match=what) as caught:
        load_hires(file)
    assert caught.value.where == f"{file}{line}"


def test_a_provider_of_ones_own_has_what_follows_from_its_name_and_kind(write):
    own = load_settings(write("[providers.my-box]\nkind = 'ollama'\n[providers.b]\nkind = 'openai'\n")).providers
    assert (own["my-box"].key_env, own["my-box"].free, own["b"].free) == ("MY_BOX_API_KEY", True, False)
    assert set(own) == {"openai", "anthropic", "ollama", "my-box", "b"}


def test_a_venue_has_what_follows_from_its_name_and_kind(write):
    text = """
[world]
clock = "wall"
venues = ["paper", "near", "okx"]
[venues.near]
kind = "paper-http"
url = "http://127.0.0.1:8500/venues/a"
[venues.okx]
kind = "ccxt"
sandbox = true
symbols = ["BTC/USDT"]
[venues.other]
kind = "ccxt"
exchange = "kraken"
key = "mine"
symbols = ["BTC/EUR"]
"""
    venues = load_settings(write(text)).venues
    assert {name: (v.exchange, v.key, v.is_real) for name, v in venues.items()} == {
        "near": ("binance", "near", False),
        "okx": ("okx", "okx", False),
        "other": ("kraken", "mine", True),
    }


def test_a_tool_of_a_server_asks_unless_it_is_a_read_or_a_person_says_otherwise(write):
    text = """
[mcp.x]
command = ["a"]
[mcp.x.tools]
plain = {}
look = {effect = "read"}
watched = {effect = "read", ask = true}
trusted = {effect = "irreversible", ask = false, trust = "trusted"}
"""
    tools = load_settings(write(text)).mcp["x"].tools
    assert {name: (tool.effect, tool.trust, tool.ask) for name, tool in tools.items()} == {
        "plain": ("write", "untrusted", True),
        "look": ("read", "untrusted", False),
        "watched": ("read", "untrusted", True),
        "trusted": ("irreversible", "trusted", False),
    }


def test_facts_are_read_exactly_and_options_are_kept_as_they_are(write):
    text = "[models.facts.'openai:x']\nprice_in = 0.10\nprice_out = 1\noptions = {temperature = 0.2, a = {b = [1]}}\n"
    facts = load_settings(write(text)).models.facts["openai:x"]
    assert (str(facts.price_in), facts.price_out, facts.price_cached) == ("0.10", Decimal(1), None)
    assert facts.options == {"temperature": Decimal("0.2"), "a": {"b": [1]}}


def test_the_default_company_shows_every_setting_at_its_default():
    file = ROOT / "company.toml"
    assert load_settings(file).model_copy(update={"mandates": (), "webhooks": ()}) == Settings()
    written = tomllib.loads(file.read_text("utf-8"))
    shown = {f"{section}.{key}" for section in SECTIONS for key in written[section]}
    shown = shown - {"memory.retention"} | {f"memory.retention.{key}" for key in written["memory"]["retention"]}
    expected = {name for name in SETTINGS if name.partition(".")[0] in SECTIONS and name.count(".") == 1}
    assert shown == expected | {name for name in SETTINGS if name.startswith("memory.retention.")}


def test_the_examples_in_the_default_company_are_valid_and_show_every_setting_that_a_person_names(write):
    lines = re.findall(r"^#:(?: (.*))?$", (ROOT / "company.toml").read_text("utf-8"), re.M)
    settings = load_settings(write("\n".join(["[models]", *lines])))
    assert settings.models.facts["local:qwen3-8b"].model_fields_set == set(ModelFacts.model_fields)
    assert set(tomllib.loads("\n".join(lines))["providers"]["local"]) == set(ProviderSettings.model_fields)
    assert set(tomllib.loads("\n".join(lines))["venues"]["kraken"]) == set(VenueSettings.model_fields)
    assert settings.data.providers["coingecko"].model_fields_set == set(DataProviderSettings.model_fields)
    shown = {name for server in settings.mcp.values() for name in server.model_fields_set}
    assert shown == set(McpSettings.model_fields)
    assert settings.notifiers["desk"].model_fields_set == set(NotifierSettings.model_fields)
    assert settings.mcp["time"].tools["get_current_time"].model_fields_set == set(McpToolSettings.model_fields)
    assert settings.models.roles


def test_the_default_company_may_not_publish_without_a_person():
    covered = {tool for mandate in load_settings(ROOT / "company.toml").mandates for tool in mandate.tools}
    assert covered
    assert not {tool for tool in covered if re.search("publish|schedule|send", tool)}


def documented() -> dict[str, str]:
    text = (ROOT / "docs/configuration.md").read_text("utf-8")
    return dict(re.findall(r"^\| `((?:\w+|\"[A-Z:]+\")(?:\.(?:\w+|\"[A-Z:]+\"))+)` \| (.+?) \| .+ \|$", text, re.M))


def test_the_reference_documents_every_setting_and_no_other():
    assert list(documented()) == list(SETTINGS)


def test_the_reference_shows_the_true_defaults(write):
    lines, written = [], set()
    for setting, default in documented().items():
        section, key = setting.rsplit(".", 1)
        if literal := re.match(r"`([^`]+)`(?:$|,)", default):
            if section in LISTS:
                continue
            written.add(setting)
            if setting in {"venues.NAME.symbols", "mcp.NAME.command"}:  # defaults that another setting rules out
                continue
            lines += [f"[{section}]"] * (f"[{section}]" not in lines) + ["kind = 'openai'"] * (key == "api")
            lines += VENUE * (setting == "venues.NAME.url") + SERVER * (setting == "mcp.NAME.url")
            lines += NOTIFIER * (setting == "notifiers.NAME.events")
            lines.append(f"{key} = {literal[1]}")
    text = "\n".join(lines).replace("data.providers.NAME", "data.providers.yahoo").replace("mcp.NAME", "mcp.name")
    text = text.replace("notifiers.NAME", "notifiers.name")
    settings = load_settings(write(text))
    assert settings.notifiers.pop("name") == NotifierSettings(kind="command")
    server = settings.mcp.pop("name")
    assert server.tools.pop("TOOL") == McpToolSettings()
    assert server == McpSettings(command=("x",))
    assert settings.data.providers.pop("yahoo") == DataProviderSettings()
    assert settings.providers.pop("NAME") == load_settings(write("[providers.NAME]\nkind = 'openai'")).providers["NAME"]
    assert settings.models.facts.pop("NAME:MODEL") == ModelFacts()
    assert settings.venues.pop("NAME") == load_settings(write("\n".join(["[venues.NAME]", *VENUE]))).venues["NAME"]
    assert settings == Settings()
    must = {n for n, field in SETTINGS.items() if not field.is_required() and field.default not in (None, "", {})}
    assert must - written - {n for n in SETTINGS if n.rpartition(".")[0] in LISTS} == set()


def test_every_class_documents_its_settings_and_defaults():
    for model in every_section():
        summary = (model.__doc__ or "").partition("\n")[0]
        for key, field in model.model_fields.items():
            note = re.search(rf"^        {key}: (.+(?:\n         .+)*)$", model.__doc__ or "", re.M)
            assert note, f"{model.__name__}.{key}"
            if field.default in (None, ""):
                assert "left out" in note[1] + summary or '""' in note[1], f"{model.__name__}.{key}"
            elif isinstance(field.default, str | int):
                assert json.dumps(field.default) in note[1], f"{model.__name__}.{key}"
