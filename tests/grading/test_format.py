"""The newer fields of a case: what is wrong with them is told by file, line and field; editors know them too."""

import json
import os

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.grading import SCORERS, load_scorers, open_suite, run_case
from company.grading.schema import case_schema, schema_text
from company.home import bundled_directory

GOOD = """
- id: rich
  golden: true
  seed: 7
  repeat: 2
  asi: [ASI01, ASI10]
  world:
    settings:
      budget: {run_calls: 5}
    files:
      roles/ceo.md: [{old: a, new: b}]
    environment: {OPENAI_API_KEY: x}
  steps:
    - {say: hello, person: bob, thread: b}
    - {approve: A1, by: bob}
    - restart
    - {skip: 3d}
    - {cycles: 2}
  scorers:
    - status: [done, waiting]
    - judged: {criterion: It is short.}
    - same_identity
"""


@pytest.fixture
def read(write_cases, shop):
    def _read(text):
        return write_cases(text), open_suite(shop, os.environ).cases

    return _read


def test_a_rich_case_is_read(read):
    _, (case,) = read(GOOD)
    assert (case.repeat, case.asi) == (2, ("ASI01", "ASI10"))
    assert case.about("ASI10")
    assert [type(step).__name__ for step in case.script] == ["Turn", "Approve", "Restart", "Skip", "Cycles"]
    assert case.script[3].skip.days == 3


def test_the_simple_form_is_a_script_too(read):
    _, (case,) = read(
        "- {id: a, golden: true, seed: 7, cycles: 2, turns: [hi], calls: [{role: ceo, tool: x}], scorers: [authorised]}"
    )
    assert [type(step).__name__ for step in case.script] == ["Cycles", "Turn", "Calls"]


