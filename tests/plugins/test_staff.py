"""A package with a role, a model provider and a scorer, from its installation to a chat with it."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Said = subprocess.CompletedProcess[str]
Run = Callable[..., Said]

CEO = """
    ---
    id: ceo
    title: Chief
    summary: Leads.
    handles:
      - say: [is there tea left]
        do: [{answer: Plenty.}]
    ---
    You lead.
    """
QUIET = "[memory]\nenabled = false\n"
PARROT = """
[models]
roles.ceo = "birds:Polly"
[models.facts."birds:Polly"]
context = 100000
price_in = 1
price_out = 2
[providers.birds]
kind = "parrot"
"""


@pytest.fixture
def acme(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    return write_company({"roles/ceo.md": CEO, "company.toml": QUIET})


@pytest.fixture
def company(site_of: Callable[[str], Path], acme: Path, run_with: Run) -> Run:
    """Run a command in the company's directory, with the package installed."""
    site = site_of("staff")
    return lambda *command, **environment: run_with(site, *command, place=acme, **environment)


def settle(acme: Path, text: str) -> None:
    (acme / "company.toml").write_text(text, "utf-8")


def rows(said: Said) -> list[dict[str, Any]]:
    assert said.returncode == 0, said.stderr
    return list(json.loads(said.stdout))


def test_a_role_of_a_package_is_hired_once_it_is_confirmed_and_answers_by_its_playbook(
    company: Run, acme: Path
) -> None:
    settle(acme, f"[company]\nhires = ['forecaster']\n{QUIET}")

    early = company("roles")
    confirmed = company("plugins", "confirm", "company-staff", "--yes")
    listed = rows(company("roles", "--json"))
    answered = company("chat", "where do prices lean?")

    assert early.returncode == 2
    assert "no confirmed package brings a role 'forecaster'" in early.stderr
    assert "company plugins confirm company-staff" in early.stderr
    assert confirmed.returncode == 0, confirmed.stderr
    assert "role forecaster: Forecaster, granted market_overview" in confirmed.stdout
    forecaster = next(row for row in listed if row["id"] == "forecaster")
    assert (forecaster["reports_to"], forecaster["package"]) == ("ceo", "company-staff")
    assert forecaster["source"].endswith("company_staff/roles/forecaster.md")
    assert "Forecast: 5 symbols looked at" in answered.stdout, answered.stderr


def test_a_model_of_a_package_answers_and_its_cost_is_booked(company: Run, acme: Path) -> None:
    settle(acme, QUIET + PARROT)

    early = company("chat", "good evening, Polly")
    company("plugins", "confirm", "company-staff", "--yes")
    keyless = company("chat", "good evening, Polly")
    answered = company("chat", "good evening, Polly", BIRDS_API_KEY="cracker-0123456789")
    costs = json.loads(company("costs", "--by", "model", "--json").stdout)

    assert early.returncode == 2
    assert "providers.birds.kind: there is no kind of provider 'parrot'" in early.stderr
    assert "company-staff brings it and is not confirmed: company plugins confirm company-staff" in early.stderr
    assert keyless.returncode == 2
    assert "company key set birds" in keyless.stderr
    assert answered.returncode == 0, answered.stderr
    assert "Polly says:" in answered.stdout
    assert "good evening, Polly" in answered.stdout
    (row,) = costs["rows"]
    assert (row["key"], row["input"], row["output"], row["usd"]) == ("birds:Polly", 1000, 500, "0.002")


def test_a_rule_of_a_package_judges_cases_once_it_is_confirmed(
    company: Run, acme: Path, site_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from company.grading import load_scorers
    from company.home import find_directory

    early = company("eval", "schema")
    company("plugins", "confirm", "company-staff", "--yes")
    later = company("eval", "schema")
    monkeypatch.syspath_prepend(str(site_of("staff")))
    rule = load_scorers(find_directory(acme, acme), os.environ)["promises_nothing"]

    assert "promises_nothing" not in early.stdout
    assert "promises_nothing" in later.stdout
    assert list(rule.judge(SimpleNamespace(answer="Certainly."), True)) == ["the answer calls something certain"]
    assert list(rule.judge(SimpleNamespace(answer="Perhaps."), True)) == []
