"""What the roles remember, as a person reads it: nobody reads what belongs to another person."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.home import bundled_directory, find_directory, open_company
from company.memory import Note, VectorMemory
from company.server.commands import Commands
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.native.memory import Acceptance, Memories, MemoryDoors, MemoryState, Remembered
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
async def memory(tmp_path: Path) -> AsyncIterator[VectorMemory]:
    memory = VectorMemory(directory=tmp_path / "memory", clock=Noon(), embedder=None)
    await memory.remember_many(NOTES)
    yield memory
    memory.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One for all tests of the file: it keeps who decided what, and which keys were used."""
    place = tmp_path_factory.mktemp("engine")
    with closing(open_company(find_directory(bundled_directory(), place), place, environment={})) as company:
        engine = Engine(company)
        yield engine
        engine.close()


@pytest.fixture
def doors(memory: VectorMemory, engine: Engine) -> MemoryDoors:
    return MemoryDoors(memory, ROLES, Commands(engine, Driver(engine)))


def who(person: str) -> Principal:
    return Principal(person, frozenset({"read", "approve"}), "t")


async def learn(memory: VectorMemory, **more: Any) -> str:
    """Remember the fee of a venue; return the id."""
    fields = {"subject": "binance", "predicate": "fee", "kind": "semantic", **more}
    return (await memory.remember("trading", fields.pop("text", f"The fee is {more['value']}."), **fields)).id


async def decide(doors: MemoryDoors, id: str, accept: bool, person: str = "Ada", key: str | None = None) -> Remembered:
    return await doors.decide(who(person), id, Acceptance(accept=accept), key)


async def read(
    doors: MemoryDoors, person: str, role: str | None = None, query: str = "", most: int = 20, **more: Any
) -> Memories:
    return await doors.memories(who(person), role, query, most, **more)


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
    first, second = (await read(doors, "Grace", query="binance")).items[:2]
    assert (first.role, first.subject, second.role) == ("trading", "binance", "ceo")
    assert first.score is not None
    assert second.score is not None
    assert first.score > second.score


async def test_a_role_remembers_for_itself(doors: MemoryDoors) -> None:
    assert words(await read(doors, "Ada", role="ceo")) == [NOTES[1].text]
    assert words(await read(doors, "Ada", role="ceo", query="binance")) == []


async def test_words_of_strangers_are_marked(doors: MemoryDoors) -> None:
    item = (await read(doors, "Bob", query="bitcoin doubles")).items[0]
    assert (item.tainted, item.source) == (True, "web")


async def test_a_memory_without_embedder_says_what_is_worse(doors: MemoryDoors) -> None:
    status = (await read(doors, "Bob")).status
    assert (status.state, status.items, status.embedder) == ("degraded: lexical", 4, "")
    assert status.degraded


async def test_an_unknown_role_is_refused_with_those_there_are(doors: MemoryDoors) -> None:
    with pytest.raises(Refusal, match="no role 'nobody'; there are ceo, trading"):
        await read(doors, "Ada", role="nobody")


def test_a_company_without_memory_says_so(server) -> None:
    with server.client() as client:
        found = client.get("/api/v1/memory").json()
        status = client.get("/api/v1/status").json()
        missing = client.get("/api/v1/memory/m1")
    assert found["items"] == []
    assert found["status"]["state"] == "off"
    assert "enabled = true" in found["status"]["degraded"]
    assert status["memory"] == found["status"] == MemoryState.of(None).model_dump()
    assert missing.status_code == 404


async def test_memories_are_found_by_kind_and_by_status(doors: MemoryDoors, memory: VectorMemory) -> None:
    fee = await learn(memory, value="0.10 %")
    doubted = await learn(memory, value="0.30 %", trust=1, source="self")
    assert [item.id for item in (await read(doors, "Ada", kind="semantic")).items] == [fee]
    assert [item.id for item in (await read(doors, "Ada", query="fee", kind="semantic")).items] == [fee]
    assert [item.id for item in (await read(doors, "Ada", status="proposed")).items] == [doubted]
    assert [item.id for item in (await read(doors, "Ada", query="fee", status="proposed")).items] == [doubted]
    assert words(await read(doors, "Ada", query="nothing alike", status="proposed")) == []


