"""A process of its own: writes numbered memories and prints the id of each one once it is acknowledged."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from company.memory import Note, VectorMemory, find_embedder


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return 0.0


async def write(directory: Path, name: str, first: int, count: int) -> None:
    memory = VectorMemory(directory=directory, clock=WallClock(), embedder=find_embedder(directory))
    print(memory.status().index, flush=True)
    for number in range(first, first + count):
        text = f"{name} saw order {number} filled."
        if number % 4:
            items = [await memory.remember("trading", text)]
        else:
            items = await memory.remember_many([Note(role="trading", text=text), Note(role="ceo", text=text)])
            await memory.recall("trading", f"order {number}")
        print(*(f"{item.role}:{item.id}:{item.text}" for item in items), sep="\n", flush=True)
    memory.close()


asyncio.run(write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
