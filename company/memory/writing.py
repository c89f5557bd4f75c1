"""The write path: screen, provenance, duplicates, keyed facts; then one transaction with texts, vectors and outbox.

Nothing here asks a model and nothing is written that was not given. A secret is refused with all notes that came with
it. What is remembered again is counted. What would contradict a better source, or steer a role by a stranger's words,
is kept as a proposal until a person decides. What was forgotten at a person's order is not stored again: its item has
the id `m0`, which finds nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from company.errors import UsageError
from company.memory.duplicates import Duplicates
from company.memory.facts import Facts
from company.memory.item import SHARED, MemoryItem, Note
from company.memory.keeping.tombstones import Tombstones
from company.memory.provenance import guarded, inherited, overrules
from company.memory.records import Records, fact_key, number_of
from company.memory.screen import screened
from company.memory.similarity import Similarity
from company.memory.visibility import stamp
from company.ports import Clock

_COMPANYS_OWN: Final = 2


class Writing:
    """Stores what the roles remember.

    Args:
        records: The truth.
        similarity: Gives texts their vectors.
        clock: The company's time.
    """

    def __init__(self, records: Records, similarity: Similarity, clock: Clock) -> None:
        self._records = records
        self._similarity = similarity
        self._clock = clock
        self._facts = Facts(records)
        self._tombstones = Tombstones(records)
        self._duplicates = Duplicates(records, similarity)

    def write(self, notes: Sequence[Note]) -> list[MemoryItem]:
        """Store the notes in one transaction, or none of them; see `Memory.remember_many`."""
        kept = [screened(note) for note in notes]
        fresh = dict.fromkeys(note.text for note in kept if self._duplicates.same(note) is None)
        known = self._records.known(fresh, self._similarity.id)  # reports of equal words are common
        made = self._similarity.embed([text for text in fresh if text not in known])
        vectors = known | made  # before the transaction: others may write meanwhile
        at = self._clock.now()
        with self._records.transaction():
            return [self._keep(note, at, vectors) for note in kept]

    def decide(self, id: str, accept: bool, person: str) -> MemoryItem:
        """Let a proposal take effect, or refuse it; see `Memory.decide`."""
        at = self._clock.now()
        with self._records.transaction():
            item = self.get(id)
            if item.status not in ("proposed", "quarantined"):
                raise UsageError(f"memory {id!r} is {item.status}, so there is nothing to decide about it")
            keyed = accept and fact_key(item.subject, item.predicate)  # newer evidence may take a proposal back
            if not person and (item.tainted or item.kind == "persona" or keyed):
                raise UsageError(f"memory {id!r} needs a person's decision; name the person who decides")
            return self._accept(item, at, person) if accept else self._refuse(item, person)

    def share(self, id: str) -> MemoryItem:
        """Give a role's memory to all roles; see `Memory.share`."""
        at = self._clock.now()
        with self._records.transaction():
            item = self.get(id)
            if item.role == SHARED:
                return item
            if item.kind == "persona" or item.status != "active" or item.valid_to is not None:
                raise UsageError(f"memory {id!r} cannot be shared: it is {_obstacle(item)}")
            fields = {name: getattr(item, name) for name in Note.model_fields}
            note = Note(**fields | {"role": SHARED, "derived_from": (id,)})
            shared = self._store(note, at, {})
            accepted = item.decided_by if shared.status == "active" else ""
            return self._records.change(shared.id, decided_by=accepted) if accepted else shared

    def get(self, id: str) -> MemoryItem:
        """Return one memory, whatever its status; see `Memory.get`."""
        item = self._records.get(id)
        if item is None:
            raise UsageError(f"there is no memory {id!r}; `company memory search` finds ids")
        return item

    def history(self, id: str) -> list[MemoryItem]:
        """Return all values the key of a memory ever had; see `Memory.history`."""
        item = self.get(id)
        return self._facts.history(item) if fact_key(item.subject, item.predicate) else [item]

    def _keep(self, note: Note, at: datetime, vectors: Mapping[str, bytes]) -> MemoryItem:
        if self._tombstones.covers(note):
            return self._tombstones.unkept(note, at)
        return self._store(guarded(inherited(note, self._records)), at, vectors)

    def _store(self, note: Note, at: datetime, vectors: Mapping[str, bytes]) -> MemoryItem:
        keyed = bool(fact_key(note.subject, note.predicate))
        same = self._facts.repeated(note, at) if keyed else self._duplicates.same(note)
        if same is not None and not overrules(note, same):
            return self._again(same, at)
        found = vectors if note.text in vectors else self._similarity.embed([note.text])
        vector = found.get(note.text)
        if vector is not None and (near := self._duplicates.near(note, vector)) is not None:
            return self._again(near, at)
        item = self._facts.place(note, at) if keyed else self._add(note, at, instead_of=same)
        if vector is not None:
            self._records.add_vectors({number_of(item.id): vector}, self._similarity.id)
        return item

    def _again(self, item: MemoryItem, at: datetime) -> MemoryItem:
        return self._records.change(item.id, use_count=item.use_count + 1, last_used_at=stamp(at))

    def _add(self, note: Note, at: datetime, *, instead_of: MemoryItem | None) -> MemoryItem:
        """Insert a note; the operator's own word takes the place of the same text that was only claimed."""
        if instead_of is None or instead_of.status != "active":
            return self._records.add(note, at)
        self._records.change(instead_of.id, valid_to=stamp(at))
        item = self._records.add(note, at, supersedes=instead_of.id)
        self._records.change(instead_of.id, superseded_by=item.id)
        return item

    def _accept(self, item: MemoryItem, at: datetime, person: str) -> MemoryItem:
        if fact_key(item.subject, item.predicate):
            held = self._facts.holding(item, at)
            trust = max(item.trust, _COMPANYS_OWN, held.trust if held is not None else 0)
            return self._facts.accept(item, at, decided_by=person, trust=trust)
        same = self._duplicates.same(item)
        if same is not None and same.status == "active":
            self._refuse(item, person, superseded_by=same.id)
            return self._again(same, at)
        trust = max(item.trust, _COMPANYS_OWN) if person else item.trust
        return self._records.change(item.id, status="active", decided_by=person, trust=trust)

    def _refuse(self, item: MemoryItem, person: str, **columns: str) -> MemoryItem:
        """Archive a proposal as one that never held, see `REFUSED`."""
        never = stamp(item.valid_from or item.created_at)
        return self._records.change(item.id, status="archived", decided_by=person, valid_to=never, **columns)


def _obstacle(item: MemoryItem) -> str:
    if item.kind == "persona":
        return "what one role is"
    return "superseded" if item.status == "active" else item.status
