"""Books on the store: a department's durable documents and running numbers, each department under its own name."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from company.ports import Json
from company.store.connection import Connection
from company.store.counters import next_number
from company.store.prepared import Prepared
from company.store.schema import documents

_of_kind = (documents.c.book == sa.bindparam("of_book"), documents.c.kind == sa.bindparam("of_kind"))
_of_key = (*_of_kind, documents.c.key == sa.bindparam("of_key"))

_get = Prepared(sa.select(documents.c.document).where(*_of_key))
_new = insert(documents).values(
    book=sa.bindparam("of_book"),
    kind=sa.bindparam("of_kind"),
    key=sa.bindparam("of_key"),
    document=sa.bindparam("of_document"),
)
_put = Prepared(
    _new.on_conflict_do_update(
        index_elements=(documents.c.book, documents.c.kind, documents.c.key), set_={"document": _new.excluded.document}
    )
)
_delete = Prepared(sa.delete(documents).where(*_of_key))
_items = Prepared(sa.select(documents.c.key, documents.c.document).where(*_of_kind).order_by(documents.c.position))
_newest = Prepared(
    sa.select(documents.c.key, documents.c.document)
    .where(*_of_kind)
    .order_by(documents.c.position.desc())
    .limit(sa.bindparam("most"))
)


class SqlBooks:
    """Implements `company.ports.Books`; its calls join the store's transaction.

    Args:
        connection: The store's database.
        name: Namespace of kinds, keys and numbers.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        if not name:
            raise ValueError("books need a name: the department they belong to")
        self._connection, self._name = connection, name

    def transaction(self) -> AbstractContextManager[None]:
        """Group the calls inside into one atomic change; nests, an inner failure undoes only the inner part."""
        return self._connection.transaction()

    def get(self, kind: str, key: str) -> Json | None:
        """Return the document, or None."""
        row = self._connection.first(_get, self._where(kind, key))
        return None if row is None else row.document

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Store a document; one that is replaced keeps its place in the listing.

        Raises:
            TypeError: A value has no JSON form.
        """
        self._connection.change(_put, {**self._where(kind, key), "of_document": dict(document)})

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; False when there was none."""
        return bool(self._connection.change(_delete, self._where(kind, key)))

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Return key and document of one kind, the first inserted first, as they are now."""
        return iter([(row.key, row.document) for row in self._connection.rows(_items, self._where(kind))])

    def newest(self, kind: str, limit: int) -> list[tuple[str, Json]]:
        """Return up to `limit` documents, the last inserted first."""
        rows = self._connection.rows(_newest, {**self._where(kind), "most": limit})
        return [(row.key, row.document) for row in rows]

    def next_number(self, kind: str) -> int:
        """Return 1, 2, 3, ... for each `kind`; a number taken in a transaction that fails is given back."""
        return next_number(self._connection, kind, book=self._name)

    def _where(self, kind: str, key: str | None = None) -> dict[str, Any]:
        where = {"of_book": self._name, "of_kind": kind}
        return where if key is None else {**where, "of_key": key}
