"""What was forgotten at a person's order and may not come back: salted hashes only, so nobody can read them.

A hash is found by who knows the very text, so a tombstone stops what an import or a reflection brings back word for
word, or as the value of the same key. It does not stop the same thing said in other words; that is a new memory.
"""

import hmac
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from company.memory.item import MemoryItem, Note
from company.memory.keeping.tables import prepare
from company.memory.records import Records, fact_key
from company.memory.visibility import stamp

UNKEPT: Final = "m0"
"""Id of what was not stored, because it was to be forgotten."""


class Tombstones:
    """The tombstones of one memory.

    Args:
        records: Where they lie.
    """

    def __init__(self, records: Records) -> None:
        prepare(records)
        self._records = records
        self._salt = b""

    def covers(self, note: Note) -> bool:
        """Tell whether a note says what was to be forgotten."""
        if not self.count():
            return False
        digests = [self._digest(form) for form in _forms(note, note.text)]
        places = ", ".join("?" * len(digests))
        return bool(self._records.number(f"SELECT count(*) FROM tombstone WHERE digest IN ({places})", *digests))  # noqa: S608

    def unkept(self, note: Note, at: datetime) -> MemoryItem:
        """Return the item of a note that is covered: it has no id that can be found, and is in no use."""
        fields = {name: getattr(note, name) for name in Note.model_fields}
        return MemoryItem(**fields | {"status": "archived"}, id=UNKEPT, created_at=at, use_count=0)

    def add(self, items: Iterable[Note], texts: Iterable[str], *, erasure: str, at: datetime) -> int:
        """Keep memories, and texts of any kind, from coming back; returns how many hashes were added."""
        from company.store.traces import is_telling

        forms = {form for item in items for form in _forms(item, item.text)}
        forms |= {_text_form(text) for text in texts if is_telling(text)}
        rows = [(self._digest(form), erasure, stamp(at)) for form in sorted(forms)]
        before = self.count()
        with self._records.transaction():
            self._records.db.executemany("INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?)", rows)
            return self.count() - before

    def count(self) -> int:
        """Return how many there are."""
        return self._records.number("SELECT count(*) FROM tombstone")

    def _digest(self, form: str) -> bytes:
        return hmac.digest(self._secret(), form.encode("utf-8", "surrogatepass"), "sha256")

    def _secret(self) -> bytes:
        if not self._salt:
            self._records.db.execute("INSERT OR IGNORE INTO tombstone_salt VALUES (1, ?)", (secrets.token_bytes(32),))
            self._salt = self._records.db.execute("SELECT salt FROM tombstone_salt").fetchone()[0]
        return self._salt


def _forms(note: Note, text: str) -> Iterator[str]:
    """Yield the forms in which a note is recognised: its text, what somebody `said: ` in it, and a keyed value."""
    from company.store.traces import folded, is_telling  # the store is heavy, and most memories have no tombstone

    yield _text_form(text)
    if is_telling(said := text.partition(": ")[2]):
        yield _text_form(said)
    if (key := fact_key(note.subject, note.predicate)) and note.value:
        yield f"fact\n{note.person}\n{key}\n{folded(note.value)}"


def _text_form(text: str) -> str:
    from company.store.traces import folded

    return f"text\n{folded(text)}"
