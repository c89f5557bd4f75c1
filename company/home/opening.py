"""Opens the store of a state directory, and nothing else: what stops a company waits for no more than that."""

from datetime import UTC, datetime
from pathlib import Path

from company.ports import Clock
from company.store import Store


def open_store(state: Path, clock: Clock | None = None) -> Store:
    """Open only the store of a state directory.

    Args:
        state: The state directory.
        clock: Company time, for effects; wall time when left out.
    """
    return Store.open(state / "company.db", now=_wall, company_time=clock.now if clock else _wall)


def _wall() -> datetime:
    return datetime.now(UTC)
