"""docs/safety.md holds every rule, in order, each with a test that exists."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from company.events import CUSTOM_NAMES
from company.governor import RULES
from company.governor.verdict import Status
from company.store.amounts import KINDS
from company.trading.risk import RULES as RISK_RULES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "safety.md").read_text()
TABLE = TEXT.partition("## Every rule")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `([^`]+)` \|.*\| `([^`]+)` \|$", TABLE, flags=re.M)
DOCUMENTED = {rule for rule, _ in ROWS}
ATTRIBUTES = {"tracing.py", "collector.py"}  # names of span attributes look like rules
SOURCES = [path for room in ("governor", "graph") for path in (ROOT / "company" / room).glob("*.py")]
SOURCES = [path for path in SOURCES if path.name not in ATTRIBUTES]
SOURCES += (ROOT / "company" / "trading" / "risk").glob("*.py")


def rule_ids(path: Path) -> Iterator[str]:
    """Constants that look like a rule's id, and the beginnings of f-strings that make one."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(node.value)):
            yield str(node.value)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            beginning = str(node.values[0].value)
            if beginning == "budget.":
                yield from (f"budget.{kind}" for kind in KINDS)
            elif re.fullmatch(r"[a-z]+\.", beginning):
                yield f"{beginning}<id>"


USED = {rule for path in SOURCES for rule in rule_ids(path) if not rule.startswith("trading.")} - CUSTOM_NAMES
"""Documents of the desk's books begin with `trading.`."""


def test_every_rule_is_documented_once_and_no_other() -> None:
    assert len(ROWS) == len(DOCUMENTED)
    assert DOCUMENTED == USED


def test_every_rule_of_the_desk_is_documented() -> None:
    assert {rule for rule in DOCUMENTED if rule.startswith("risk.")} == set(RISK_RULES)


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("rule", "proof"), ROWS)
def test_every_rule_is_proved_by_a_test_that_exists(rule: str, proof: str) -> None:
    file, _, name = proof.partition("::")

    assert name in functions_of(file)
    assert name.startswith("test_")


def test_the_documented_order_is_the_order_of_the_table() -> None:
    documented = re.findall(r"^\d+\. `([^`]+)`", TEXT.partition("## The order of decision")[2], flags=re.M)
    spoken = []
    for rule in RULES:
        found = re.search(r'"([a-z]+\.[a-z_]+)"|f"(mandate\.)', inspect.getsource(rule))
        spoken.append((found[1] or f"{found[2]}<id>") if found else "<department>")

    assert documented == spoken


def test_every_status_of_an_outcome_is_documented() -> None:
    table = TEXT.partition("## What a call comes to")[2]

    assert re.findall(r"^\| `([a-z]+)` \|", table, flags=re.M) == [
        "ok",
        "denied",
        "waiting",
        "retryable",
        "failed",
        "unknown",
    ]
    assert len(get_args(Status)) == 6
