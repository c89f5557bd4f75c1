"""The hash chain: how a journal row is sealed, and how a whole journal is held to its seals.

A row's hash is the SHA-256 of the JSON array (ASCII, no spaces) of its columns in table order, from `seq` to
`previous`; `body` is hashed as the text it is stored as, so that even a space cannot be moved. Anybody can recompute
it from a dump with a dozen lines of any language.

What a person has erased is the exception that proves itself (`erasure.py`): the row keeps its place, its previous and
its hash, so that the chain goes on, and a later row, signed with the journal's key, names the hash that the row would
have with what stands in its body now. Such a row is counted, not believed: it shows that something was erased, by whom,
and nothing else.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Any

from company.events import Json
from company.store.heads import Head

ERASED = "journal.erased"
"""Type of the rows that say which others were erased; their value has `rows`: pairs of seq and hash as it would be."""

ROOT = "0" * 64
"""What the first row has in place of a previous hash."""

MAX_PROBLEMS = 100

_TYPE, _BODY = 6, 7
"""Places of these columns in a row."""

_canonical = json.JSONEncoder(separators=(",", ":"), default=lambda raw: {"bytes": bytes(raw).hex()}).encode


def seal(columns: Sequence[Any]) -> str:
    """Return the hash of a row: of its columns from `seq` to `previous`."""
    return hashlib.sha256(_text(columns).encode()).hexdigest()


def _text(columns: Sequence[Any]) -> str:
    """Return the canonical JSON; a number and then text, as rows are unless they are damaged, takes a fifth as long."""
    seq, *texts = columns
    if type(seq) is int:
        with suppress(TypeError):  # one of them is no text
            return f"[{seq},{','.join(map(encode_basestring_ascii, texts))}]"
    return _canonical(columns)


@dataclass(frozen=True, slots=True)
class Verification:
    """What an examination of the journal found.

    Attributes:
        ok: Nothing is wrong.
        rows: Rows that were read.
        head_seq: Seq of the last genuine signed head, 0 when there is none.
        problems: What is wrong, each naming the seq; at most 100, the first found.
        erased: Rows of which a person had something erased; nothing is wrong with them.
    """

    ok: bool
    rows: int
    head_seq: int
    problems: list[str]
    erased: int = 0


@dataclass(slots=True)
class Audit:
    """Walks the rows in order and notes what contradicts their seals or the signed heads.

    Args:
        heads: Genuine heads, to be met on the way.
        problems: What was found before.
        is_signed: Tells whether the value of a `journal.erased` event was signed by this journal's key.
    """

    heads: Sequence[Head]
    problems: list[str]
    is_signed: Callable[[Json], bool]
    rows: int = 0
    seq: int = 0
    hash: str = ROOT
    _due: dict[int, list[Head]] = field(init=False)
    _changed: dict[int, str] = field(default_factory=dict)
    _erased: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._due = {}
        for head in self.heads:
            self._due.setdefault(head.seq, []).append(head)

    def walk(self, rows: Iterable[Sequence[Any]]) -> None:
        """Examine rows: the columns from `seq` to `previous`, and `hash`."""
        for *columns, digest in rows:
            seq, previous = columns[0], columns[-1]
            if seq != self.seq + 1:
                self.note(_gap(self.seq + 1, seq))
            elif previous != self.hash:
                self.note(f"seq {seq}: does not follow from the row before; one of the two was changed or moved")
            if (present := seal(columns)) != digest:
                self._changed[seq] = present
            if columns[_TYPE] == ERASED:
                self._read_erasure(columns[_BODY])
            if seq in self._due:
                self._meet(seq, digest)
            self.rows, self.seq, self.hash = self.rows + 1, seq, digest

    def finish(self, *, expected: int, expected_hash: str, newest: int) -> Verification:
        """Compare the end.

        Args:
            expected: The journal's last seq as the database remembered it before the walk.
            expected_hash: That row's hash.
            newest: The same after the walk; others may have appended meanwhile.
        """
        erased = self._settle()
        if self.seq < expected:
            self.note(f"seq {self.seq + 1} to {expected}: rows are missing at the end, the journal was truncated")
        elif self.seq > newest:
            self.note(f"seq {newest + 1} to {self.seq}: rows the journal never wrote")
        elif self.seq == expected and self.hash != expected_hash:
            self.note(f"seq {expected}: the last row is not the one the journal wrote")
        for seq in self._due:
            self.note(f"seq {seq}: a head was signed here, but the row is missing: deleted or truncated")
        head_seq = max((head.seq for head in self.heads), default=0)
        return Verification(not self.problems, self.rows, head_seq, self.problems[:MAX_PROBLEMS], erased)

    def note(self, problem: str) -> None:
        """Add a problem; those past the maximum only keep the journal from being good."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def _read_erasure(self, body: Any) -> None:
        """Take note of the rows that a genuine statement lists; of several about one row the last holds."""
        with suppress(ValueError, TypeError, KeyError):  # a damaged statement excuses nothing
            value = json.loads(body)["value"]
            if self.is_signed(value):
                self._erased.update({int(seq): str(digest) for seq, digest in value["rows"]})

    def _settle(self) -> int:
        """Note the rows that were changed without being erased, and return how many were erased."""
        for seq, digest in self._changed.items():
            if seq not in self._erased:
                self.note(f"seq {seq}: the row was changed, its hash does not match")
            elif self._erased[seq] != digest:
                self.note(f"seq {seq}: the row was changed after it was erased")
        for seq in sorted(self._erased.keys() - self._changed.keys()):
            if seq <= self.seq:
                self.note(f"seq {seq}: what was erased is back")
        return len(self._erased)

    def _meet(self, seq: int, digest: str) -> None:
        if any(head.hash != digest for head in self._due.pop(seq)):
            self.note(f"seq {seq}: a head signed here has another hash; the journal up to here was rewritten")


def _gap(expected: int, found: int) -> str:
    if found < expected:
        return f"seq {found}: not a place in the journal"
    return f"seq {expected}" + (f" to {found - 1}" if found - 1 > expected else "") + ": deleted"
