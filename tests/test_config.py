"""The settings file: defaults, exactness, errors a person can act on, and a complete reference."""

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from company.config import Mandate, Settings, load_settings, parse_duration, suggest
from company.errors import UsageError

ROOT = Path(__file__).parents[1]
SECTIONS = {name: field.annotation for name, field in Settings.model_fields.items() if name != "mandates"}


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


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("[limits]\nmax_trade_fracton = 0.1\n", 2, ["'limits.max_trade_fracton'", "did you mean 'max_trade_fraction'"]),
        ("\n[limit]\nmin_conviction = 0.1\n", 2, ["'limit'", "did you mean 'limits'"]),
        ("[company]\nzzz = 1\n", 2, ["'company.zzz'", "known here: name, quote"]),
        ("run = 3\n", 1, ["run = 3: must be a section"]),
        ("[run]\n\nseed = '7'\n", 3, ["run.seed = '7': must be a valid integer"]),
        ("[run]\nseed = true\n", 2, ["run.seed = True"]),
        ("[run]\nseed = -1\n", 2, ["run.seed = -1: must be greater than or equal to 0"]),
        ("[run]\nstep = '3w'\n", 2, ["run.step = '3w'", "90s, 5m, 1h or 2d"]),
        ("[run]\nstep = 60\n", 2, ["run.step = 60: must be a length of time"]),
        ("[models]\nfast = 'opus'\n", 2, ["models.fast = 'opus'", "providers are not part of this version"]),
        ("[world]\nclock = 'sun'\n", 2, ["world.clock = 'sun'", "'virtual' or 'wall'"]),
        ("[limits]\nmin_conviction = 1.5\n", 2, ["limits.min_conviction = 1.5: must be less than or equal to 1"]),
        ("[limits]\nmin_conviction = nan\n", 2, ["limits.min_conviction = NaN", "finite"]),
        ("[limits]\nmin_conviction = 'much'\n", 2, ["limits.min_conviction = 'much': must be a number"]),
        ("[limits]\ndrawdown_steps = [0.2, 0.1, 0.3]\n", 2, ["limits.drawdown_steps", "must rise"]),
        ("[limits]\ndrawdown_steps = [0.1, 0.2]\n", 2, ["limits.drawdown_steps[2] is missing"]),
        ("[limits]\ndrawdown_steps = [0.1, 0.2, 0.3, 0.4]\n", 2, ["limits.drawdown_steps", "at most 3"]),
        ("[limits]\ndrawdown_steps = [0.1, 0.2, 2]\n", 2, ["limits.drawdown_steps[2] = 2"]),
        ("[budget]\nrun_usd = -1\n", 2, ["budget.run_usd = -1"]),
        ("[mandates]\nid = 'a'\n", 1, ["mandates = {'id': 'a'}: must be a list", "[[mandates]]"]),
        ("[[mandates]]\nid='a'\ntools=['x']\n[[mandates]]\nid='b'\n", 4, ["mandates[1].tools is missing"]),
        ("[[mandates]]\nid='a'\ntool=['x']\n", 3, ["'mandates[0].tool'", "did you mean 'tools'"]),
        ("[[mandates]]\nid='a'\ntools='x'\n", 3, ["mandates[0].tools = 'x': must be a list"]),
        ("[[mandates]]\nid='a'\ntools=[]\n", 3, ["mandates[0].tools"]),
        ("[[mandates]]\nid='a'\ntools=['x']\nmax_notional=0\n", 4, ["mandates[0].max_notional = 0"]),
        ("[[mandates]]\nid='a'\ntools=['x']\nexpires=2030-01-01T00:00:00\n", 4, ["mandates[0].expires", "offset"]),
        ("[[mandates]]\nid='a'\ntools=['x']\n[[mandates]]\nid='a'\ntools=['y']\n", 0, ["two mandates have the id 'a'"]),
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


def test_the_default_company_shows_every_setting_at_its_default():
    file = ROOT / "company.toml"
    assert load_settings(file).model_copy(update={"mandates": ()}) == Settings()
    written = tomllib.loads(file.read_text("utf-8"))
    assert {name: set(written[name]) for name in SECTIONS} == {n: set(m.model_fields) for n, m in SECTIONS.items()}


def test_the_default_company_may_not_publish_without_a_person():
    covered = {tool for mandate in load_settings(ROOT / "company.toml").mandates for tool in mandate.tools}
    assert covered
    assert not {tool for tool in covered if re.search("publish|schedule|send", tool)}


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| `([\w.]+)` \| (.+?) \| .+ \|$", (ROOT / "docs/configuration.md").read_text("utf-8"), re.M)
    return dict(rows)


def test_the_reference_documents_every_setting_and_no_other():
    models = {**SECTIONS, "mandates": Mandate}
    settings = [f"{section}.{key}" for section, model in models.items() for key in model.model_fields]
    assert list(documented()) == settings


def test_the_reference_shows_the_true_defaults(write):
    lines = []
    for setting, default in documented().items():
        section, key = setting.split(".")
        if section in SECTIONS:
            lines += [f"[{section}]"] * (f"[{section}]" not in lines) + [f"{key} = {default.strip('`')}"]
    assert load_settings(write("\n".join(lines))) == Settings()


def test_every_class_documents_its_settings_and_defaults():
    for model in [*SECTIONS.values(), Mandate]:
        assert issubclass(model, BaseModel)
        for key, field in model.model_fields.items():
            note = re.search(rf"^        {key}: (.+(?:\n         .+)*)$", model.__doc__ or "", re.M)
            assert note, f"{model.__name__}.{key}"
            if isinstance(field.default, str | int) or type(None) in get_args(field.annotation):
                shown = "left out" if field.default is None else json.dumps(field.default)
                assert shown in note[1], f"{model.__name__}.{key}"