BROKEN = [
    ("repeat: 2", "repeat: 0", 4, "repeat", "greater than or equal to 1", ""),
    ("ASI10", "ASI11", 5, "asi[1]", "'ASI01'", ""),
    ("run_calls: 5", "run_cals: 5", 8, "world.settings.budget.run_cals", "unknown setting", "'run_calls'"),
    ("run_calls: 5", "run_calls: lots", 8, "world.settings.budget.run_calls", "must be", ""),
    ("roles/ceo.md", "rolls/ceo.md", 10, "world.files.rolls/ceo.md", "no file of a company", "roles/NAME.md"),
    ("new: b", "nu: b", 10, "world.files.roles/ceo.md[0].nu", "unknown key 'nu'", "known here: new, old"),
    ("person: bob", "persn: bob", 13, "steps[0].persn", "unknown key 'persn'", "'person'"),
    ("{approve: A1, by: bob}", "{aprove: A1}", 14, "steps[1]", "not a step", "write `- say: ...`"),
    ("- restart", "- restrat", 15, "steps[2]", "not a step", "restart"),
    ("skip: 3d", "skip: soon", 16, "steps[3].skip", "'soon' is not a length of time", "90s, 5m, 1h"),
    ("{cycles: 2}", "{cycles: 0}", 17, "steps[4].cycles", "greater than or equal to 1", ""),
    ("  repeat: 2\n", "  cycles: 2\n", 4, "cycles", "there are steps and cycles too", "write the cycles as steps"),
    ("criterion: It", "criterium: It", 20, "scorers[1].judged.criterium", "unknown key", "'criterion'"),
    ("status: [done, waiting]", "events: {breaker.triped: {min: 1}}", 19, "events.breaker.triped", "no event", "did"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field", "what", "cure"), BROKEN)
def test_what_is_wrong_is_told_by_line_field_and_cure(read, shop, old, new, line, field, what, cure):
    assert GOOD.count(old) == 1
    with pytest.raises(UsageError) as caught:
        read(GOOD.replace(old, new))
    error = caught.value
    assert error.where == f"{shop.evals / 'cases.yaml'}:{line}: {error.where.rpartition(': ')[2]}"
    assert error.where.endswith(field)
    assert what in error.what
    assert cure in error.cure
    assert error.cure


def test_settings_are_held_to_those_of_the_company(read, shop):
    shop.config_file.write_text('[providers.local]\nkind = "openai"\nbase_url = "http://127.0.0.1:1"\nfree = true\n')
    local = "{models: {smart: 'local:x'}}"
    read(GOOD.replace("\n      budget: {run_calls: 5}", f" {local}"))
    with pytest.raises(UsageError, match="provider 'elsewhere'"):
        read(GOOD.replace("\n      budget: {run_calls: 5}", f" {local}".replace("local:", "elsewhere:")))


def test_the_committed_schema_is_that_of_the_code():
    kept = (bundled_directory() / "evals" / "schema.json").read_text("utf-8")
    assert kept == schema_text(SCORERS), "run: company eval schema > evals/schema.json"


def test_the_command_prints_the_schema_with_the_companys_own_scorers(shop, write_cases):
    write_cases(MANNERS, "manners.py")
    done = CliRunner().invoke(app, ["eval", "schema", "--dir", str(shop.root)])
    assert json.loads(done.stdout) == case_schema(load_scorers(shop, os.environ))
    assert '"thanks"' in done.stdout


def test_every_case_of_the_default_company_names_the_schema_and_keeps_to_it():
    checker = Draft202012Validator(case_schema(SCORERS))
    for file in sorted((bundled_directory() / "evals").glob("*.yaml")):
        text = file.read_text("utf-8")
        assert text.startswith("# yaml-language-server: $schema=schema.json\n"), file.name
        assert [f"{file.name}{list(e.absolute_path)}" for e in checker.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    ("old", "new"), [pair[:2] for pair in BROKEN if "budget" not in pair[3] and pair[3] != "cycles"]
)
def test_the_schema_refuses_what_the_reader_refuses(old, new):
    known_to_the_reader_only = {"ASI11": False, "rolls": True, "soon": True, "breaker.triped": True}
    checker = Draft202012Validator(case_schema(SCORERS))
    assert checker.is_valid(yaml.safe_load(GOOD))
    assert checker.is_valid(yaml.safe_load(GOOD.replace(old, new))) == any(
        skipped for word, skipped in known_to_the_reader_only.items() if word in new
    )


MANNERS = '''
"""How we speak to people."""

from collections.abc import Iterable

from company.grading import Evidence, scorer


@scorer
def thanks(evidence: Evidence, wanted: int) -> Iterable[str]:
    """At least so many answers say good morning."""
    said = sum("Good morning" in str(run.outcome.get("answer", "")) for run in evidence.runs)
    if said < wanted:
        yield f"{said} answers say thank you, {wanted} wanted"
'''
THANKS = "- id: polite\n  golden: true\n  seed: 7\n  turns: [hello]\n  scorers:\n    - thanks: 2\n"


async def test_a_scorer_beside_the_cases_is_used_by_its_name(read, write_cases, shop):
    write_cases(MANNERS, "manners.py")
    _, (case,) = read(THANKS)
    (trial,) = (await run_case(case, shop, os.environ)).trials
    assert [(fault.scorer, fault.what) for fault in trial.faults] == [("thanks", "1 answers say thank you, 2 wanted")]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("def thanks", "def orders", "there is a scorer 'orders' already"),
        ("@scorer\n", "", "holds no scorer"),
        ("evidence: Evidence, wanted", "evidence: Evidence, much", "takes two things"),
        ("wanted: int", "wanted", "what is wanted of this scorer"),
        ("    said =", "    said = =", "cannot be loaded"),
    ],
)
def test_a_scorer_that_cannot_be_one_is_an_error(read, write_cases, old, new, what):
    write_cases(MANNERS.replace(old, new), "manners.py")
    with pytest.raises(UsageError, match=what) as caught:
        read(THANKS)
    assert caught.value.cure


def test_what_a_scorer_wants_is_checked_where_the_case_is_read(read, write_cases):
    write_cases(MANNERS, "manners.py")
    with pytest.raises(UsageError, match="integer") as caught:
        read(THANKS.replace("thanks: 2", "thanks: many"))
    assert caught.value.where.endswith("cases.yaml:6: scorers[0].thanks")


def test_no_scorer_is_imported_of_a_directory_that_nobody_trusts(read, write_cases, shop, monkeypatch, tmp_path):
    write_cases("raise SystemExit('imported')\n", "manners.py")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(UsageError, match="not trusted"):
        load_scorers(shop, os.environ)
