"""Commands that were answered, by the key their client gave them: the same command sent twice is done once.

Keys belong to a person, so that nobody is given another's answer, and are forgotten after a week: a client repeats a
command while its connection is bad, not in another season.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from company.events import Json
from company.store.database import Store
from company.store.prepared import Prepared
from company.store.schema import encode, requests

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that was sent under a key before.

    Attributes:
        digest: Fingerprint of what was asked.
        answer: What it came to, as JSON.
    """

    digest: str
    answer: Json


class Requests:
    """Remembers commands by key.

    Args:
        store: The company's store.
        now: Wall-clock time.
    """

    def __init__(self, store: Store, *, now: Callable[[], datetime]) -> None:
        self._connection, self._now = store._connection, now

    def find(self, person: str, key: str) -> Answered | None:
        """Return what a person's key was used for in the last week, None when it is new."""
        row = self._connection.first(_find, {"of_person": person, "of_key": key, "since": self._now() - KEPT})
        return None if row is None else Answered(row.digest, row.answer)

    def keep(self, person: str, key: str, digest: str, answer: Mapping[str, Any]) -> None:
        """Remember a command, in the transaction of what it did, and forget what is older than a week."""
        now = self._now()
        with self._connection.joined():
            self._connection.change(_forget, {"until": now - KEPT})
            self._connection.change(
                _insert, {"person": person, "key": key, "digest": digest, "answer": dict(answer), "at": now}
            )


def digest_of(asked: Mapping[str, Any]) -> str:
    """Return the fingerprint of a command."""
    return sha256(encode(dict(sorted(asked.items()))).encode()).hexdigest()


_find = Prepared(
    sa.select(requests.c.digest, requests.c.answer).where(
        requests.c.person == sa.bindparam("of_person"),
        requests.c.key == sa.bindparam("of_key"),
        requests.c.at > sa.bindparam("since"),
    )
)
_forget = Prepared(sa.delete(requests).where(requests.c.at <= sa.bindparam("until")))
_insert = Prepared(sa.insert(requests))
