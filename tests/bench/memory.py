"""How well the memory finds what it holds, and how fast.

Quality is measured through the same two methods everybody uses, `remember_many` and `recall`, on turns as plain text:
no thread, no subject, no date. The conversations are those that no weight was chosen on (see `conversations`).

Speed is measured with real questions on random texts made of the words of other conversations, and random vectors,
because embedding 100,000 texts would take ten minutes. The role that is searched shares the file with two others of its
size. A search waits for nothing, so its time is that of its thread: on a shared core the wall clock would measure the
neighbours. Adding waits for the disk and is measured by the clock.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from company.memory import Embedder, Note, SimilaritySetup, VectorMemory, find_embedder
from tests.bench.conversations import Talk, talks

ITEMS, MANY, ROLES = 10_000, 100_000, 3
ADDS, FACTS = 100, 120
_EXACT = SimilaritySetup(exact_below=1_000_000)
"""Chroma needs more than a minute for 100,000 vectors; the slower way that answers until then is measured."""

Figure = tuple[str, float, float, bool]


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def figures() -> Iterator[Figure]:
    """Yield name, value, bar, and whether the value must be at least the bar."""
    with tempfile.TemporaryDirectory() as name:
        embedder = find_embedder(Path(name))
        if embedder is not None:
            yield "memory.evidence_recall_10_pct", evidence(talks("held_back"), embedder), 75, True
        yield "memory.evidence_recall_10_lexical_pct", evidence(talks("held_back"), None), 70, True
        if embedder is not None:
            yield "memory.paraphrases_in_5_of_60", paraphrases(embedder), 47, True
        yield "memory.changed_facts_first_of_120", changed_facts(embedder), FACTS, True
        yield from _speed(embedder)


def evidence(conversations: Sequence[Talk], embedder: Embedder | None) -> float:
    """Return the share of the evidence among the first ten, in per cent, averaged over the questions."""
    shares = [share for talk in conversations for share in asyncio.run(_shares(talk, embedder))]
    return 100 * sum(shares) / len(shares)


def paraphrases(embedder: Embedder | None) -> int:
    """Return how many of 60 memories are among the first five when they are asked for in entirely other words.

    They stand among the six hundred turns of a conversation.
    """
    lines = (Path(__file__).with_name("paraphrases") / "held_back.txt").read_text().splitlines()
    pairs = [line.split(" | ") for line in lines]
    others = [Note(role="ceo", text=turn.text, thread_id="talk") for turn in talks("held_back")[0].turns]
    with _memory(embedder) as memory:
        notes = [Note(role="ceo", text=text, thread_id=text) for text, _ in pairs]
        asyncio.run(memory.remember_many([*others, *notes]))
        return sum(
            text in [found.text for found in asyncio.run(memory.recall("ceo", question, limit=5))]
            for text, question in pairs
        )


def changed_facts(embedder: Embedder | None) -> int:
    """Return for how many of 120 facts the last of three values comes first and no earlier one comes at all."""
    values = ("{0} uses {1}.", "{0} has changed from {1} to {2}.", "Since the review {0} works with {3} now.")
    names = [f"{kind} {place}" for kind in ("Venue", "Team", "Client", "Plant") for place in range(FACTS // 4)]
    with _memory(embedder) as memory:
        for form in values:
            notes = [
                Note(
                    role="ceo",
                    text=form.format(name, *(f"{what} {place}" for what in ("alpha", "beta", "gamma"))),
                    kind="semantic",
                    subject=name,
                    predicate="system",
                    value=f"{form[:5]} {place}",
                )
                for place, name in enumerate(names)
            ]
            asyncio.run(memory.remember_many(notes))
        found = [asyncio.run(memory.recall("ceo", f"Which system does {name} use?")) for name in names]
    return sum(
        each[0].text.startswith(f"Since the review {name} ") and not any(f"{name} uses" in old.text for old in each)
        for name, each in zip(names, found, strict=True)
    )


async def _shares(talk: Talk, embedder: Embedder | None) -> list[float]:
    with _memory(embedder) as memory:
        items = await memory.remember_many(
            [Note(role="ceo", text=f"{each.speaker}: {each.text}") for each in talk.turns]
        )
        numbers: dict[str, int] = {}
        for item, turn in zip(items, talk.turns, strict=True):
            numbers[item.id] = turn.number or numbers.get(item.id, 0)
        shares = []
        for question in talk.questions:
            found = await memory.recall("ceo", question.text, limit=10, budget_tokens=1_500)
            shares.append(len(question.evidence & {numbers[each.id] for each in found}) / len(question.evidence))
        return shares


@contextmanager
def _memory(embedder: Embedder | None, directory: Path | None = None) -> Iterator[VectorMemory]:
    with tempfile.TemporaryDirectory() as name:
        memory = VectorMemory(directory=directory or Path(name), clock=_Clock(), embedder=embedder, setup=_EXACT)
        try:
            yield memory
        finally:
            memory.close()


def _speed(embedder: Embedder | None) -> Iterator[Figure]:
    texts = _texts(Random(7))
    questions = [question.text for talk in talks("held_back") for question in talk.questions]
    with tempfile.TemporaryDirectory() as name:
        with _memory(embedder, Path(name)) as memory:
            for role in range(ROLES):
                _fill(memory, f"role {role}", ITEMS, texts)
            asyncio.run(memory.recall("role 0", "first"))
            yield "memory.search_10k_p95_ms", _p95([_search(memory, question) for question in questions]), 30, False
            yield "memory.add_10k_p95_ms", _p95([_add(memory, texts) for _ in range(ADDS)]), 40, False
            _fill(memory, "role 0", MANY - ITEMS, texts)
        began = time.perf_counter()
        with _memory(embedder, Path(name)) as memory:
            asyncio.run(memory.recall("role 0", next(texts)))
            yield "memory.open_to_first_search_s", time.perf_counter() - began, 2, False
            yield "memory.search_100k_p95_ms", _p95([_search(memory, question) for question in questions]), 120, False


def _search(memory: VectorMemory, question: str) -> float:
    began = time.thread_time()
    asyncio.run(memory.recall("role 0", question))
    return (time.thread_time() - began) * 1000


def _add(memory: VectorMemory, texts: Iterator[str]) -> float:
    began = time.perf_counter()
    asyncio.run(memory.remember("role 0", next(texts)))
    return (time.perf_counter() - began) * 1000


def _fill(memory: VectorMemory, role: str, count: int, texts: Iterator[str]) -> None:
    """Insert memories and, where there is an embedder, a random vector each: copies of one with other texts."""
    import numpy as np

    db, chance = memory.records.db, np.random.default_rng(7)
    with memory.records.transaction():
        first = memory.records.add(Note(role=role, text=next(texts)), _Clock().now())
        given = {"seq", "text", "content_sha256"}
        others = ", ".join({row["name"]: None for row in db.execute("PRAGMA table_info(memory)")}.keys() - given)
        last = int(first.id[1:])
        rows = [
            (last + place, text, f"{role} {last + place}") for place, text in zip(range(1, count), texts, strict=False)
        ]
        db.executemany(
            f"INSERT INTO memory (seq, text, content_sha256, {others}) "
            f"SELECT ?, ?, ?, {others} FROM memory WHERE seq = {last}",
            rows,
        )
        if memory.similarity.id:
            vectors = chance.normal(size=(count, 384)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            values = {last + place: vector.tobytes() for place, vector in enumerate(vectors)}
            memory.records.add_vectors(values, memory.similarity.id)
            db.execute("DELETE FROM outbox")  # filling Chroma takes longer than the whole bench


def _texts(chance: Random) -> Iterator[str]:
    """Yield texts of 6 to 28 words, as frequent as they are in the conversations, without end."""
    said = [turn.text for talk in talks("chosen_on") for turn in talk.turns if turn.number]
    words = " ".join(said).split()
    while True:
        yield " ".join(chance.choices(words, k=chance.randint(6, 28)))


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


if __name__ == "__main__":
    for figure, value, bar, least in figures():
        print(json.dumps({"figure": figure, "value": round(value, 3), "ok": value >= bar if least else value <= bar}))
