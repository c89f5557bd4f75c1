"""A home with all that is written when people talk to a company: memories, vectors, Chroma, journal, checkpoints."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from company import events
from company.events import Draft
from company.memory import MemoryItem, Note, VectorMemory
from company.memory.keeping.forgetting import Forgetting
from company.memory.keeping.plan import Order, Receipt
from company.memory.similarity import SimilaritySetup
from company.store import Requests, Store


@dataclass
class Home:
    """One state directory, opened."""

    state: Path
    clock: object
    embedder: object = None
    store: Store = field(init=False)
    memory: VectorMemory = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store.open(self.state / "company.db", now=self.clock.now)
        setup = SimilaritySetup(exact_below=1)  # Chroma from the first vector on
        self.memory = VectorMemory(directory=self.state, clock=self.clock, embedder=self.embedder, setup=setup)

    def keep(self, *notes: Note) -> list[MemoryItem]:
        """Remember."""
        return self.memory.writing.write(notes)

    def talk(self, person: str, said: str, answer: str, *, thread: str = "main", status: str = "done") -> str:
        """Write down a chat turn as the engine does, everywhere it does."""
        store, now = self.store, self.clock.now()
        run = store.runs.create(
            kind="chat", thread_id=thread, request=said, person=person, number=0, as_of=now, seed=7, identity="x"
        )
        third = len(answer) // 3
        pieces = [answer[:third], answer[third : 2 * third], answer[2 * third :]]
        bodies = [
            events.text_start(f"{run.id}/u", "user"),
            events.text_delta(f"{run.id}/u", said),
            events.text_end(f"{run.id}/u"),
            *(events.text_delta(f"{run.id}/a", piece) for piece in pieces),
            *events.tool_call("c1", "remember", json.dumps({"text": said})),
            events.custom("order.placed", {"symbol": "BTC/USDT", "quantity": "0.5", "price": "65320.38"}),
        ]
        store.journal.append([Draft(run.id, thread, "ceo", "user", body) for body in bodies])
        store.recordings.add(run.id, "thought", "", {"text": answer})
        Requests(store, now=self.clock.now).keep(person, f"key of {run.id}", "digest", {"run": run.id})
        store.runs.set_status(run.id, status, {"answer": answer})
        self._checkpoint(run.id, said)
        with (self.state / "history").open("a") as history:
            history.write(said.replace("\n", " ") + "\n")
        store.journal.sign_head()
        return run.id

    def forgetting(self) -> Forgetting:
        """Return what erases here."""
        return Forgetting(self.state, self.store, self.memory.records, self.memory.similarity, self.clock)

    def forget(self, **order: object) -> Receipt:
        """Erase."""
        return self.forgetting().forget(Order(**order), by="ann", reason="asked for")

    def close(self) -> None:
        """Close everything."""
        self.memory.close()
        self.store.close()

    def _checkpoint(self, run_id: str, said: str) -> None:
        with closing(sqlite3.connect(self.state / "checkpoints.db")) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS checkpoints (thread_id TEXT, checkpoint BLOB)")
            packed = b"\x82\xa4said\xd9" + bytes([len(said.encode())]) + said.encode()
            db.execute("INSERT INTO checkpoints VALUES (?, ?)", (run_id, packed))


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with empty databases, made once."""
    state = tmp_path_factory.mktemp("new")
    Store.open(state / "company.db", now=lambda: datetime(2026, 3, 1, tzinfo=UTC)).close()
    return state


@pytest.fixture
def home(tmp_path: Path, new_home: Path, clock) -> Iterator[Home]:
    """A home without an embedder."""
    home = Home(Path(shutil.copytree(new_home, tmp_path / "home")), clock)
    yield home
    home.close()


@pytest.fixture
def home_with_chroma(tmp_path: Path, new_home: Path, clock, embedder) -> Iterator[Home]:
    """A home whose vectors are in Chroma."""
    home = Home(Path(shutil.copytree(new_home, tmp_path / "home")), clock, embedder)
    yield home
    home.close()
