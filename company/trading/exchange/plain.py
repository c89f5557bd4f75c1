"""Books of a simulation: in memory, and quick because documents are kept as they are instead of as text.

What is put in must not be changed afterwards, and what comes out neither; the exchange and the ledger do neither. A
transaction keeps an undo log, so its cost follows what it changes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from company.ports import Json


class PlainBooks:
    """Implements `company.ports.Books`; gone with the process."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Json]] = defaultdict(dict)
        self._numbers: dict[str, int] = defaultdict(int)
        self._undo: list[Callable[[], None]] = []
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group the calls inside; an exception undoes them, in a nested group only the inner ones."""
        mark = len(self._undo)
        self._depth += 1
        try:
            yield
        except BaseException:
            while len(self._undo) > mark:
                self._undo.pop()()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._undo.clear()

    def get(self, kind: str, key: str) -> Json | None:
        """Return the document, or None."""
        return self._kinds[kind].get(key)

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Store a document; one that is replaced keeps its place in the listing."""
        rows = self._kinds[kind]
        before = rows.get(key)
        rows[key] = document if isinstance(document, dict) else dict(document)
        if self._depth:
            self._undo.append(lambda: _restore(rows, key, before))

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; False when there was none."""
        rows = self._kinds[kind]
        if key not in rows:
            return False
        if self._depth:
            earlier = dict(rows)  # few are ever deleted from: what is open
            self._undo.append(lambda: _replace(rows, earlier))
        del rows[key]
        return True

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Return key and document of one kind, the first inserted first, as they are now."""
        return iter(list(self._kinds[kind].items()))

    def newest(self, kind: str, limit: int) -> list[tuple[str, Json]]:
        """Return up to `limit` documents, the last inserted first."""
        rows = self._kinds[kind]
        return [(key, rows[key]) for key in islice(reversed(rows), limit)]

    def next_number(self, kind: str) -> int:
        """Return 1, 2, 3, ... for each `kind`; a number taken in a transaction that fails is given back."""
        before = self._numbers[kind]
        self._numbers[kind] = before + 1
        if self._depth:
            self._undo.append(lambda: self._numbers.__setitem__(kind, before))
        return before + 1


def _restore(rows: dict[str, Json], key: str, before: Json | None) -> None:
    if before is None:
        del rows[key]
    else:
        rows[key] = before


def _replace(rows: dict[str, Json], earlier: dict[str, Json]) -> None:
    rows.clear()
    rows.update(earlier)
