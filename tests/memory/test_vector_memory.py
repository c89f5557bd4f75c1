"""What a role gets back, and what it must never get back."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import ToolError, UsageError
from company.memory import Embedder, Note, VectorMemory
from company.ports import Clock

Open = Callable[..., VectorMemory]


class Fixed(Clock):
    """A clock that stands still, for examples that cannot share a fixture."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


PARAPHRASES = [
    ("A competitor launched a cheaper plan.", "Is a rival undercutting us?"),
    ("Publishing in the evening brings more readers.", "What hour suits releasing articles best?"),
    ("False news about the hack made us lose two percent.", "Did a rumour hurt performance?"),
]


async def texts(memory: VectorMemory, role: str, query: str, **options: object) -> list[str]:
    return [found.text for found in await memory.recall(role, query, **options)]


async def test_memory_returns_what_was_remembered_with_its_origin(memory: VectorMemory, clock) -> None:
    item = await memory.remember("trading", "Momentum works on BTC in a trend.", kind="procedural", source="operator")
    (found,) = await memory.recall("trading", "momentum on BTC")
    assert (found.id, found.text, found.kind) == (item.id, "Momentum works on BTC in a trend.", "procedural")
    assert (found.source, found.at, found.tainted) == ("operator", clock.now(), False)


async def test_memory_survives_a_restart(open_memory: Open, embedder: Embedder) -> None:
    first = open_memory(embedder)
    item = await first.remember("ceo", "Alice prefers short answers.", person="alice", subject="alice")
    first.close()
    second = open_memory(embedder)
    assert [found.id for found in await second.recall("ceo", "how long may an answer be?", person="alice")] == [item.id]
    assert second.count("ceo") == 1


@pytest.mark.parametrize(("text", "question"), PARAPHRASES)
async def test_memory_finds_a_paraphrase_that_shares_no_word(memory: VectorMemory, text: str, question: str) -> None:
    for other, _ in PARAPHRASES:
        await memory.remember("research", other)
    assert (await texts(memory, "research", question))[0] == text


@pytest.mark.parametrize(("text", "question"), PARAPHRASES)
async def test_memory_without_embedder_finds_shared_words_only(lexical: VectorMemory, text: str, question: str) -> None:
    await lexical.remember("research", text)
    assert await texts(lexical, "research", question) == []
    assert await texts(lexical, "research", text.split()[-2]) == [text]


def test_memory_without_embedder_says_that_it_is_lexical(lexical: VectorMemory) -> None:
    status = lexical.status()
    assert (status.state, status.index, status.embedder) == ("degraded: lexical", "none", "")
    assert "not installed" in status.reason


def test_memory_with_embedder_says_that_it_is_whole(memory: VectorMemory) -> None:
    status = memory.status()
    assert (status.state, status.index, status.reason) == ("ok", "chroma", "")
    assert status.embedder.startswith("all-MiniLM-L6-v2@53aa5117")


async def test_memory_written_without_embedder_gets_its_vectors_later(open_memory: Open, embedder: Embedder) -> None:
    text, question = PARAPHRASES[0]
    first = open_memory()
    await first.remember("research", text)
    first.close()
    assert await texts(open_memory(embedder), "research", question) == [text]


async def test_same_text_is_the_same_memory(memory: VectorMemory) -> None:
    first = await memory.remember("trading", "Venue beta has thin books.")
    again = await memory.remember("trading", "  venue  BETA has thin books. ")
    assert (again.id, again.text, again.use_count) == (first.id, first.text, 1)
    assert memory.count("trading") == 1


async def test_same_text_twice_in_a_batch_is_one_memory(memory: VectorMemory) -> None:
    items = await memory.remember_many([Note(role="trading", text="Spread is wide.")] * 2)
    assert [item.id for item in items] == ["m1", "m1"]
    assert [item.use_count for item in items] == [0, 1]


async def test_repeating_a_tainted_memory_does_not_clean_it(memory: VectorMemory) -> None:
    await memory.remember("research", "Exchange alpha is insolvent.", source="web")
    await memory.remember("research", "Exchange alpha is insolvent.", source="self")
    (found,) = await memory.recall("research", "is alpha insolvent?")
    assert found.tainted


async def test_role_recalls_only_its_own(memory: VectorMemory) -> None:
    await memory.remember("trading", "The stop was hit at 60,000.")
    await memory.remember("security", "The login page was probed.")
    assert await texts(memory, "security", "the stop was hit at 60,000") == []
    assert await texts(memory, "trading", "the stop was hit at 60,000") == ["The stop was hit at 60,000."]


@settings(max_examples=10, deadline=None)
@given(owners=st.lists(st.sampled_from(["", "alice", "bob", "' OR 1=1", "Alice"]), min_size=1, max_size=8))
async def test_memories_of_another_person_never_surface(owners: list[str], embedder: Embedder) -> None:
    notes = [
        Note(role="ceo", text=f"Risk level {number}, says {owner or 'everybody'}.", person=owner, subject="risk")
        for number, owner in enumerate(owners)
    ]
    for using in (None, embedder):
        with TemporaryDirectory() as directory:
            memory = VectorMemory(directory=Path(directory), clock=Fixed(), embedder=using)
            await memory.remember_many(notes)
            for reader in (None, *sorted(set(owners))):
                seen = await texts(memory, "ceo", "which risk level?", person=reader, limit=99, budget_tokens=9_999)
                assert sorted(seen) == sorted(note.text for note in notes if note.person in ("", reader))
            memory.close()


