"""What the roles remember, as a person reads it: nobody reads what belongs to another person."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from company.memory import Note, VectorMemory
from company.server.faults import Refusal
from company.server.native.memory import Memories, MemoryDoors
from company.server.principal import Principal

ROLES = ("ceo", "trading")
NOTES = [
    Note(role="trading", text="binance was slow to settle", subject="binance"),
    Note(role="ceo", text="Ada said: never more than two per cent", person="Ada", source="operator"),
    Note(role="ceo", text="Grace said: stay away from binance", person="Grace", source="operator"),
    Note(role="trading", text="a stranger wrote that bitcoin doubles", source="web", tainted=True),
]


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[MemoryDoors]:
    memory = VectorMemory(directory=tmp_path, clock=Noon(), embedder=None)
    await memory.remember_many(NOTES)
    yield MemoryDoors(memory, ROLES)
    memory.close()


async def read(doors: MemoryDoors, person: str, role: str | None = None, query: str = "", most: int = 20) -> Memories:
    return await doors.memories(Principal(person, frozenset({"read"}), "t"), role, query, most)


def words(found: Memories) -> list[str]:
    return [item.text for item in found.items]


async def test_without_a_query_the_newest_memories_come_first(doors: MemoryDoors) -> None:
    found = await read(doors, "Bob")
    assert words(found) == [NOTES[3].text, NOTES[0].text]
    assert [item.score for item in found.items] == [None, None]
    assert words(await read(doors, "Bob", most=1)) == [NOTES[3].text]


async def test_nobody_reads_what_belongs_to_another_person(doors: MemoryDoors) -> None:
    for query in ("", "said binance per cent"):
        assert NOTES[1].text in words(await read(doors, "Ada", query=query))
        assert NOTES[2].text not in words(await read(doors, "Ada", query=query))
        assert NOTES[2].text in words(await read(doors, "Grace", query=query))


async def test_a_query_finds_the_most_relevant_of_all_roles(doors: MemoryDoors) -> None:
    first, second = (await read(doors, "Grace", query="binance")).items
    assert (first.role, first.subject, second.role) == ("trading", "binance", "ceo")
    assert first.score is not None
    assert second.score is not None
    assert first.score > second.score


async def test_a_role_remembers_for_itself(doors: MemoryDoors) -> None:
    assert words(await read(doors, "Ada", role="ceo")) == [NOTES[1].text]
    assert words(await read(doors, "Ada", role="ceo", query="binance")) == []


async def test_words_of_strangers_are_marked(doors: MemoryDoors) -> None:
    (item,) = (await read(doors, "Bob", query="bitcoin doubles")).items
    assert (item.tainted, item.source) == (True, "web")


async def test_a_memory_without_embedder_says_what_is_worse(doors: MemoryDoors) -> None:
    status = (await read(doors, "Bob")).status
    assert (status.items, status.embedder) == (4, "")
    assert "weights are not installed" in status.degraded


async def test_an_unknown_role_is_refused_with_those_there_are(doors: MemoryDoors) -> None:
    with pytest.raises(Refusal, match="no role 'nobody'; there are ceo, trading"):
        await read(doors, "Ada", role="nobody")


def test_a_company_without_memory_says_so(server) -> None:
    with server.client() as client:
        found = client.get("/api/v1/memory").json()
    assert found["items"] == []
    assert "enabled = true" in found["status"]["degraded"]
