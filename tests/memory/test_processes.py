"""Real processes: killed while they write, and two at once."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from company.memory import Embedder, VectorMemory
from company.memory.similarity import SimilaritySetup

Open = Callable[..., VectorMemory]

ROOT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("writer.py")
HOLDER = Path(__file__).with_name("holding.py")


def start_writer(directory: Path, name: str, *options: str, first: int = 0, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(directory), name, str(first), str(count), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})


def start_holder(directory: Path, step: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(HOLDER), str(directory), step]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})


async def stored(memory: VectorMemory, acknowledged: list[str]) -> list[str]:
    """Return those acknowledgements that the memory can recall by their text."""
    found = []
    for line in acknowledged:
        role, number, text = line.split(":", 2)
        recalled = await memory.recall(role, text)
        found += [line] if (number, text) in [(item.id, item.text) for item in recalled] else []
    return found


async def test_killing_the_writer_loses_nothing_it_acknowledged(
    tmp_path: Path, open_memory: Open, embedder: Embedder
) -> None:
    acknowledged: list[str] = []
    for life, stop_after in enumerate((3, 14)):
        writer = start_writer(tmp_path, "desk", first=life * 1_000, count=1_000)
        assert writer.stdout.readline() == "chroma\n"
        acknowledged += [writer.stdout.readline().strip() for _ in range(stop_after)]
        writer.kill()
        acknowledged += writer.communicate()[0].splitlines()
        assert writer.returncode == -9
    complete = [line for line in acknowledged if line.endswith("filled.")]
    memory = open_memory(embedder)
    assert await stored(memory, complete) == complete
    assert memory.status().pending == 0
    assert memory.count("trading") + memory.count("ceo") - len(complete) in (0, 1, 2, 3, 4)


@pytest.mark.parametrize("step", ["pending", "settle"])
async def test_killing_between_commit_and_index_update_loses_nothing(
    step: str, tmp_path: Path, clock, embedder: Embedder
) -> None:
    holder = start_holder(tmp_path, step)
    acknowledged = [holder.stdout.readline().strip() for _ in range(8)]
    assert holder.stdout.readline() == "stopped\n"
    holder.kill()
    holder.communicate()
    setup = SimilaritySetup(exact_below=1)
    memory = VectorMemory(directory=tmp_path, clock=clock, embedder=embedder, setup=setup)
    assert memory.records.waiting(embedder.id) == 8, "the crash came before the outbox knew"
    assert await stored(memory, acknowledged) == acknowledged
    memory.similarity.settle()
    assert (memory.status().index, memory.records.waiting(embedder.id)) == ("chroma", 0)
    assert await stored(memory, acknowledged) == acknowledged
    memory.close()


async def test_two_processes_with_many_writes_lose_nothing(tmp_path: Path, open_memory: Open) -> None:
    open_memory()
    writers = [start_writer(tmp_path, name, "lexical", count=200) for name in ("one", "two")]
    outputs = [writer.communicate(timeout=120)[0].splitlines() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    memory = open_memory()
    assert (memory.count("trading"), memory.count("ceo")) == (400, 100)
    for output in outputs:
        for line in output[1:]:
            role, number, text = line.split(":", 2)
            item = memory.get(number)
            assert (item.role, item.text) == (role, text)


async def test_two_processes_write_and_see_each_other(tmp_path: Path, open_memory: Open, embedder: Embedder) -> None:
    memory = open_memory(embedder)
    memory.warm()
    writer = start_writer(tmp_path, "other", count=12)
    for number in range(12):
        await memory.remember("trading", f"mine saw order {number} filled.")
    output = writer.communicate(timeout=60)[0].splitlines()
    assert writer.returncode == 0
    assert output[0] == "exact"
    assert memory.count("trading") == 24
    assert await stored(memory, output[1:]) == output[1:]


def test_same_writing_and_asking_in_another_process_gives_the_same_answers(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from company.memory import Note, VectorMemory, find_embedder

class Clock:
    def now(self): return datetime(2026, 3, 1, tzinfo=UTC)
    def monotonic(self): return 0.0

async def main():
    memory = VectorMemory(directory=Path(sys.argv[1]), clock=Clock(), embedder=find_embedder(Path({str(tmp_path)!r})))
    texts = [f"Queue {{n}} was {{'slow' if n % 3 else 'fast'}}." for n in range(80)]
    await memory.remember_many([Note(role="ops", text=text) for text in texts])
    for question in ("which queue is fast?", "what took long?", "queue 7"):
        for found in await memory.recall("ops", question, limit=9):
            print(found.model_dump_json())
    memory.close()

asyncio.run(main())
"""
    answers = [
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / name)],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": name},
        ).stdout
        for name in ("1", "2")
    ]
    assert answers[0] == answers[1]
    assert answers[0].count(b"\n") == 27
