"""What a role gets back: the right turns of a conversation, the current facts, each with the parts of its score."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from company.memory import Note, Recalled, VectorMemory
from company.memory.ranking import Found

TALK = [
    "Ada: Hi Bo! How was your summer?",
    "Bo: Busy! I went to Lisbon in June and learned how to surf.",
    "Ada: Wow! Who taught you?",
    "Bo: Somebody called Rui, he is seventy and fearless.",
    "Ada: I bought a violin last week, by the way.",
    "Bo: You? Since when do you play?",
    "Ada: Since Tuesday. The neighbours hate it already.",
    "Bo: Surf music would be kinder to them.",
]


async def numbers(memory: VectorMemory, query: str, **options: object) -> list[str]:
    return [found.id for found in await memory.recall("ceo", query, **options)]


async def hear(memory: VectorMemory) -> None:
    await memory.remember_many([Note(role="ceo", text=text) for text in TALK])


@pytest.mark.parametrize(
    ("question", "evidence"),
    [
        ("When did Bo go to Lisbon?", "m2"),
        ("What is the name of the man who taught Bo to surf?", "m4"),
        ("What instrument did Ada buy?", "m5"),
        ("since when does ada play the violin", "m7"),
    ],
)
async def test_turn_that_answers_is_among_the_first(lexical: VectorMemory, question: str, evidence: str) -> None:
    await hear(lexical)
    assert evidence in (await numbers(lexical, question))[:4]


async def test_answer_is_found_by_the_question_it_replies_to(lexical: VectorMemory) -> None:
    await lexical.remember_many(
        [Note(role="ceo", text=text) for text in ("Where do the lamps go?", "To Rome.", "Fine.", "Good.", "Bye.")]
    )
    found = await lexical.recall("ceo", "lamps")
    assert {each.id: "reply" in each.parts for each in found} == {"m1": False, "m2": True}


async def test_changed_fact_comes_first_in_its_current_value(lexical: VectorMemory) -> None:
    for number in range(20):
        await lexical.remember(
            "ceo", f"The fee of venue alpha was {number} when we asked about the fee of venue alpha."
        )
    for value in ("0.1 %", "0.2 %", "0.3 %"):
        await lexical.remember(
            "ceo", f"It takes {value}.", kind="semantic", subject="venue alpha", predicate="fee", value=value
        )
    found = await lexical.recall("ceo", "What is the fee of venue alpha?", limit=20)
    assert found[0].text == "It takes 0.3 %."
    assert "It takes 0.2 %." not in [each.text for each in found]


async def test_fact_is_recalled_as_it_stood(lexical: VectorMemory, clock) -> None:
    before = clock.now()
    for value in ("0.1 %", "0.2 %"):
        await lexical.remember("ceo", f"Fee {value}", kind="semantic", subject="alpha", predicate="fee", value=value)
        clock.advance(days=10)
    (then,) = await lexical.recall("ceo", "alpha fee", as_of=before + timedelta(days=5))
    (now,) = await lexical.recall("ceo", "alpha fee")
    assert (then.text, now.text) == ("Fee 0.1 %", "Fee 0.2 %")
    assert await lexical.recall("ceo", "alpha fee", as_of=before - timedelta(days=1)) == []


async def test_memory_of_a_named_month_comes_first(lexical: VectorMemory) -> None:
    for month in (3, 4, 5):
        await lexical.remember("ceo", f"Report {month}", valid_from=datetime(2025, month, 10, tzinfo=UTC))
    assert (await numbers(lexical, "Which report came in April?"))[0] == "m2"


async def test_parts_of_the_score_come_back_by_name(memory: VectorMemory) -> None:
    await memory.remember("ceo", "Ada: the venue halts at noon.", importance=1)
    await memory.remember_many([Note(role="ceo", text=f"Number {number}", thread_id="b") for number in range(9)])
    found = (await memory.recall("ceo", "When does Ada say the venue halts?"))[0]
    assert {"words", "around", "meaning", "subject", "answer", "says", "recency", "importance"} >= found.parts.keys()
    assert {"words", "meaning", "subject", "importance"} <= found.parts.keys()
    assert found.score == pytest.approx(sum(found.parts.values()), abs=0.001)


async def test_arm_of_an_experiment_finds_its_own_and_what_all_know(lexical: VectorMemory) -> None:
    for branch in ("", "a", "b"):
        await lexical.remember("ceo", f"tea {branch}", branch=branch)
    assert set(await numbers(lexical, "tea", branch="a")) == {"m1", "m2"}
    assert await numbers(lexical, "tea") == ["m1"]


async def test_what_one_person_said_is_beside_nothing_of_another(lexical: VectorMemory) -> None:
    await lexical.remember("ceo", "My salary is secret.", person="ada")
    await lexical.remember("ceo", "Fine weather.", person="bob")
    assert await numbers(lexical, "salary", person="bob") == []
    assert await numbers(lexical, "salary") == []


async def test_the_same_is_found_with_and_without_an_index_of_vectors(
    memory: VectorMemory, open_memory: Callable[..., VectorMemory], embedder: object
) -> None:
    await hear(memory)
    other = open_memory(embedder)
    assert await shown(memory) == await shown(other)


async def shown(memory: VectorMemory) -> list[Recalled]:
    return await memory.recall("ceo", "Which instrument is loud?", limit=8)


def test_ranked_items_are_whole_memories(lexical: VectorMemory) -> None:
    lexical.writing.write([Note(role="ceo", text="tea", subject="drink")])
    (found,) = lexical.recalling.ranked("ceo", "tea")
    assert isinstance(found, Found)
    assert (found.item.id, found.item.subject) == ("m1", "drink")
