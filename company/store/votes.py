"""Votes: who said yes to a question that needs several people.

A name is all that is known of a person, so two spellings of one name are one person: `Ann`, `ann` and ` ANN ` together
say yes once.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from company.store.connection import Connection
from company.store.schema import votes


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's yes.

    Attributes:
        person: Who said it.
        at: When, wall-clock time.
        note: What the person said about it.
    """

    person: str
    at: datetime
    note: str


_of_one = (
    sa.select(votes.c.person, votes.c.at, votes.c.note)
    .where(votes.c.approval_id == sa.bindparam("of_id"))
    .order_by(votes.c.at, votes.c.person)
)


class Votes:
    """The votes about all questions.

    Args:
        connection: The store's database.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, approval_id: str) -> tuple[Vote, ...]:
        """Return who said yes to one question, first to last."""
        return tuple(Vote(*row) for row in self._connection.rows(_of_one, {"of_id": approval_id}))

    def cast(self, approval_id: str, vote: Vote) -> tuple[Vote, ...]:
        """Write a yes down, unless the person said it before, and return all of them."""
        with self._connection.joined():
            said = self.of(approval_id)
            if has_voted(said, vote.person):
                return said
            values = {"approval_id": approval_id, "person": vote.person, "at": vote.at, "note": vote.note}
            self._connection.change(sa.insert(votes), values)
            return self.of(approval_id)


def has_voted(said: Iterable[Vote], person: str) -> bool:
    """Tell whether a person is among those who said yes, however the name is written."""
    return name_of(person) in {name_of(vote.person) for vote in said}


def name_of(person: str) -> str:
    """Return what all spellings of a person's name have in common."""
    return " ".join(unicodedata.normalize("NFKC", person).casefold().split())
