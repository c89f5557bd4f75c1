"""The words of the memory: two FTS5 tables, one of every text alone and one of every text with those beside it.

In a conversation the answer often stands next to the words of the question, so a text is also found by what was said
just before and after it. The tables and the triggers that keep them right are in `schema.sql`.

BM25 costs in proportion to the rows that match. A search therefore names its role inside the full-text query, and
leaves out the most common words of a question when rarer ones decide: a word that thousands of memories share says
little about any of them. If even the rarest word is that common, the newest memories with it are looked at.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Final

from company.memory.item import SHARED
from company.memory.records import Records
from company.memory.visibility import visible

_ROWS: Final = 3_000  # rows of the first table that one question may match; some 10 ms
_FEW: Final = 3
_TABLES: Final = ("memory_text", "memory_around")
_AHEAD: Final = 2  # times as many are looked at, because some may be out of sight


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, and for which time.

    Attributes:
        role: Whose memory.
        person: Who is being talked to; empty when nobody is.
        branch: Arm of a persona experiment; empty for none.
        as_of: Time at which a memory must have held; None means now.
    """

    role: str
    person: str = ""
    branch: str = ""
    as_of: datetime | None = None

    def sees(self) -> tuple[str, dict[str, str]]:
        """Return the SQL condition on the table `memory` for what the reader sees, with its arguments."""
        return visible(self.role, self.person, branch=self.branch, as_of=self.as_of)


@dataclass(frozen=True, slots=True)
class Shared:
    """What shares words with a question.

    Attributes:
        alone: BM25 scores, greater is better, of texts by number of the memory.
        around: BM25 scores of texts with those beside them.
        whole: About the score of a text of usual length that has every term once.
    """

    alone: Mapping[int, float]
    around: Mapping[int, float]
    whole: float


@dataclass(frozen=True, slots=True)
class _Term:
    forms: Sequence[str]
    count: int  # texts of the role that have it, counted no further than it matters


class Lexical:
    """Memories by their words.

    Args:
        records: The truth, which holds both tables.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def shared(self, reader: Reader, terms: Sequence[Sequence[str]], limit: int) -> Shared:
        """Return the visible memories that share a term with a question.

        Args:
            reader: Who asks.
            terms: The terms of the question, each as the forms it may take.
            limit: At most this many memories of each kind.
        """
        telling = self._telling(reader, terms)
        deciding = _deciding(telling)
        if not deciding:
            return Shared({}, {}, 0.0)
        match = _match(reader, [term.forms for term in deciding])
        since = self._newest(match) if deciding[0].count > _ROWS else 0
        found = [self._scored(table, match, since, _AHEAD * limit) for table in _TABLES]
        seen = self._seen(reader, {seq for scores in found for seq in scores})
        alone, around = (
            self._best(table, reader, match, since, limit)
            if len(scores) == _AHEAD * limit and len(seen & scores.keys()) < limit
            else dict([(seq, score) for seq, score in scores.items() if seq in seen][:limit])
            for table, scores in zip(_TABLES, found, strict=True)
        )
        return Shared(alone, around, self._whole(reader, telling))

    def about(self, reader: Reader, subjects: Sequence[str], limit: int) -> list[int]:
        """Return the visible memories about any of the subjects: facts with a key first, then the newest."""
        condition, arguments = reader.sees()
        rows = self._records.db.execute(
            "SELECT seq FROM memory INDEXED BY memory_subject WHERE memory.role IN (:role, '*') "  # noqa: S608 (constants only)
            f"AND subject_key IN (SELECT value FROM json_each(:subjects)) AND {condition} "
            "ORDER BY fact_key = '', seq DESC LIMIT :limit",
            arguments | {"subjects": json.dumps(subjects), "limit": limit},
        )
        return [row["seq"] for row in rows]

    def _telling(self, reader: Reader, terms: Sequence[Sequence[str]]) -> list[_Term]:
        """Return the terms that are not only who speaks; all of them when there are no others."""
        counted = [_Term(forms, self._count(_match(reader, [forms]))) for forms in terms]
        return [term for term in counted if not self._speaks(reader, term)] or counted

    def _speaks(self, reader: Reader, term: _Term) -> bool:
        """Return whether most texts that have a term begin with it, as what its bearer says does."""
        return term.count > _FEW and 2 * self._count(_match(reader, [term.forms], "^")) > term.count

    def _count(self, match: str) -> int:
        return self._records.number(
            "SELECT count(*) FROM (SELECT 1 FROM memory_text WHERE memory_text MATCH ? LIMIT ?)", match, _ROWS + 1
        )

    def _whole(self, reader: Reader, terms: Sequence[_Term]) -> float:
        """Return the sum of what BM25 gives for each term found once in a text of usual length."""
        memories = self._records.number("SELECT count(*) FROM memory WHERE role IN (?, ?)", reader.role, SHARED)
        return sum(max(0.0, log((memories - term.count + 0.5) / (term.count + 0.5))) for term in terms)

    def _newest(self, match: str) -> int:
        """Return the number of the oldest among as many of the newest matches as may be looked at."""
        rows = self._records.db.execute(
            "SELECT rowid FROM memory_text WHERE memory_text MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?",
            (match, _ROWS),
        ).fetchone()
        return int(rows[0]) if rows else 0

    def _scored(self, table: str, match: str, since: int, limit: int) -> dict[int, float]:
        rows = self._records.db.execute(
            f"SELECT rowid AS seq, -bm25({table}, 0.0, 1.0) AS score FROM {table} "  # noqa: S608 (constants only)
            f"WHERE {table} MATCH :match AND rowid >= :since ORDER BY score DESC, seq LIMIT :limit",
            {"match": match, "since": since, "limit": limit},
        )
        return {row["seq"]: row["score"] for row in rows}

    def _seen(self, reader: Reader, seqs: Iterable[int]) -> set[int]:
        condition, arguments = reader.sees()
        rows = self._records.db.execute(
            f"SELECT seq FROM memory WHERE {condition} "  # noqa: S608 (constants only)
            "AND seq IN (SELECT value FROM json_each(:seqs))",
            arguments | {"seqs": json.dumps(list(seqs))},
        )
        return {row["seq"] for row in rows}

    def _best(self, table: str, reader: Reader, match: str, since: int, limit: int) -> dict[int, float]:
        """Return the best visible matches by looking at every match, for when what is out of sight crowds them out."""
        condition, arguments = reader.sees()
        rows = self._records.db.execute(
            f"SELECT memory.seq AS seq, -bm25({table}, 0.0, 1.0) AS score FROM {table} "  # noqa: S608 (constants only)
            f"JOIN memory ON memory.seq = {table}.rowid WHERE {table} MATCH :match AND {table}.rowid >= :since "
            f"AND {condition} ORDER BY score DESC, seq LIMIT :limit",
            arguments | {"match": match, "since": since, "limit": limit},
        )
        return {row["seq"]: row["score"] for row in rows}


def _deciding(terms: Sequence[_Term]) -> list[_Term]:
    """Return the rarest terms, as many as together match few enough memories, and at least one."""
    kept: list[_Term] = []
    rows = 0
    for term in sorted((term for term in terms if term.count), key=lambda term: term.count):
        rows += term.count
        if kept and rows > _ROWS:
            break
        kept.append(term)
    return kept


def _match(reader: Reader, terms: Sequence[Sequence[str]], start: str = "") -> str:
    roles = " OR ".join(role.encode().hex() for role in (reader.role, SHARED))
    words = " OR ".join(f'{start} "{form}"' for forms in terms for form in forms)
    return f"reader : ({roles}) AND text : ({words})"
