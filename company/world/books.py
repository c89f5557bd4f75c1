"""The in-memory twin of the durable books: same behaviour, gone with the process.

Documents are kept as JSON text, so what comes back is never the object that was put in, and `Decimal` and aware
`datetime` values come back as the strings a database would give. A transaction keeps an undo log instead of a copy, so
its cost follows what it changes.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from company.ports import Json


class MemoryBooks:
    """Books that live in memory."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        self._numbers: dict[str, int] = defaultdict(int)
        self._insertions = 0
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
        row = self._kinds[kind].get(key)
        return _decode(row[1]) if row else None

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Store a document; one that is replaced keeps its place in the listing.

        Raises:
            TypeError: A value is neither JSON, nor a Decimal, nor an aware datetime.
        """
        text = json.dumps(dict(document), default=_encode, allow_nan=False)
        rows, row = self._kinds[kind], self._kinds[kind].get(key)
        if row is None:
            self._insertions += 1
        rows[key] = (row[0] if row else self._insertions, text)
        self._remember(lambda: _restore(rows, key, row))

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; False when there was none."""
        rows = self._kinds[kind]
        row = rows.pop(key, None)
        if row is not None:
            self._remember(lambda: _restore(rows, key, row))
        return row is not None

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Return key and document of one kind, the first inserted first."""
        return iter([(key, _decode(text)) for key, (_, text) in self._sorted(kind)])

    def newest(self, kind: str, limit: int) -> list[tuple[str, Json]]:
        """Return up to `limit` documents, the last inserted first."""
        rows = self._sorted(kind)[::-1][:limit]
        return [(key, _decode(text)) for key, (_, text) in rows]

    def next_number(self, kind: str) -> int:
        """Return 1, 2, 3, ... for each `kind`; a number taken in a transaction that fails is given back."""
        before = self._numbers[kind]
        self._numbers[kind] = before + 1
        self._remember(lambda: self._numbers.__setitem__(kind, before))
        return before + 1

    def _remember(self, undo: Callable[[], None]) -> None:
        if self._depth:
            self._undo.append(undo)

    def _sorted(self, kind: str) -> list[tuple[str, tuple[int, str]]]:
        return sorted(self._kinds[kind].items(), key=lambda item: item[1][0])


def _restore(rows: dict[str, tuple[int, str]], key: str, row: tuple[int, str] | None) -> None:
    if row is None:
        del rows[key]
    else:
        rows[key] = row


def _decode(text: str) -> Json:
    document: Json = json.loads(text)
    return document


def _encode(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    raise TypeError(f"a document cannot hold {value!r}: store JSON values, Decimals or aware datetimes")
