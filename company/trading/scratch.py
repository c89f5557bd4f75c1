"""Books to calculate in: they read like the books beneath them, and what is written into them goes nowhere.

So the desk's own code can work out what a person wants to see, book by book and in the same words, without leaving a
trace that a run would find later.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from company.ports import Books, Json


class ScratchBooks:
    """Implements `company.ports.Books` over other books.

    Args:
        books: What is read where nothing was written here.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._written: dict[str, dict[str, str | None]] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group the calls inside; there is nothing to undo, because nobody else ever reads what they write."""
        yield

    def get(self, kind: str, key: str) -> Json | None:
        """Return the document, or None."""
        written = self._written.get(kind, {})
        return _decoded(written[key]) if key in written else self._books.get(kind, key)

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Keep a document here.

        Raises:
            TypeError: A value is neither JSON, nor a Decimal, nor a datetime.
        """
        self._written.setdefault(kind, {})[key] = json.dumps(dict(document), default=_text)

    def delete(self, kind: str, key: str) -> bool:
        """Hide a document; False when there was none."""
        found = self.get(kind, key) is not None
        self._written.setdefault(kind, {})[key] = None
        return found

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Return key and document of one kind, the first inserted first."""
        written = dict(self._written.get(kind, {}))
        rows = [(key, _decoded(written.pop(key)) if key in written else row) for key, row in self._books.items(kind)]
        rows += [(key, _decoded(text)) for key, text in written.items()]
        return iter([(key, row) for key, row in rows if row is not None])

    def newest(self, kind: str, limit: int) -> list[tuple[str, Json]]:
        """Return up to `limit` documents, the last inserted first."""
        return list(self.items(kind))[::-1][:limit]

    def next_number(self, kind: str) -> int:
        """Refuse: a number that is given must never be given again, and this one would be.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(f"scratch books give no number of {kind!r}: nobody would remember that it was given")


def _decoded(text: str | None) -> Json | None:
    document: Json | None = None if text is None else json.loads(text)
    return document


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a document cannot hold {value!r}: store JSON values, Decimals or aware datetimes")