async def test_a_memory_says_where_it_came_from_and_what_its_score_is_made_of(
    doors: MemoryDoors, memory: VectorMemory
) -> None:
    await learn(memory, value="0.10 %", run_id="R4", thread_id="main", trust=3, source="operator")
    (item,) = (await read(doors, "Ada", query="fee binance", kind="semantic")).items
    assert (item.run, item.thread, item.trust, item.source) == ("R4", "main", 3, "operator")
    assert (item.subject, item.predicate, item.value) == ("binance", "fee", "0.10 %")
    assert item.valid_from == Noon().now()
    assert item.valid_to is None
    assert item.parts
    assert set(map(type, item.parts.values())) == {float}


async def test_a_corrected_fact_keeps_its_history(doors: MemoryDoors, memory: VectorMemory) -> None:
    first = await learn(memory, value="0.20 %")
    second = await learn(memory, value="0.10 %", valid_from=Noon().now() + timedelta(hours=1))
    trail = await doors.trail(who("Bob"), first)
    assert [item.id for item in trail.history] == [first, second]
    assert (trail.memory.superseded_by, trail.history[1].supersedes) == (second, first)
    assert trail.memory.valid_to is not None
    assert first not in {item.id for item in (await read(doors, "Bob")).items}


async def test_a_memory_shows_what_it_was_concluded_from(doors: MemoryDoors, memory: VectorMemory) -> None:
    ids = {item.text: item.id for item in (await read(doors, "Ada")).items}
    base = (ids[NOTES[1].text],)
    lesson = await memory.remember("ceo", "Ada is careful", kind="relationship", person="Ada", derived_from=base)
    trail = await doors.trail(who("Ada"), lesson.id)
    assert [item.id for item in trail.origins] == list(base) == trail.memory.derived_from
    assert [item.id for item in trail.history] == [lesson.id]


@pytest.mark.parametrize("memory_id", ["m2", "m99", "nothing", "m-1"])
async def test_another_person_s_memory_is_as_one_that_is_not_there(doors: MemoryDoors, memory_id: str) -> None:
    assert (await doors.trail(who("Ada"), "m2")).memory.text == NOTES[1].text
    for asked in (doors.trail(who("Bob"), memory_id), decide(doors, memory_id, True, "Bob")):
        with pytest.raises(Refusal, match=f"there is no memory '{memory_id}'") as refused:
            await asked
        assert refused.value.status == 404


async def test_a_person_accepts_a_proposed_fact_and_it_takes_effect_once(
    doors: MemoryDoors, memory: VectorMemory, engine: Engine
) -> None:
    journal = engine.company.store.journal
    end = journal.last_seq()
    fee = await learn(memory, value="0.10 %")
    doubted = await learn(memory, value="0.30 %", trust=1, source="self")
    accepted = await decide(doors, doubted, True, key="k")
    again = await decide(doors, doubted, True, key="k")
    told = [event.body["value"] for event in journal.read(after=end, types=["memory.decided"])]
    assert told == [{"memory": doubted, "accepted": True, "by": "Ada"}]
    assert accepted.status == again.status == "active"
    assert (await doors.trail(who("Ada"), fee)).memory.superseded_by == doubted
    with pytest.raises(Refusal) as refused:
        await decide(doors, doubted, False)
    assert refused.value.status == 409


async def test_a_rejected_memory_is_archived(doors: MemoryDoors, memory: VectorMemory) -> None:
    await learn(memory, value="0.10 %")
    doubted = await learn(memory, value="0.30 %", trust=1, source="self")
    assert (await decide(doors, doubted, False)).status == "archived"
    assert [item.id for item in (await read(doors, "Ada", status="archived")).items] == [doubted]
