"""What the arm of an experiment remembered: merged when its candidate is promoted, archived when it is not.

Merging goes through the door that every memory goes through, so duplicates, keys, trust and taint are judged as always;
what was merged names the memory it comes from. Both can be repeated after a crash.
"""

from typing import Final

from company.memory.item import MemoryItem, Note
from company.memory.port import Memory
from company.memory.vector import ComposedMemory
from company.store import Experiment, Store

_AT_ONCE: Final = 200


async def settle(store: Store, memory: Memory | None) -> list[Experiment]:
    """Merge or archive the memories of every experiment that ended; returns those that are done with.

    An experiment is done with when none of its runs is under way any more: one that is may still remember something.
    """
    done = []
    for experiment in store.experiments.unsettled():
        if isinstance(memory, ComposedMemory):
            if experiment.state == "promoted":
                await merge(memory, experiment.branch)
            archive(memory, experiment.branch)
        if not store.experiments.under_way(experiment.id):
            store.experiments.settle(experiment.id)
            done.append(experiment)
    return done


async def merge(memory: ComposedMemory, branch: str) -> int:
    """Give every arm what one arm remembers and still holds; returns how many memories that were."""
    items = _of(memory, branch)
    for first in range(0, len(items), _AT_ONCE):
        await memory.remember_many([_common(item) for item in items[first : first + _AT_ONCE]])
    return len(items)


def archive(memory: ComposedMemory, branch: str) -> int:
    """Take what one arm remembers out of use; returns how many memories that were."""
    items = _of(memory, branch)
    with memory.records.transaction():
        for item in items:
            memory.records.change(item.id, status="archived")
    return len(items)


def _of(memory: ComposedMemory, branch: str) -> list[MemoryItem]:
    held = "branch = :branch AND status IN ('active', 'proposed') AND valid_to IS NULL"
    return memory.records.where(held, branch=branch) if branch else []


def _common(item: MemoryItem) -> Note:
    fields = {name: getattr(item, name) for name in Note.model_fields}
    return Note.model_validate({**fields, "branch": "", "derived_from": (item.id,)})
