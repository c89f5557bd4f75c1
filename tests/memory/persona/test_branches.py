"""What an arm remembers is seen by that arm alone, until a person promotes its candidate."""

from decimal import Decimal

import pytest

from company.memory import Note, ScratchMemory
from company.memory.persona import settle
from company.store import Cast


@pytest.fixture
def memory(clock):
    memory = ScratchMemory(clock=clock)
    yield memory
    memory.close()


@pytest.fixture
def trial(store):
    store.personas.adopt({"trading": "You are Tomás."})
    candidate = store.personas.add("trading", "You are Tomás. You hum.", "ann", "hums")
    rates = {"from_rate": Decimal("0.6"), "to_rate": Decimal("0.7"), "needed": 356}
    return store.experiments.start(candidate, weight=5000, by="ann", reason="does it help?", **rates)


def note(text, **more):
    return Note(**{"role": "trading", "text": text, "branch": "e1", **more})


async def texts(memory, query, branch=""):
    return [item.text for item in await memory.recall("trading", query, branch=branch)]


async def test_arm_b_sees_base_and_its_own_and_arm_a_sees_the_base(memory):
    await memory.remember_many([note("The kraken fee is low.", branch=""), note("Kraken answers slowly at noon.")])
    assert await texts(memory, "kraken") == ["The kraken fee is low."]
    assert set(await texts(memory, "kraken", "e1")) == {"The kraken fee is low.", "Kraken answers slowly at noon."}


async def test_rolling_back_archives_what_the_arm_remembers(store, memory, trial):
    await memory.remember_many([note("Kraken answers slowly at noon.")])
    store.experiments.roll_back(trial.id, "ann", "no")
    assert [each.id for each in await settle(store, memory)] == ["E1"]
    assert await texts(memory, "kraken", "e1") == []
    assert memory.get("m1").status == "archived"
    assert store.experiments.unsettled() == []


async def test_promoting_merges_it_with_trust_taint_and_origin(store, memory, trial):
    await memory.remember_many(
        [
            note("Kraken answers slowly at noon.", importance=0.9, run_id="R7"),
            note("A page says kraken closes.", source="web", trust=0, sources=("news n-1",)),
        ]
    )
    store.experiments.promote(trial.id, "ann", "hums well")
    await settle(store, memory)
    merged = {item.text: item for item in memory.records.where("branch = '' AND status = 'active'")}
    assert set(merged) == {"Kraken answers slowly at noon.", "A page says kraken closes."}
    assert (merged["Kraken answers slowly at noon."].run_id, merged["Kraken answers slowly at noon."].derived_from) == (
        "R7",
        ("m1",),
    )
    stranger = merged["A page says kraken closes."]
    assert (stranger.tainted, stranger.trust, stranger.sources) == (True, 0, ("news n-1",))


async def test_a_merged_fact_supersedes_by_the_rules_of_every_fact(store, memory, trial):
    fact = {"subject": "kraken", "predicate": "fee"}
    await memory.remember_many([note("The fee is 0.2 %.", branch="", value="0.2 %", **fact)])
    await memory.remember_many([note("The fee is 0.1 %.", value="0.1 %", **fact)])
    store.experiments.promote(trial.id, "ann", "hums well")
    await settle(store, memory)
    assert await texts(memory, "kraken fee") == ["The fee is 0.1 %."]


async def test_settling_twice_changes_nothing_more(store, memory, trial):
    await memory.remember_many([note("Kraken answers slowly at noon.")])
    store.experiments.promote(trial.id, "ann", "hums well")
    await settle(store, memory)
    before = memory.records.where("1")
    assert await settle(store, memory) == []
    assert memory.records.where("1") == before


async def test_what_a_run_remembers_after_the_end_is_settled_when_the_run_has_ended(store, memory, trial, now):
    run = store.runs.create(
        kind="chat", thread_id="t", request="hi", person="ann", number=0, as_of=now(), seed=7, identity="i"
    )
    store.casts.pin(run.id, Cast({"trading": trial.candidate}, trial.id, "b"))
    store.experiments.promote(trial.id, "ann", "hums well")
    assert await settle(store, memory) == []
    await memory.remember_many([note("Kraken answers slowly at noon.")])
    store.runs.set_status(run.id, "done", {})
    assert len(await settle(store, memory)) == 1
    assert await texts(memory, "kraken") == ["Kraken answers slowly at noon."]
