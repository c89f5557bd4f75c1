"""Brings exported memories into a memory: whole or not at all, doubted unless trusted (`transfer.py` says how)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from company.memory.item import Note
from company.memory.keeping.past import Past
from company.memory.keeping.tombstones import Tombstones
from company.memory.keeping.transfer import Line, parsed
from company.memory.records import Records, fact_key, number_of
from company.memory.visibility import stamp
from company.memory.words import fingerprint

_TRUST: Final = 1


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes:
        sha256: Of the lines.
        added: Memories that are new here.
        known: Memories that were here already.
        covered: Memories that stay out, because they were to be forgotten.
        proposed: Of `added`, those that wait for a person.
    """

    sha256: str
    added: int
    known: int
    covered: int
    proposed: int


class Importing:
    """Brings an export into a memory.

    Args:
        records: The memories.
        past: Their changes.
        tombstones: What may not come back.
    """

    def __init__(self, records: Records, past: Past, tombstones: Tombstones) -> None:
        self._records, self._past, self._tombstones = records, past, tombstones

    def read(self, text: str, *, trusted: bool, at: datetime, origin: str) -> Imported:
        """Bring all memories of an export in, or none.

        Args:
            text: The export.
            trusted: Take trust, source and status over as they stand.
            at: Company time.
            origin: Where it came from, as it is written down with each memory.

        Raises:
            UsageError: A line is broken, or the lines are not those of the manifest; the message names the lines.
        """
        manifest, lines = parsed(text)
        with self._records.transaction(), self._past.because(origin):
            names, fresh, covered = self._sorted(lines)
            for line in fresh:
                self._insert(line, names, trusted=trusted, at=at, origin=origin)
            waiting = [number_of(names[line.id]) for line in fresh]
            proposed = self._records.number(
                "SELECT count(*) FROM memory WHERE status = 'proposed' AND seq IN (SELECT value FROM json_each(?))",
                json.dumps(waiting),
            )
        known = len(lines) - len(fresh) - covered
        return Imported(manifest.sha256, len(fresh), known, covered, proposed)

    def _sorted(self, lines: Sequence[Line]) -> tuple[dict[str, str], list[Line], int]:
        """Return the ids that lines have here, those that are new, and how many tombstones keep out."""
        names: dict[str, str] = {}
        fresh: list[Line] = []
        covered = 0
        given = self._records.number("SELECT max(seq) FROM (SELECT seq FROM sqlite_sequence WHERE name = 'memory')")
        highest = max([given, *(number_of(line.id) for line in lines)])
        for line in lines:
            if here := self._same(line):
                names[line.id] = here
            elif self._tombstones.covers(line.note()):
                covered += 1
            else:
                number = number_of(line.id)
                if number <= given:  # a number of this home, even when nobody has it any more
                    highest += 1
                    number = highest
                names[line.id] = f"m{number}"
                fresh.append(line)
        return names, fresh, covered

    def _same(self, line: Line) -> str:
        """Return the id of a memory that is this one: the same owner, text, key and time."""
        row = self._records.db.execute(
            "SELECT seq FROM memory WHERE content_sha256 = :print AND text = :text AND role = :role AND kind = :kind "
            "AND person = :person AND branch = :branch AND thread_id = :thread AND fact_key = :key "
            "AND created_at = :created AND (valid_from = :since OR seq = :seq)",
            {
                "print": fingerprint(line.text),
                "text": line.text,
                "role": line.role,
                "kind": line.kind,
                "person": line.person,
                "branch": line.branch,
                "thread": line.thread_id,
                "key": fact_key(line.subject, line.predicate),
                "created": stamp(line.created_at),
                "since": stamp(line.valid_from),
                "seq": number_of(line.id),
            },
        ).fetchone()
        return "" if row is None else f"m{row['seq']}"

    def _insert(self, line: Line, names: Mapping[str, str], *, trusted: bool, at: datetime, origin: str) -> None:
        update: dict[str, Any] = {"derived_from": tuple(names.get(origin, origin) for origin in line.derived_from)}
        note = line.note().model_copy(update=update if trusted else update | _doubted(line))
        columns = {
            "seq": number_of(names[line.id]),
            "last_used_at": stamp(line.last_used_at),
            "use_count": line.use_count,
            "valid_to": stamp(line.valid_to) if line.valid_to else None,
            "supersedes": names.get(line.supersedes, line.supersedes),
            "superseded_by": names.get(line.superseded_by, line.superseded_by),
            "decided_by": line.decided_by if trusted else "",
        }
        if note.status == "active" and line.valid_to is None and self._is_held(note):
            note = note.model_copy(update={"status": "proposed"})  # another value holds here: a person decides
        item = self._records.add(note, line.created_at, **columns)
        self._past.arrived(number_of(item.id), at, origin)

    def _is_held(self, note: Note) -> bool:
        """Tell whether the key has a value here, or the same text is in use."""
        key = fact_key(note.subject, note.predicate)
        same = "kind = :kind AND content_sha256 = :print AND (kind <> 'episodic' OR thread_id = :thread)"
        return bool(
            self._records.where(
                "role = :role AND person = :person AND branch = :branch AND status = 'active' AND valid_to IS NULL "
                f"AND fact_key = :key AND (fact_key <> '' OR {same})",
                role=note.role,
                person=note.person,
                branch=note.branch,
                key=key,
                kind=note.kind,
                print=fingerprint(note.text),
                thread=note.thread_id,
            )
        )


def _doubted(line: Line) -> dict[str, Any]:
    """Return what a memory of unknown origin has instead of what it claims."""
    steers = line.kind in ("persona", "procedural") and line.status == "active"
    return {
        "source": "import",
        "trust": min(line.trust, _TRUST),
        "status": "proposed" if steers else line.status,
    }
