"""A fresh store for each test, copied from one that was made once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from company.ports import Books
from company.store import Store


@dataclass
class Watch:
    """A clock that moves when told."""

    moment: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def tick(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def now() -> Watch:
    return Watch()


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pristine")
    Store.open(directory / "state.db", now=Watch()).close()
    return directory


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    """A folder with an empty store in it."""
    return Path(shutil.copytree(pristine, tmp_path / "home"))


@pytest.fixture
def open_store(home: Path, now: Watch) -> Iterator[Callable[[], Store]]:
    """Opens the same database again and again, as several processes would."""
    opened: list[Store] = []

    def again() -> Store:
        opened.append(Store.open(home / "state.db", now=now))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


class CrashError(Exception):
    """What happens in the middle of a transaction."""


@pytest.fixture
def failing() -> Callable[[Store | Books], AbstractContextManager[None]]:
    """A transaction that fails after everything inside was done."""

    @contextmanager
    def failed(owner: Store | Books) -> Iterator[None]:
        with suppress(CrashError), owner.transaction():
            yield
            raise CrashError

    return failed
