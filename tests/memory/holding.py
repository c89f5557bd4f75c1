"""A process of its own: writes memories, then stops in the middle of the index update until it is killed.

`pending` stops it after the commit and before Chroma gets the vectors, `settle` after that and before the outbox knows.
"""

import asyncio
import sys
from pathlib import Path

from company.memory import Note, VectorMemory, find_embedder
from company.memory.similarity import SimilaritySetup
from company.memory.vectors import VectorRecords
from tests.memory.writer import WallClock


def wait(*_: object) -> None:
    """Take the place of a step of the update."""
    print("stopped", flush=True)
    sys.stdin.read()


async def write(directory: Path, step: str) -> None:
    embedder, setup = find_embedder(directory), SimilaritySetup(exact_below=1)
    memory = VectorMemory(directory=directory, clock=WallClock(), embedder=embedder, setup=setup)
    notes = [Note(role="trading", text=f"{step} saw order {number} filled.") for number in range(8)]
    for item in await memory.remember_many(notes):
        print(f"{item.role}:{item.id}:{item.text}", flush=True)
    setattr(VectorRecords, step, wait)
    await memory.recall("trading", "which order?")  # finds that Chroma lacks the vectors
    memory.warm()
    memory.similarity.settle()


asyncio.run(write(Path(sys.argv[1]), sys.argv[2]))
