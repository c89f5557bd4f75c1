"""A client's place in the journal: `<epoch>:<seq>`, the number of the last event it knows and which journal counted it.

A home that was deleted and begun again counts from 1 again. The epoch tells the two apart, so nobody resumes a stream
in the middle of another company's history.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from company.server.faults import Refusal

_FORM = re.compile(r"(?:([0-9a-f]{8}):)?([0-9]{1,18})", re.ASCII)


class Cursor(NamedTuple):
    """A place; `epoch` is empty where the client shows a number only."""

    epoch: str
    seq: int


class Begin(NamedTuple):
    """Where a stream begins: after which event, and whether the client must forget what it has."""

    after: int
    reset: bool


def epoch_of(home_id: str) -> str:
    """Return the name of a home's journal in cursors, 8 hexadecimal digits."""
    return hashlib.sha256(home_id.encode()).hexdigest()[:8]


def parse(text: str) -> Cursor:
    """Read a cursor as clients show it.

    Raises:
        Refusal: 422, it is none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise Refusal(422, f"{text[:80]!r} is no cursor; show the id of an event, such as '1a2b3c4d:17', or its number")
    return Cursor(found[1] or "", int(found[2]))


def begin(shown: Iterable[Cursor], *, epoch: str, last: int) -> Begin:
    """Decide where a stream begins.

    Args:
        shown: What the client shows, what counts most first; it begins at the first one that is in this journal.
        epoch: This journal's.
        last: Its newest event.
    """
    reset = False
    for cursor in shown:
        if cursor.epoch in ("", epoch) and cursor.seq <= last:
            return Begin(cursor.seq, reset)
        reset = True
    return Begin(0, reset)
