"""Two processes that write into one memory at once, each memory with its vector."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from company.memory import VectorMemory

WRITES = 2_500
_WRITER = Path(__file__).parents[1] / "memory" / "writer.py"
_ROOT = Path(__file__).parents[2]


class _StandingClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield (name, value, bar, whether the bar is the least) of two writers with 2,500 writes each."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        outputs = [writer.communicate()[0].splitlines() for writer in [_start(directory, each) for each in "ab"]]
        acknowledged = [line.split(":", 2) for output in outputs for line in output[1:]]
        memory = VectorMemory(directory=directory, clock=_StandingClock(), embedder=None)
        kept = sum(memory.get(number).text == text for _, number, text in acknowledged)
        vectors = memory.records.number("SELECT count(*) FROM vector")
        memory.close()
    yield "memory.writers_acknowledged", len(acknowledged), 2 * (WRITES + WRITES // 4), True
    yield "memory.writers_lost", len(acknowledged) - kept, 0, False
    yield "memory.writers_without_vector", len(acknowledged) - vectors, 0, False
    yield "memory.writers_with_chroma", sum(output[0] == "chroma" for output in outputs), 1, False


def _start(directory: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(_WRITER), str(directory), name, "0", str(WRITES)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env={"PYTHONPATH": str(_ROOT)})
