"""Spaces are never mixed, and no embedder that fails loses a memory."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from company.errors import ProviderError
from company.memory import Note, SimilaritySetup, VectorMemory
from company.memory.records import Records

ROOT = Path(__file__).parents[2]
Open = Callable[..., VectorMemory]


class Words:
    """Embeds by the words a text has; two of them with other names give other vectors."""

    def __init__(self, name: str, *, local: bool = True, width: int = 64) -> None:
        self.id, self.local, self.width = name, local, width
        self.down = False
        self.asked: list[tuple[str, ...]] = []
        self.gate = Event()
        self.gate.set()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.gate.wait()
        self.asked.append(tuple(texts))
        if self.down:
            raise ProviderError(f"{self.id} cannot be reached", retryable=True)
        vectors = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().replace("?", "").split():
                row[int(hashlib.sha256(f"{self.id} {word}".encode()).hexdigest(), 16) % self.width] += 1
            row[0] += 1e-3
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def load(self) -> None:
        pass

    def close(self) -> None:
        pass


class Watch:
    """Wall time that a test moves."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def open_with(tmp_path: Path, clock, watch: Watch) -> Iterator[Open]:
    """Open a memory with an embedder, and with those that were used before."""
    opened: list[VectorMemory] = []

    def _open(embedder: Words | None, *former: Words, **setup: object) -> VectorMemory:
        known = {each.id: each for each in former}
        how = SimilaritySetup(former=known.get, monotonic=watch, **setup)
        opened.append(VectorMemory(directory=tmp_path, clock=clock, embedder=embedder, setup=how))
        return opened[-1]

    yield _open
    for memory in opened:
        memory.close()


async def fill(memory: VectorMemory, count: int, start: int = 0) -> None:
    notes = [Note(role="ops", text=f"Entry {number} of the book.") for number in range(start, start + count)]
    await memory.remember_many(notes)


def spaces(directory: Path) -> dict[str, int]:
    records = Records(directory / "memory.db")
    rows = records.db.execute("SELECT embedder_id, count(*) FROM vector GROUP BY embedder_id ORDER BY embedder_id")
    found = {row[0]: row[1] for row in rows}
    records.close()
    return found


async def test_new_embedder_answers_once_every_memory_has_its_vector(tmp_path, open_with) -> None:
    old, new = Words("old/1"), Words("new/1", width=32)
    first = open_with(old)
    await fill(first, 80)
    first.close()
    new.gate.clear()
    memory = open_with(new, old)
    assert [found.text for found in await memory.recall("ops", "entry 7", limit=1)] == ["Entry 7 of the book."]
    status = memory.status()
    assert (status.embedder, status.state) == ("old/1", "ok")
    assert status.reason == "re-embedding 0 of 80"
    new.gate.set()
    memory.similarity.settle()
    assert [found.text for found in await memory.recall("ops", "entry 7", limit=1)] == ["Entry 7 of the book."]
    status = memory.status()
    assert (status.embedder, status.reason) == ("new/1", "")
    assert spaces(tmp_path) == {"new/1": 80, "old/1": 80}
    assert old.asked[-1] == ("entry 7",)
    assert new.asked[-1] == ("entry 7",)


async def test_what_is_written_meanwhile_is_found_at_once_and_embedded_anew(tmp_path, open_with) -> None:
    old, new = Words("old/1"), Words("new/1")
    first = open_with(old)
    await fill(first, 80)
    first.close()
    new.gate.clear()
    memory = open_with(new, old)
    await memory.remember("ops", "The pump in hall four leaks.")
    assert [found.text for found in await memory.recall("ops", "pump hall", limit=1)] == [
        "The pump in hall four leaks."
    ]
    new.gate.set()
    memory.similarity.settle()
    assert spaces(tmp_path) == {"new/1": 81, "old/1": 81}


async def test_memory_is_lexical_while_nobody_can_answer_for_the_old_vectors(open_with) -> None:
    first = open_with(Words("old/1"))
    await fill(first, 80)
    first.close()
    new = Words("new/1")
    new.gate.clear()
    memory = open_with(new)
    assert [found.text for found in await memory.recall("ops", "entry 7", limit=1)] == ["Entry 7 of the book."]
    status = memory.status()
    assert (status.state, status.embedder, status.index) == ("degraded: lexical", "", "none")
    assert status.reason == "re-embedding 0 of 80"
    new.gate.set()
    memory.similarity.settle()
    assert memory.status().state == "ok"


async def test_a_few_missing_vectors_are_made_on_the_spot(tmp_path, open_with) -> None:
    first = open_with(None)
    await fill(first, 9)
    first.close()
    memory = open_with(Words("new/1"))
    await memory.recall("ops", "entry 7")
    assert spaces(tmp_path) == {"new/1": 9}
    assert memory.status().state == "ok"


async def test_changing_back_uses_the_vectors_that_are_there(tmp_path, open_with) -> None:
    old, new = Words("old/1"), Words("new/1")
    for embedder, count in ((old, 80), (new, 1), (old, 1)):
        memory = open_with(embedder, old, new)
        await fill(memory, count, start=memory.records.count())
        memory.similarity.settle()
        assert memory.status().embedder == embedder.id
        memory.close()
    assert spaces(tmp_path) == {"new/1": 81, "old/1": 82}
    assert sum(map(len, old.asked)) == 82


