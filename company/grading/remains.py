"""Looks at what a company sent, what it remembers and what its roles were reminded of."""

from collections.abc import Sequence

from company.engine.taped import RECALLED
from company.grading.evidence import Given
from company.home import Company
from company.memory import MemoryItem, Recalled
from company.ports import Outbox
from company.store import Run
from company.world import PaperOutbox

_ALL = 100_000
"""More memories than a case can make."""


def sent(company: Company) -> tuple[str, ...]:
    """Return the texts that left by the paper outbox, in order."""
    outbox: PaperOutbox = company.services[Outbox]
    return tuple(message["text"] for message in outbox.sent())


def remembered(company: Company, runs: Sequence[Run]) -> tuple[MemoryItem, ...]:
    """Return everything that roles remember, of the company and of everybody who spoke in the runs."""
    if company.memory is None:
        return ()
    roles, persons = list(company.roles), dict.fromkeys(["", *(run.person for run in runs)])
    seen = [each.item for who in persons for each in company.memory.browse(roles, "", person=who, limit=_ALL)]
    return tuple({item.id: item for item in seen}.values())


def reminders(company: Company, runs: Sequence[Run]) -> tuple[Given, ...]:
    """Return what every role was reminded of at the start of its work in these runs."""
    return tuple(
        Given(run.id, kept.key.partition(":")[0], run.person, tuple(map(Recalled.model_validate, kept.data)))
        for run in runs
        for kept in company.store.recordings.of_run(run.id)
        if kept.kind == RECALLED
    )
