"""Real processes: killed while they write, and two at once."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from company.memory import Embedder, VectorMemory

Open = Callable[..., VectorMemory]

ROOT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("writer.py")


def start_writer(directory: Path, name: str, *, first: int = 0, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(directory), name, str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})


async def stored(memory: VectorMemory, acknowledged: list[str]) -> list[str]:
    """Return those acknowledgements that the memory can recall by their text."""
    found = []
    for line in acknowledged:
        role, number, text = line.split(":", 2)
        recalled = await memory.recall(role, text, limit=1)
        found += [line] if (recalled[0].id, recalled[0].text) == (number, text) else []
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
