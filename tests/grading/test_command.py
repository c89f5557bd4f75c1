"""`company eval`: lines for a person, JSON for machines, and an exit code for CI."""

import json
import sys
from xml.etree import ElementTree

import pytest

from company.cli import main
from company.grading import Fault, read_report

CASES = """
- id: greeting
  tags: [chat]
  golden: true
  seed: 7
  turns: [hello]
  scorers: [no_delegation]
- id: greeting-again
  tags: [chat]
  golden: false
  seed: 7
  turns: [hello]
  scorers:
    - delegates_to: [trading]
    - answer_contains: [Good evening]
- id: price
  golden: true
  seed: 7
  turns: [tell me the price of bitcoin]
  scorers:
    - orders: {min: 1}
"""


@pytest.fixture
def company(shop, write_cases, monkeypatch, capsys):
    def _company(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["company", "eval", "--dir", str(shop.root), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    write_cases(CASES)
    return _company


def test_eval_fails_when_a_golden_case_fails_and_says_what(company, tmp_path):
    code, out, _ = company(
        *("--jobs", "1", "--junit", str(tmp_path / "report.xml"), "--html", str(tmp_path / "report.html"))
    )
    lines = out.splitlines()
    assert code == 1
    assert [line.split()[:3] for line in lines[:3]] == [
        ["ok", "1/3", "greeting"],
        ["FAIL", "2/3", "greeting-again"],
        ["FAIL", "3/3", "price"],
    ]
    assert "delegates_to: delegated to nobody, trading wanted · answer_contains: the answer does not" in lines[1]
    assert lines[2].endswith("orders: 0 orders filled, at least 1 wanted")
    assert "1 of 3 passed, 1 of 2 golden" in out
    (suite,) = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [case.get("name") for case in suite if case.find("failure") is not None] == ["greeting-again", "price"]
    assert "Bitcoin stands at" in (tmp_path / "report.html").read_text()


def test_eval_passes_when_only_a_case_fails_that_is_not_golden_and_prints_json_for_machines(company):
    code, out, _ = company("--json", "--filter", "again", "--repeat", "2", "--jobs", "1")
    (bad,) = read_report(out, where="stdout").results
    assert code == 0
    assert (bad.case.id, bad.passed, bad.case.golden, bad.case.seed, bad.case.tags) == (
        "greeting-again",
        0,
        False,
        7,
        ("chat",),
    )
    assert len(bad.trials) == 2
    assert bad.faults[0] == Fault("delegates_to", "delegated to nobody, trading wanted")
    assert bad.trials[0].transcript[0].answer.startswith("Good morning.")
    (row,) = json.loads(out)["results"]
    assert (row["ok"], row["pass_hat"]) == (False, [0.0, 0.0])


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--model", "gpt"), "'gpt' is no model"),
        (("--resume",), "no run of the evals was cut off"),
        (("--html", "nowhere/report.html"), "there is no folder 'nowhere'"),
    ],
)
def test_eval_refuses_what_it_cannot_do_before_it_runs_anything(company, arguments, what):
    code, out, err = company(*arguments)
    assert (code, out) == (2, "")
    assert what in err


def test_eval_of_nothing_is_a_usage_error(company):
    code, _, err = company("--filter", "grreting")
    assert code == 2
    assert "no eval case is about 'grreting'" in err
    assert "chat" in err


def test_eval_with_a_broken_file_is_a_usage_error(company, write_cases):
    write_cases(CASES.replace("no_delegation", "no_delegations"))
    code, _, err = company()
    assert code == 2
    assert "cases.yaml:6: scorers[0].no_delegations" in err
    assert "did you mean 'no_delegation'?" in err