async def test_killing_a_process_while_it_embeds_anew_loses_and_mixes_nothing(tmp_path: Path, open_with) -> None:
    """The process stands still after some batches, is killed there, and the next one goes on from what it had."""
    script = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_similarity import Words, fill
from conftest import HandClock
from company.memory import SimilaritySetup, VectorMemory

class Slow(Words):
    def embed(self, texts):
        if len(self.asked) == 2:
            print("embedding", flush=True)
            self.gate.clear()
        return super().embed(texts)

async def main():
    old, new = Words("old/1"), Slow("new/1")
    first = VectorMemory(directory=Path({str(tmp_path)!r}), clock=HandClock(), embedder=old)
    await fill(first, 200)
    first.close()
    setup = SimilaritySetup(former={{"old/1": old}}.get)
    memory = VectorMemory(directory=Path({str(tmp_path)!r}), clock=HandClock(), embedder=new, setup=setup)
    memory.warm()
    memory.similarity.settle()

asyncio.run(main())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert process.stdout.readline() == "embedding\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert spaces(tmp_path) == {"new/1": 64, "old/1": 200}
    new = Words("new/1")
    memory = open_with(new, Words("old/1"))
    assert (memory.status().embedder, memory.status().reason) == ("old/1", "re-embedding 64 of 200")
    memory.warm()
    memory.similarity.settle()
    assert memory.status().embedder == "new/1"
    assert sum(map(len, new.asked)) == 136
    assert spaces(tmp_path) == {"new/1": 200, "old/1": 200}


async def test_provider_that_does_not_answer_costs_no_memory_and_is_named(tmp_path, open_with, watch) -> None:
    remote = Words("openai/words", local=False)
    memory = open_with(remote)
    await memory.remember("ops", "Pump one is old.")
    remote.down = True
    await memory.remember("ops", "Pump two is new.")
    found = await memory.recall("ops", "pump two", limit=1)
    assert [each.text for each in found] == ["Pump two is new."]
    status = memory.status()
    assert status.state == "degraded: lexical"
    assert "openai/words cannot be reached" in status.reason
    assert spaces(tmp_path) == {"openai/words": 1}
    failures = len(remote.asked)
    await memory.recall("ops", "pump three")
    assert len(remote.asked) == failures
    remote.down, watch.time = False, 60.0
    await memory.recall("ops", "pump three")
    memory.similarity.settle()
    assert spaces(tmp_path) == {"openai/words": 2}
    assert (memory.status().state, memory.status().reason) == ("ok", "")


async def test_asking_a_provider_holds_up_nobody_else(open_with) -> None:
    remote = Words("openai/words", local=False)
    memory = open_with(remote)
    await memory.remember("ops", "Pump one is old.")
    remote.gate.clear()
    asking = asyncio.create_task(memory.recall("ops", "pump one", limit=1))
    while len(remote.asked) < 1 or not asking.done():
        await asyncio.sleep(0)
        remote.gate.set()
    assert [found.text for found in await asking] == ["Pump one is old."]


async def test_text_that_may_not_be_kept_is_never_sent(open_with) -> None:
    from company.errors import ToolError

    remote = Words("openai/words", local=False)
    memory = open_with(remote)
    with pytest.raises(ToolError):
        await memory.remember("ops", "the key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789")
    assert remote.asked == []


async def test_vectors_of_another_length_are_refused(tmp_path, open_with) -> None:
    memory = open_with(Words("openai/words", local=False))
    await memory.remember("ops", "Pump one is old.")
    memory.close()
    memory = open_with(Words("openai/words", local=False, width=32))
    await memory.remember("ops", "Pump two is new.")
    assert [found.text for found in await memory.recall("ops", "pump two", limit=1)] == ["Pump two is new."]
    assert "answered with 32 numbers, its stored vectors have 64" in memory.status().reason
    assert spaces(tmp_path) == {"openai/words": 1}


async def test_rebuilding_needs_no_embedder(tmp_path, open_with) -> None:
    first = open_with(Words("old/1"), exact_below=1)
    await fill(first, 3)
    await first.recall("ops", "entry 1")
    first.similarity.settle()
    first.close()
    assert list((tmp_path / "memory-index").glob("chroma-*"))
    memory = open_with(None)
    memory.similarity.rebuild()
    assert not list((tmp_path / "memory-index").glob("chroma-*"))


async def test_large_role_is_answered_by_chroma_once_it_is_ready(open_with) -> None:
    memory = open_with(Words("old/1"), exact_below=10)
    await fill(memory, 30)
    first = [found.id for found in await memory.recall("ops", "entry 7")]
    memory.similarity.settle()
    assert [found.id for found in await memory.recall("ops", "entry 7 ")] == first
    status = memory.status()
    assert (status.index, status.pending, status.reason) == ("chroma", 0, "")
