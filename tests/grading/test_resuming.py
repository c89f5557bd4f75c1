"""A run that was cut off goes on only as what it was."""

import json

import pytest

from company.errors import UsageError
from company.grading.resuming import KEPT, Plan, begin, resume
from tests.grading.stories import GOOD, TRIAL

CASES = """
- id: one
  golden: true
  seed: 7
  turns: [hello]
  scorers: [no_delegation]
- id: two
  golden: true
  seed: 7
  turns: [hello]
  scorers: [no_delegation]
"""
IDENTITY = {"version": "1", "prompts": "aa", "models": {"deep": ["autopilot"]}}


@pytest.fixture
def plan(write_cases, load):
    """What is run: two cases, the first of them twice."""

    def _plan(text: str = CASES, *, identity=IDENTITY, trials=(2, 1)) -> Plan:
        write_cases(text)
        return Plan(identity, load(), trials)

    return _plan


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "evals"


def cut_off(folder, plan, *kept):
    log = begin(folder, plan)
    for row in kept:
        log.keep(*row)
    log.close()


def test_what_was_finished_is_there_again(folder, plan):
    cut_off(folder, plan(), ("one", 0, TRIAL), ("one", 1, GOOD))
    log = resume(folder, plan())
    assert log.done == {("one", 0): TRIAL, ("one", 1): GOOD}
    log.close()


def test_a_run_that_is_cut_off_again_keeps_both_parts(folder, plan):
    cut_off(folder, plan(), ("one", 0, TRIAL))
    log = resume(folder, plan())
    log.keep("one", 1, GOOD)
    log.close()
    log = resume(folder, plan())
    assert log.done == {("one", 0): TRIAL, ("one", 1): GOOD}
    log.close()


def test_a_line_that_was_not_written_to_its_end_is_played_again(folder, plan):
    cut_off(folder, plan(), ("one", 0, TRIAL), ("one", 1, GOOD))
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    log = resume(folder, plan())
    assert list(log.done) == [("one", 0)]
    log.keep("two", 0, GOOD)
    log.close()
    assert [json.loads(line).get("case") for line in file.read_text().splitlines()] == [None, "one", "two"]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"text": CASES.replace("hello", "good morning", 1)}, "the text of one"),
        ({"text": CASES.partition("- id: two")[0], "trials": (2,)}, "it had 2 cases, now there are 1"),
        ({"identity": IDENTITY | {"prompts": "bb"}}, "of the company prompts"),
        ({"identity": IDENTITY | {"models": {"deep": ["openai:gpt-6-luna"]}}}, "of the company models"),
        ({"trials": (4, 1)}, "how often one is played"),
    ],
)
def test_another_run_is_refused_and_the_error_says_what_differs(folder, plan, changed, what):
    cut_off(folder, plan(), ("one", 0, TRIAL))
    with pytest.raises(UsageError, match=what) as caught:
        resume(folder, plan(**changed))
    assert caught.value.cure
    resume(folder, plan()).close()


def test_a_run_in_between_does_not_lose_the_one_that_was_cut_off(folder, plan):
    cut_off(folder, plan(), ("one", 0, TRIAL))
    cut_off(folder, plan(trials=(1, 1)), ("two", 0, GOOD))
    log = resume(folder, plan())
    assert log.done == {("one", 0): TRIAL}
    log.close()


def test_a_run_that_is_still_at_work_is_not_taken_over(folder, plan):
    log = begin(folder, plan())
    with pytest.raises(UsageError, match="no run of the evals was cut off"):
        resume(folder, plan())
    log.finish()
    log.close()


def test_a_finished_run_leaves_nothing_and_of_those_cut_off_the_newest_are_kept(folder, plan):
    for number in range(KEPT + 3):
        cut_off(folder, plan(trials=(number + 1, 1)))
    log = begin(folder, plan())
    log.finish()
    log.close()
    assert len(list(folder.iterdir())) == KEPT - 1
    resume(folder, plan(trials=(KEPT + 3, 1))).close()


def test_nothing_to_resume_is_said(folder, plan):
    with pytest.raises(UsageError, match="no run of the evals was cut off") as caught:
        resume(folder, plan())
    assert "--resume" in caught.value.cure