async def test_named_subject_is_found_without_a_shared_word(lexical: VectorMemory) -> None:
    await lexical.remember("trading", "Minimum size is 0.001.", subject="Venue Alpha")
    await lexical.remember("trading", "Minimum size is 0.005.", subject="Venue Beta")
    assert await texts(lexical, "trading", "Can we rely on venue alpha?") == ["Minimum size is 0.001."]


async def test_newer_of_two_equal_memories_comes_first(lexical: VectorMemory, clock) -> None:
    await lexical.remember("trading", "Regime: calm, monday")
    clock.advance(days=20)
    await lexical.remember("trading", "Regime: wild, friday")
    assert (await texts(lexical, "trading", "regime"))[0] == "Regime: wild, friday"


async def test_more_important_of_two_equal_memories_comes_first(lexical: VectorMemory) -> None:
    await lexical.remember("trading", "Regime: calm, monday", importance=0.1)
    await lexical.remember("trading", "Regime: wild, friday", importance=0.9)
    assert (await texts(lexical, "trading", "regime"))[0] == "Regime: wild, friday"


async def test_equal_memories_come_in_the_order_of_their_ids(lexical: VectorMemory) -> None:
    names = ("d", "c", "b", "a")
    await lexical.remember_many([Note(role="trading", text=f"Regime {name}", thread_id=name) for name in names])
    assert [found.id for found in await lexical.recall("trading", "regime")] == ["m1", "m2", "m3", "m4"]


async def test_same_text_of_two_kinds_is_shown_once(lexical: VectorMemory) -> None:
    await lexical.remember("trading", "Beta halts at noon.", kind="episodic")
    await lexical.remember("trading", "beta halts at  noon.", kind="semantic")
    assert lexical.count("trading") == 2
    assert await texts(lexical, "trading", "when does beta halt?") == ["Beta halts at noon."]


async def test_recall_keeps_to_its_limits(lexical: VectorMemory) -> None:
    await lexical.remember_many([Note(role="ops", text=f"Regime {number} " + "x" * 90) for number in range(9)])
    assert len(await lexical.recall("ops", "regime", limit=4)) == 4
    assert len(await lexical.recall("ops", "regime", limit=9, budget_tokens=60)) == 2


async def test_memory_larger_than_the_budget_is_cut(lexical: VectorMemory) -> None:
    await lexical.remember("ops", "Regime " + "x" * 3_000)
    (found,) = await lexical.recall("ops", "regime", budget_tokens=10)
    assert len(found.text) == 40
    assert found.text.endswith("…")


async def test_recall_of_an_empty_memory_is_empty(memory: VectorMemory) -> None:
    assert await memory.recall("ceo", "anything?") == []
    assert await memory.recall("ceo", "") == []


@settings(max_examples=60, deadline=None)
@given(query=st.text(max_size=80))
async def test_recall_takes_any_text_as_a_question(query: str) -> None:
    with TemporaryDirectory() as directory:
        memory = VectorMemory(directory=Path(directory), clock=Fixed(), embedder=None)
        await memory.remember("ceo", 'AND OR NOT NEAR "quoted" * : ( ) - ^')
        await memory.recall("ceo", query)
        memory.close()


@pytest.mark.parametrize(
    "text",
    [
        "key sk-proj-" + "a1B2" * 6,
        "AKIAIOSFODNN7EXAMPLE opens the bucket",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "token ghp_" + "a1B2" * 9,
        "password: correcthorsebattery",
        "The API key is 9f8a7b6c5d4e",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
async def test_secret_is_refused_and_not_repeated(lexical: VectorMemory, text: str) -> None:
    with pytest.raises(ToolError, match="secret") as refused:
        await lexical.remember_many([Note(role="ops", text="harmless"), Note(role="ops", text=text)])
    assert text not in str(refused.value)
    assert lexical.count("ops") == 0


@pytest.mark.parametrize(
    "text", ["The secret of success is patience.", "Passwords were probed 14 times.", "An API key is missing."]
)
async def test_talk_about_secrets_is_not_a_secret(lexical: VectorMemory, text: str) -> None:
    assert (await lexical.remember("ops", text)).text == text


async def test_empty_and_oversized_texts_are_refused(lexical: VectorMemory) -> None:
    with pytest.raises(ToolError, match="empty"):
        await lexical.remember("ops", " \x00\n")
    with pytest.raises(ToolError, match="4097 bytes"):
        await lexical.remember("ops", "x" * 4_097)


async def test_broken_unicode_is_stored_as_clean_text(lexical: VectorMemory) -> None:
    item = await lexical.remember("ops", "cafe\u0301 \ud800 \x07open")
    assert item.text == "café ? open"


def test_memory_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "memory.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UsageError, match="99"):
        VectorMemory(directory=tmp_path, clock=Fixed(), embedder=None)
