"""`company eval`: lines for a person, JSON for machines, and an exit code for CI."""

import json
import sys

import pytest

from company.cli import main

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


def test_eval_fails_when_a_golden_case_fails_and_says_what(company):
    code, out, _ = company()
    lines = out.splitlines()
    assert code == 1
    assert [line.split()[:2] for line in lines[:3]] == [
        ["ok", "greeting"],
        ["FAIL", "greeting-again"],
        ["FAIL", "price"],
    ]
    assert "delegates_to: delegated to nobody, trading wanted · answer_contains: the answer does not" in lines[1]
    assert lines[2].endswith("orders: 0 orders filled, at least 1 wanted")
    assert "1 of 3 passed, 1 of 2 golden" in lines[-1]


def test_eval_passes_when_only_a_case_fails_that_is_not_golden(company):
    code, out, _ = company("--filter", "chat")
    assert code == 0
    assert "1 of 2 passed, 1 of 1 golden" in out


def test_eval_prints_json_for_machines(company):
    code, out, _ = company("--json", "--filter", "again")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["id"], row["ok"], row["golden"], row["seed"], row["tags"]) == (
        "greeting-again",
        False,
        False,
        7,
        ["chat"],
    )
    assert row["faults"][0] == {"scorer": "delegates_to", "what": "delegated to nobody, trading wanted"}


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
