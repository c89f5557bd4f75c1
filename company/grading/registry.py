"""Every scorer by its name: the name of its function is what a case file writes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from company.grading import outcomes, trajectory, words
from company.grading.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Scorer:
    """A rule that evidence is held to.

    Attributes:
        name: As a case file writes it.
        judge: Returns what is wrong, nothing when the rule holds.
        wanted: Reads what the case wants of it.
    """

    name: str
    judge: Callable[[Evidence, Any], Iterable[str]]
    wanted: TypeAdapter[Any]


def _scorer(judge: Callable[[Evidence, Any], Iterable[str]]) -> Scorer:
    hints = get_type_hints(judge, include_extras=True)
    return Scorer(judge.__name__, judge, TypeAdapter(hints["wanted"]))


_JUDGES: tuple[Callable[[Evidence, Any], Iterable[str]], ...] = (
    outcomes.orders,
    outcomes.holdings,
    outcomes.effects,
    outcomes.approvals,
    outcomes.authorised,
    outcomes.attacks,
    outcomes.journal_verifies,
    outcomes.status,
    trajectory.delegates_to,
    trajectory.no_delegation,
    trajectory.tools_called,
    trajectory.tools_not_called,
    trajectory.verdicts,
    trajectory.injections_read,
    trajectory.model_calls_max,
    trajectory.cost_max_usd,
    words.answer_contains,
    words.answer_quotes,
    words.numbers_from_tools,
)

SCORERS: Mapping[str, Scorer] = MappingProxyType({judge.__name__: _scorer(judge) for judge in _JUDGES})
"""End state first, then trajectory, then text; a case's faults are told in this order of rank."""
