"""Who sees which memory, as one SQL condition that every query of the room uses.

A reader sees the memories of its role and those that all roles share; the company's and those of the person it talks
to; those of every arm of an experiment and of its own; and of these what is in use and holds. A fact that an arm
learned anew hides from that arm the one that every arm sees.
"""

from datetime import UTC, datetime
from typing import Final

_OWNED: Final = (  # the sign keeps SQLite from walking through the role where numbers of memories are asked about
    "+memory.role IN (:role, '*') AND memory.person IN ('', :person) AND memory.branch IN ('', :branch) "
    "AND memory.status = 'active'"
)
_HOLDS: Final = "{row}.valid_to IS NULL"
_HELD: Final = "{row}.valid_from <= :as_of AND ({row}.valid_to IS NULL OR {row}.valid_to > :as_of)"
_RELEARNED: Final = (
    "memory.branch = '' AND memory.fact_key <> '' AND EXISTS (SELECT 1 FROM memory AS own "
    "WHERE own.fact_key = memory.fact_key AND own.role = memory.role AND own.person = memory.person "
    "AND own.branch = :branch AND own.status = 'active' AND {valid})"
)


def visible(role: str, person: str, *, branch: str = "", as_of: datetime | None = None) -> tuple[str, dict[str, str]]:
    """Return the condition on the table `memory` that holds for what a reader sees, with its arguments.

    Args:
        role: Who reads.
        person: Who is being talked to; empty when nobody is.
        branch: Arm of a persona experiment; empty for none.
        as_of: Time at which a memory must have held; None means now.
    """
    valid = _HOLDS if as_of is None else _HELD
    condition = f"{_OWNED} AND {valid.format(row='memory')}"
    if branch:
        condition += f" AND NOT ({_RELEARNED.format(valid=valid.format(row='own'))})"
    arguments = {"role": role, "person": person, "branch": branch}
    return condition, arguments | ({} if as_of is None else {"as_of": stamp(as_of)})


def stamp(at: datetime) -> str:
    """Return a time as it is stored: UTC, so that texts compare as the times do."""
    return at.astimezone(UTC).isoformat()
