"""Keyed facts: one value at a time, whatever order they arrive in, and nothing of the history is lost."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import UsageError
from company.memory import Memory, MemoryItem, Note, ScratchMemory

START = datetime(2026, 1, 1, tzinfo=UTC)


def fee(value: str, **fields: object) -> Note:
    text = f"The fee at venue alpha is {value}."
    return Note(
        role="trading", text=text, kind="semantic", subject="Venue Alpha", predicate="fee", value=value, **fields
    )


async def tell(memory: Memory, *notes: Note) -> list[MemoryItem]:
    return [item for note in notes for item in await memory.remember_many([note])]


async def current(memory: Memory, **reader: object) -> list[str]:
    found = await memory.recall("trading", "what is the fee at venue alpha?", limit=20, **reader)
    return [item.text.removeprefix("The fee at venue alpha is ")[:-1] for item in found]


async def test_new_value_closes_the_old_one_and_keeps_it(either: Memory, clock) -> None:
    (old,) = await tell(either, fee("0.1 %"))
    clock.advance(days=1)
    (new,) = await tell(either, fee("0.2 %"))
    old = either.get(old.id)
    assert await current(either) == ["0.2 %"]
    assert (old.valid_to, old.superseded_by, new.supersedes, new.valid_to) == (clock.now(), new.id, old.id, None)
    assert [item.id for item in either.history(old.id)] == [old.id, new.id]


async def test_what_held_at_an_earlier_time_can_be_asked(either: Memory, clock) -> None:
    before = clock.now()
    await tell(either, fee("0.1 %"))
    clock.advance(days=1)
    await tell(either, fee("0.2 %"))
    held = [item for item in either.history("m2") if item.valid_from <= before and item.valid_to]
    assert [item.value for item in held] == ["0.1 %"]
    assert await current(either, as_of=before) == ["0.1 %"]
    assert await current(either, as_of=before - timedelta(days=1)) == []


async def test_same_value_in_other_words_counts_one_use_more(either: Memory) -> None:
    (first,) = await tell(either, fee("0.1 %"))
    again = await either.remember(
        "trading", "Alpha takes 0.1 %.", kind="semantic", subject="venue alpha", predicate="Fee", value="0.1 %"
    )
    assert (again.id, again.use_count) == (first.id, 1)


async def test_returning_to_an_old_value_is_a_new_row(either: Memory, clock) -> None:
    for value in ("0.1 %", "0.2 %", "0.1 %"):
        await tell(either, fee(value))
        clock.advance(days=1)
    assert await current(either) == ["0.1 %"]
    assert [item.value for item in either.history("m1")] == ["0.1 %", "0.2 %", "0.1 %"]


async def test_late_arrival_takes_its_place_in_the_history(either: Memory) -> None:
    await tell(either, fee("0.1 %", valid_from=START), fee("0.3 %", valid_from=START + timedelta(days=9)))
    (late,) = await tell(either, fee("0.2 %", valid_from=START + timedelta(days=4)))
    first, second, third = either.history("m1")
    assert await current(either) == ["0.3 %"]
    assert (second.id, second.valid_to) == (late.id, third.valid_from)
    assert (first.superseded_by, second.superseded_by, third.supersedes) == (late.id, third.id, late.id)


async def test_value_from_before_the_first_known_one_does_not_become_current(either: Memory) -> None:
    await tell(either, fee("0.2 %", valid_from=START))
    (earlier,) = await tell(either, fee("0.1 %", valid_from=START - timedelta(days=1)))
    assert (earlier.valid_to, earlier.superseded_by) == (START, "m1")
    assert await current(either) == ["0.2 %"]


async def test_lower_trust_becomes_a_proposal(either: Memory) -> None:
    await tell(either, fee("0.1 %", source="operator", trust=3))
    (claimed,) = await tell(either, fee("0 %", trust=1))
    assert (claimed.status, claimed.supersedes) == ("proposed", "")
    assert await current(either) == ["0.1 %"]


async def test_words_of_the_web_do_not_supersede_the_companys(either: Memory, clock) -> None:
    await tell(either, fee("0.1 %"))
    clock.advance(days=1)
    (claimed,) = await tell(either, fee("0 %", source="web", trust=3))
    assert (claimed.status, claimed.tainted) == ("proposed", True)
    assert await current(either) == ["0.1 %"]


async def test_proposal_repeated_is_one_proposal(either: Memory) -> None:
    await tell(either, fee("0.1 %"))
    first, again = await tell(either, fee("0 %", source="web"), fee("0 %", source="web"))
    assert (again.id, again.use_count, again.status) == (first.id, 1, "proposed")


async def test_accepted_proposal_takes_effect_and_stays_tainted(either: Memory, clock) -> None:
    await tell(either, fee("0.1 %", source="operator", trust=3))
    (claimed,) = await tell(either, fee("0 %", source="web"))
    clock.advance(days=1)
    accepted = either.decide(claimed.id, True, "alice")
    assert (accepted.status, accepted.decided_by, accepted.tainted) == ("active", "alice", True)
    assert await current(either) == ["0 %"]
    (next_claim,) = await tell(either, fee("9 %", source="web"))
    assert next_claim.status == "proposed", "a person's decision holds against the web"


async def test_accepted_proposal_takes_effect_although_the_fact_changed_since(either: Memory, clock) -> None:
    await tell(either, fee("0.1 %"))
    (claimed,) = await tell(either, fee("0 %", trust=1))
    clock.advance(days=1)
    await tell(either, fee("0.2 %"))
    clock.advance(days=1)
    either.decide(claimed.id, True, "alice")
    assert await current(either) == ["0 %"]
    assert [item.value for item in either.history("m1")] == ["0.1 %", "0.2 %", "0 %"]


async def test_refused_proposal_stays_refused_when_it_is_repeated(either: Memory) -> None:
    await tell(either, fee("0.1 %"))
    (claimed,) = await tell(either, fee("0 %", source="web"))
    either.decide(claimed.id, False, "alice")
    (again,) = await tell(either, fee("0 %", source="web"))
    assert (again.id, again.status) == (claimed.id, "archived")
    assert [item.value for item in either.history("m1")] == ["0.1 %"]


async def test_only_a_person_decides_about_a_fact(either: Memory) -> None:
    await tell(either, fee("0.1 %"), fee("0 %", trust=1))
    with pytest.raises(UsageError, match="name the person"):
        either.decide("m2", True, "")
    with pytest.raises(UsageError, match="nothing to decide"):
        either.decide("m1", True, "alice")
    with pytest.raises(UsageError, match="'m9'"):
        either.decide("m9", True, "alice")


async def test_same_key_of_two_people_are_two_facts(either: Memory) -> None:
    await tell(either, fee("0.1 %", person="alice"), fee("0.2 %", person="bob"))
    assert await current(either, person="alice") == ["0.1 %"]
    assert await current(either, person="bob") == ["0.2 %"]
    assert await current(either) == []


async def test_arm_of_an_experiment_sees_its_own_value_and_no_other_arm_does(either: Memory) -> None:
    await tell(either, fee("0.1 %"), fee("0.2 %", branch="b"))
    assert await current(either, branch="b") == ["0.2 %"]
    assert await current(either, branch="c") == await current(either) == ["0.1 %"]


async def test_operators_word_replaces_the_same_value_that_was_only_claimed(either: Memory) -> None:
    claimed, said = await tell(either, fee("0.1 %", source="web"), fee("0.1 %", source="operator", trust=3))
    assert (said.supersedes, said.tainted) == (claimed.id, False)
    assert await current(either) == ["0.1 %"]


async def test_current_value_comes_back_for_120_of_120_changed_facts(either: Memory, clock) -> None:
    for change in range(3):
        await either.remember_many(
            [
                Note(
                    role="trading",
                    text=f"The limit of market {number} is {100 * change + number} lots.",
                    kind="semantic",
                    subject=f"market {number}",
                    predicate="limit",
                )
                for number in range(120)
            ]
        )
        clock.advance(days=30)
    for number in range(120):
        found = await either.recall("trading", f"What is the limit of market {number}?", limit=5)
        texts = [item.text for item in found if f"market {number} " in item.text]
        assert texts == [f"The limit of market {number} is {200 + number} lots."]
        assert found[0].text == texts[0]


class Hours:
    """Each memory is written an hour after the one before."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        self.time += timedelta(hours=1)
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


told = st.tuples(
    st.sampled_from(["1 %", "2 %", "3 %"]),
    st.sampled_from(["", "alice"]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["self", "web"]),
    st.one_of(st.none(), st.integers(-30, 30).map(lambda hours: START + timedelta(hours=hours))),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(told=st.lists(told, max_size=9))
async def test_one_value_of_a_key_and_person_holds_at_any_time_and_history_is_complete(told: list[tuple]) -> None:
    memory = ScratchMemory(clock=Hours())
    ids: dict[str, list[str]] = {"": [], "alice": []}
    for value, person, trust, source, since, decide in told:
        (item,) = await tell(memory, fee(value, person=person, trust=trust, source=source, valid_from=since))
        ids[person].append(item.id)
        if decide and item.status == "proposed":
            assert memory.decide(item.id, True, "carol").status == "active"
    for mine in ids.values():
        for first in mine[:1]:
            history = memory.history(first)
            assert {item.id for item in history} == {each for each in mine if memory.get(each).status == "active"}
            assert sum(item.valid_to is None for item in history) == bool(history)
            for one, following in pairwise(history):
                assert one.valid_to == following.valid_from
                assert (one.superseded_by, following.supersedes) == (following.id, one.id)
    memory.close()
