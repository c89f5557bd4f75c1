"""A process of its own: writes numbered memories and prints the id of each one once it is acknowledged.

With `lexical` it writes without vectors, which is cheap enough for many.
"""

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


async def write(directory: Path, name: str, first: int, count: int, *, lexical: bool) -> None:
    embedder = None if lexical else find_embedder(directory)
    memory = VectorMemory(directory=directory, clock=WallClock(), embedder=embedder)
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


if __name__ == "__main__":
    _, directory, name, first, count, *options = sys.argv
    asyncio.run(write(Path(directory), name, int(first), int(count), lexical="lexical" in options))
