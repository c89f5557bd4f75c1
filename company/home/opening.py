"""Opens the store of a state directory, and nothing else: what stops a company waits for no more than that."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from company.ports import Clock
from company.store import SecretStore, Store


def open_store(state: Path, clock: Clock | None = None) -> Store:
    """Open only the store of a state directory.

    Args:
        state: The state directory.
        clock: Company time, for effects; wall time when left out.
    """
    return Store.open(state / "company.db", now=_wall, company_time=clock.now if clock else _wall)


def open_secrets(state: Path, store: Store, environment: Mapping[str, str]) -> SecretStore:
    """Open the secret store of a state directory; nothing is read before it is asked.

    Args:
        state: The state directory.
        store: Its store, which knows the home's id.
        environment: Environment of the process, for the key that opens it.
    """
    return SecretStore(state, home_id=store.home_id, environment=environment, now=_wall)


def _wall() -> datetime:
    return datetime.now(UTC)
