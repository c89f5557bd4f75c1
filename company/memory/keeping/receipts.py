"""Finds the receipt of an erasure in the journal, and says whether the journal bears it out."""

from dataclasses import dataclass

from company.errors import UsageError
from company.events import Event
from company.memory.keeping.forgetting import FORGOTTEN
from company.memory.keeping.plan import Receipt
from company.store import Store
from company.store.chain import ERASED


@dataclass(frozen=True, slots=True)
class Proof:
    """A receipt with what the journal says.

    Attributes:
        receipt: The receipt as it was written then.
        rows: Events that were erased under it, as the signed statements list them.
        problems: What the journal's verification finds wrong, in all of it; empty when everything holds.
    """

    receipt: Receipt
    rows: int
    problems: tuple[str, ...]


def find(erasure: str, store: Store) -> Proof:
    """Return the receipt of an erasure with its proof.

    Raises:
        UsageError: There was no such erasure, or it is not finished.
    """
    told = [event for event in _all(store, FORGOTTEN) if event.body["value"]["erasure"] == erasure]
    if not told:
        known = ", ".join(event.body["value"]["erasure"] for event in _all(store, FORGOTTEN)) or "none yet"
        raise UsageError(f"there is no erasure {erasure!r}", where="ID", cure=f"known are: {known}")
    listed = [event.body["value"] for event in _all(store, ERASED)]
    rows = sum(len(value["rows"]) for value in listed if value["erasure"] == erasure)
    return Proof(Receipt.model_validate(told[0].body["value"]), rows, tuple(store.journal.verify().problems))


def _all(store: Store, type: str) -> list[Event]:
    found, after = list[Event](), 0
    while events := store.journal.read(after=after, types=[type]):
        found += events
        after = events[-1].seq
    return found
