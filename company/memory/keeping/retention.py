"""Retention: what is old and never used any more is archived, and after as long again removed.

An episode ages from the last time it was remembered, a superseded fact from the day it ceased to hold. What a person
pinned and what another memory in use was concluded from stays. Lessons, relationships and personas do not age. When a
role holds more than its quota, the least of it is archived first: by importance, use and age.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from company.config import MemoryRetentionSettings
from company.memory.keeping.past import Past
from company.memory.keeping.tables import remove
from company.memory.records import Records
from company.memory.visibility import stamp
from company.ports import Clock

CHORE: Final = "retention"

_CITED: Final = (
    "seq IN (SELECT CAST(substr(cited.value, 2) AS INTEGER) "
    "FROM memory AS other, json_each(other.derived_from) AS cited "
    "WHERE other.derived_from <> '[]' AND other.status IN ('active', 'proposed'))"
)
_FREE: Final = f"status = 'active' AND pinned = 0 AND NOT {_CITED}"
_DUE: Final = (
    f"({_FREE} AND kind = 'episodic' AND last_used_at <= :episodic) "
    "OR (status = 'active' AND pinned = 0 AND kind = 'semantic' AND valid_to <= :semantic)"
)
_REMOVABLE: Final = (
    f"status = 'archived' AND pinned = 0 AND decided_by = '' AND NOT {_CITED} AND valid_to IS NOT NULL AND ("
    "(kind = 'episodic' AND valid_to <= :episodic AND last_used_at <= :episodic) "
    "OR (kind = 'semantic' AND superseded_by <> '' AND valid_to <= :semantic_twice))"
)
_OVER: Final = f"""
SELECT seq FROM (
    SELECT seq, row_number() OVER (PARTITION BY role ORDER BY pinned DESC, importance DESC, use_count DESC,
                                   last_used_at DESC, seq DESC) AS place, ({_FREE} AND kind <> 'persona') AS is_free
    FROM memory WHERE status = 'active' AND valid_to IS NULL
) WHERE place > :quota AND is_free
"""  # noqa: S608 (constants only)


@dataclass(frozen=True, slots=True)
class Retained:
    """What retention came to.

    Attributes:
        archived: Memories that are out of use now.
        removed: Memories that were out of use for long enough and are gone.
    """

    archived: int
    removed: int


class Retention:
    """Applies the rules of `[memory.retention]`.

    Args:
        records: The memories.
        past: Their changes.
        settings: The rules.
        clock: Company time.
    """

    def __init__(self, records: Records, past: Past, settings: MemoryRetentionSettings, clock: Clock) -> None:
        self._records, self._past, self._settings, self._clock = records, past, settings, clock

    def once_a_day(self) -> Retained | None:
        """Apply the rules unless this was done on this company day; costs one look otherwise."""
        today = self._clock.now().date().isoformat()
        done = self._records.db.execute("SELECT done FROM chore WHERE name = ?", (CHORE,)).fetchone()
        return None if done is not None and done["done"] == today else self.apply()

    def apply(self) -> Retained:
        """Apply the rules now."""
        now = self._clock.now()
        with self._records.transaction(), self._past.because("retention"):
            removed = self._remove(now)
            archived = self._archive(f"SELECT seq FROM memory WHERE {_DUE}", now) + self._archive(_OVER, now)  # noqa: S608
            self._records.db.execute("INSERT OR REPLACE INTO chore VALUES (?, ?)", (CHORE, now.date().isoformat()))
        return Retained(archived, removed)

    def _archive(self, chosen: str, now: datetime) -> int:
        """Archive; what still held ends now."""
        found = self._records.db.execute(
            "UPDATE memory SET status = 'archived', valid_to = coalesce(valid_to, :now) "  # noqa: S608 (constants only)
            f"WHERE seq IN ({chosen})",
            self._limits(now),
        )
        return found.rowcount

    def _remove(self, now: datetime) -> int:
        found = self._records.db.execute(f"SELECT seq FROM memory WHERE {_REMOVABLE}", self._limits(now))  # noqa: S608
        seqs = [row["seq"] for row in found]
        remove(self._records, seqs)
        return len(seqs)

    def _limits(self, now: datetime) -> Mapping[str, object]:
        ages: dict[str, timedelta] = {
            "episodic": self._settings.episodic,
            "semantic": self._settings.semantic,
            "semantic_twice": 2 * self._settings.semantic,
        }
        return {name: stamp(now - age) for name, age in ages.items()} | {
            "now": stamp(now),
            "quota": self._settings.quota,
        }
