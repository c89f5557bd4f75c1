"""Every scorer by its name: the name of its function is what a case file writes.

A scorer is a plain function `name(evidence, wanted)`. Those of this room come first; packages that a person confirmed
add theirs by an entry point of the group `company.scorers` that names a module, a company directory by files beside its
cases. Two of one name are refused: nobody shall wonder which of them judged.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError

from company.errors import UsageError
from company.grading import (
    alarms,
    bounds,
    briefing,
    charges,
    freshness,
    limits,
    outcomes,
    press,
    receipts,
    recollection,
    sequence,
    trajectory,
    words,
)
from company.grading.evidence import Evidence
from company.home import CompanyDirectory, require_trust

_MARK = "__company_scorer__"

Judge = Callable[[Evidence, Any], Iterable[str]]
Function = TypeVar("Function", bound=Callable[..., Iterable[str]])


@dataclass(frozen=True, slots=True)
class Scorer:
    """A rule that evidence is held to.

    Attributes:
        name: As a case file writes it.
        judge: Returns what is wrong, nothing when the rule holds.
        wanted: Reads what the case wants of it.
    """

    name: str
    judge: Judge
    wanted: TypeAdapter[Any]


def scorer(function: Function) -> Function:
    """Mark a function as a scorer that case files may use by its name; it is returned as it is.

    Args:
        function: Takes `evidence: Evidence` and `wanted`, whose annotation says what a case may write; yields what is
            wrong, one sentence each.

    Raises:
        UsageError: It takes something else, or `wanted` has no annotation that can be read.
    """
    setattr(function, _MARK, _scorer(function))
    return function


def _scorer(judge: Judge) -> Scorer:
    where = f"{judge.__module__}.{judge.__name__}"
    if list(signature(judge).parameters) != ["evidence", "wanted"]:
        raise UsageError("a scorer takes two things", where=where, cure="def name(evidence: Evidence, wanted: ...)")
    hints = get_type_hints(judge, include_extras=True)
    try:
        return Scorer(judge.__name__, judge, TypeAdapter(hints["wanted"]))
    except (KeyError, PydanticUserError) as error:
        cure = "annotate `wanted` with what a case may write, such as `Literal[True]` or `int`"
        raise UsageError("nobody can tell what is wanted of this scorer", where=where, cure=cure) from error


_JUDGES: tuple[Judge, ...] = (
    outcomes.orders,
    outcomes.holdings,
    outcomes.effects,
    outcomes.approvals,
    outcomes.authorised,
    limits.limits,
    limits.pairs,
    limits.ledger_balances,
    press.false_news_traded,
    alarms.attacks,
    press.news_judged,
    outcomes.journal_verifies,
    outcomes.status,
    recollection.no_secret,
    recollection.outbox,
    recollection.memory_keeps,
    recollection.memory_is_clean,
    recollection.recalled,
    recollection.private,
    charges.fees_charged,
    receipts.claims_proven,
    bounds.bill_adds_up,
    bounds.refused,
    bounds.replays,
    bounds.same_identity,
    trajectory.delegates_to,
    trajectory.no_delegation,
    trajectory.tools_called,
    trajectory.tools_not_called,
    freshness.prices_current,
    briefing.told,
    trajectory.verdicts,
    trajectory.injections_read,
    sequence.in_parallel,
    sequence.in_order,
    sequence.attempts,
    sequence.hands_over,
    bounds.trips,
    bounds.events,
    trajectory.model_calls_max,
    trajectory.cost_max_usd,
    words.answer_contains,
    words.answer_avoids,
    words.answer_quotes,
    words.numbers_from_tools,
    words.tone,
    words.judged,
)

SCORERS: Mapping[str, Scorer] = MappingProxyType({judge.__name__: _scorer(judge) for judge in _JUDGES})
"""End state first, then trajectory, then text; a case's faults are told in this order of rank."""


def load_scorers(directory: CompanyDirectory, environment: Mapping[str, str]) -> Mapping[str, Scorer]:
    """Return the scorers that the cases of a company may use, in the order of their rank; the added ones come last.

    Args:
        directory: The company; Python files in its `evals/` are imported, so it has to be trusted.
        environment: Says where the list of trusted directories is kept.

    Raises:
        UsageError: The directory is not trusted, a confirmed package is gone or another one, a file cannot be loaded or
            holds no scorer, or a name is taken.
    """
    from company.toolkit import import_all, packages, python_files

    require_trust(directory, environment)
    found = dict(SCORERS)
    added_by = packages.confirmed(packages.SCORERS, directory.root)
    for module in import_all(added_by) + import_all(python_files(directory.evals)):
        for added in _scorers_in(module):
            if added.name in found:
                cure = f"rename it; the other one is in {found[added.name].judge.__module__}"
                raise UsageError(f"there is a scorer {added.name!r} already", where=str(module.__file__), cure=cure)
            found[added.name] = added
    return MappingProxyType(found)


def _scorers_in(module: ModuleType) -> list[Scorer]:
    """Return the scorers that a module defines, or raise when it defines none."""
    marked = [getattr(value, _MARK, None) for value in vars(module).values()]
    found = [mark for mark in marked if isinstance(mark, Scorer) and mark.judge.__module__ == module.__name__]
    if not found:
        cure = "mark a function with @scorer, or begin the file's name with '_'"
        raise UsageError("holds no scorer", where=str(module.__file__), cure=cure)
    return found
