"""A report is plain data: it goes to JSON and back, and its scores hold nothing that differs between two runs."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from company.errors import UsageError
from company.grading import Fault, Report, Result, Trial, read_report
from company.grading.result import Subject, digest, read_trial, trial_data
from company.grading.story import Judged, RunStory, Step, ToolCall
from tests.grading.stories import CALL, REPORT, SUBJECT, TRIAL

CASE = """
- id: quiet
  golden: true
  seed: 7
  turns: [hello]
  scorers:
    - orders: {max: 0}
"""


def test_a_report_goes_to_json_and_back_without_loss():
    assert read_report(json.dumps(REPORT.data()), where="report.json") == REPORT
    assert read_trial(json.loads(json.dumps(trial_data(TRIAL)))) == TRIAL


def test_the_json_says_what_a_machine_asks_first():
    (first, _) = REPORT.data()["results"]
    assert (first["ok"], first["passed"], first["pass_hat"]) == (False, 1, [0.5, 0.0])
    assert [round(bound, 3) for bound in first["interval"]] == [0.095, 0.905]
    assert REPORT.data()["ok"] is False


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not an eval report"),
        ("[]", "not an eval report"),
        (json.dumps(REPORT.data() | {"results": [{}]}), "at results.0.case"),
        (json.dumps(REPORT.data() | {"format": 2}), "version 2, not 1"),
    ],
)
def test_a_file_that_is_no_report_is_the_persons_to_replace(text, what):
    with pytest.raises(UsageError, match=what) as caught:
        read_report(text, where="report.json")
    assert caught.value.where == "report.json"
    assert "company eval --json" in caught.value.cure


def test_scores_hold_neither_time_nor_place_nor_words():
    other = Trial(TRIAL.faults, TRIAL.seconds * 3, TRIAL.cost_usd, TRIAL.model_calls, ())
    moved = replace(SUBJECT, source="elsewhere.yaml:9")
    again = Report(REPORT.identity, (Result(moved, (other, REPORT.results[0].trials[1])), REPORT.results[1]), 99.0)
    assert again.scores_json() == REPORT.scores_json()
    assert "hello" not in REPORT.scores_json()


@pytest.mark.parametrize(
    "change",
    [
        {"faults": ()},
        {"faults": (Fault("orders", "another"),)},
        {"cost_usd": Decimal("0.04")},
        {"model_calls": 6},
    ],
)
def test_scores_differ_when_anything_that_was_measured_does(change):
    trials = (replace(TRIAL, **change), REPORT.results[0].trials[1])
    assert (
        replace(REPORT, results=(Result(SUBJECT, trials),)).scores()
        != replace(REPORT, results=(Result(SUBJECT, REPORT.results[0].trials),)).scores()
    )


def test_a_golden_case_fails_the_report_at_one_missed_trial_and_another_case_does_not():
    golden, other = REPORT.results
    assert (golden.ok, golden.passed, golden.pass_hat(2)) == (False, 1, 0.0)
    assert not REPORT.ok
    assert replace(REPORT, results=(other,)).ok
    assert not other.ok


def test_a_result_tells_each_fault_once_and_sums_what_it_took():
    result = Result(SUBJECT, (TRIAL, TRIAL))
    assert result.faults == TRIAL.faults
    assert (result.seconds, result.cost_usd) == (TRIAL.seconds * 2, TRIAL.cost_usd * 2)


def test_the_digest_is_of_what_a_case_does_and_wants_and_not_of_where_it_stands(write_cases, load):
    write_cases(CASE)
    (case,) = load()
    file = write_cases("# what it is about\n\n" + CASE.lstrip().replace("id: quiet", "id: quiet\n  repeat: 1"))
    (moved,) = load()
    assert moved.source != case.source
    assert digest(moved) == digest(case)
    assert Subject.of(moved).source == f"{file.name}:3"
    for old, new in {
        "max: 0": "max: 1",
        "hello": "good morning",
        "seed: 7": "seed: 8",
        "orders: {max: 0}": "status: done",
    }.items():
        write_cases(CASE.replace(old, new))
        assert digest(load()[0]) != digest(case)


def test_a_call_without_a_verdict_is_told_too():
    bare = RunStory("R1", "chat", "done", "ann", "hello", (Step("ceo", "x"),), (replace(CALL, verdict=None),), "ok")
    trial = replace(TRIAL, transcript=(bare,))
    assert read_trial(trial_data(trial)) == trial
    assert isinstance(CALL.verdict, Judged)
    assert isinstance(CALL, ToolCall)
