"""What `company eval` says of the baseline, and `company eval record` of a run."""

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.cli.eval_gate import open_gate
from company.errors import UsageError
from company.grading.baseline import FILE, read_baseline, update_baseline
from tests.grading.reports import report, result

CASE = """
- id: greeting
  golden: true
  seed: 7
  turns: [hello]
  scorers: [no_delegation]
"""


def company(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_without_a_baseline_one_line_says_so_and_golden_cases_judge(tmp_path):
    lines, passed = open_gate(tmp_path, partial=False, update=False)(report(result("a", golden=True), result("b", 0)))
    assert passed
    assert lines == ["  no baseline yet: judged by golden cases alone; company eval --update-baseline"]


def test_what_is_worse_closes_the_gate_and_is_said_last(tmp_path):
    update_baseline(tmp_path, report(result("a"), result("gone")))
    lines, passed = open_gate(tmp_path, partial=False, update=False)(report(result("a", 0), result("new")))
    assert not passed
    assert lines == [
        "  new is new: 1 of 1",
        "  gate: a passed 0 of 1, 1 of 1 in the baseline",
        "  gate: gone is in the baseline and was removed or renamed",
    ]


def test_what_is_as_good_as_the_baseline_passes_and_says_so(tmp_path):
    update_baseline(tmp_path, report(result("a")))
    lines, passed = open_gate(tmp_path, partial=False, update=False)(report(result("a")))
    assert (lines, passed) == (["  gate: nothing is worse than the baseline"], True)


def test_a_golden_case_that_fails_is_never_accepted(tmp_path):
    lines, passed = open_gate(tmp_path, partial=False, update=True)(report(result("a", 0, golden=True)))
    assert not passed
    assert lines[0] == "  gate: a is golden and passed 0 of 1"
    assert "the baseline stays as it is" in lines[1]
    assert not (tmp_path / FILE).exists()


def test_an_update_of_a_part_is_refused_before_anything_is_run(shop, write_cases):
    write_cases(CASE)
    done = company("eval", "--dir", shop.root, "--filter", "greeting", "--update-baseline")
    assert isinstance(done.exception, UsageError)
    assert done.stdout == ""


def test_a_broken_baseline_is_found_before_anything_is_run(tmp_path):
    (tmp_path / FILE).write_text("{}", "utf-8")
    with pytest.raises(UsageError, match="is not a baseline"):
        open_gate(tmp_path, partial=False, update=False)


def test_the_command_writes_a_baseline_and_says_what_it_accepted(shop, write_cases, tmp_path):
    write_cases(CASE)
    done = company("eval", "--dir", shop.root, "--home", tmp_path / "home", "--update-baseline")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "  baseline: added greeting: 1 of 1, golden"
    baseline = read_baseline(shop.evals)
    assert baseline is not None
    assert baseline.identity["models"]["smart"] == ["autopilot"]


def test_record_prints_a_case_or_adds_it_to_a_file(shop, tmp_path):
    places = ("--dir", shop.root, "--home", tmp_path / "home")
    assert company("chat", "hello", "--person", "bob", *places).exit_code == 0
    printed = company("eval", "record", "R1", *places)
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.startswith("# Recorded from R1.\n- id: recorded-hello\n")
    added = company("eval", "record", "R1", "--into", tmp_path / "cases.yaml", *places)
    assert added.stdout == ""
    assert f"added recorded-hello to {tmp_path / 'cases.yaml'}" in added.stderr
    assert (tmp_path / "cases.yaml").read_text("utf-8") == printed.stdout


def test_record_of_a_run_that_never_was_is_a_usage_error(shop, tmp_path):
    done = company("eval", "record", "R1", "--dir", shop.root, "--home", tmp_path / "home")
    assert isinstance(done.exception, UsageError)
    assert "R1" in str(done.exception)
