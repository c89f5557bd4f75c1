"""A store in a folder of its own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from company.store import Store

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def now() -> Callable[[], datetime]:
    return lambda: MOMENT


@pytest.fixture
def store(tmp_path: Path, now: Callable[[], datetime]) -> Iterator[Store]:
    store = Store.open(tmp_path / "company.db", now=now)
    yield store
    store.close()
