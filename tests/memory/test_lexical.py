"""The words of the memory, and what stands beside them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.memory.item import Note
from company.memory.lexical import Lexical, Reader
from company.memory.records import Records

AT = datetime(2026, 3, 1, tzinfo=UTC)
MANY = 3_100
CEO = Reader("ceo")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    records = Records(tmp_path / "memory.db")
    yield records
    records.close()


def add(records: Records, *texts: str, role: str = "ceo", **fields: str) -> list[str]:
    return [records.add(Note(role=role, text=text, **fields), AT).id for text in texts]


def alone(records: Records, *words: str, reader: Reader = CEO) -> set[str]:
    return {f"m{seq}" for seq in Lexical(records).shared(reader, [[word] for word in words], 10).alone}


def around(records: Records, word: str, reader: Reader = CEO) -> set[str]:
    return {f"m{seq}" for seq in Lexical(records).shared(reader, [[word]], 10).around}


def beside(records: Records) -> dict[int, str]:
    records.db.execute("INSERT INTO memory_text (memory_text, rank) VALUES ('integrity-check', 1)")
    records.db.execute("INSERT INTO memory_around (memory_around) VALUES ('integrity-check')")
    return {row["rowid"]: row["text"] for row in records.db.execute("SELECT rowid, text FROM memory_around")}


def test_text_is_found_by_its_stems_and_by_those_beside_it(records: Records) -> None:
    add(records, "We adopted a dog.", "A beagle!", "He sleeps.", "So do we.")
    assert alone(records, "adopts") == {"m1"}
    assert around(records, "adopts") == {"m1", "m2"}
    assert around(records, "beagles") == {"m1", "m2", "m3"}


def test_beside_is_within_one_thread_person_and_role(records: Records) -> None:
    add(records, "one", thread_id="a")
    add(records, "two", thread_id="b")
    add(records, "three", thread_id="a")
    add(records, "four", role="ops", thread_id="a")
    add(records, "five", thread_id="a", person="ada")
    assert beside(records) == {1: "one\nthree", 2: "two", 3: "one\nthree", 4: "four", 5: "five"}


def test_fact_with_a_key_stands_beside_nothing(records: Records) -> None:
    add(records, "one")
    add(records, "fee 1", subject="alpha", predicate="fee", kind="episodic")
    add(records, "two")
    assert beside(records) == {1: "one\ntwo", 2: "fee 1", 3: "one\ntwo"}


def test_what_is_out_of_use_stands_beside_nothing_and_comes_back(records: Records) -> None:
    add(records, "one", "two", "three")
    records.change("m2", status="archived")
    assert (beside(records)[1], beside(records)[3]) == ("one\nthree", "one\nthree")
    records.change("m2", status="active")
    assert beside(records) == {1: "one\ntwo", 2: "one\ntwo\nthree", 3: "two\nthree"}


def test_erased_text_is_in_neither_table(records: Records) -> None:
    add(records, "one", "secretword", "three")
    records.db.execute("DELETE FROM memory WHERE seq = 2")
    assert beside(records) == {1: "one\nthree", 3: "one\nthree"}
    assert (alone(records, "secretword"), around(records, "secretword")) == (set(), set())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "archive", "activate", "close", "move", "erase"]),
        st.sampled_from(["", "a"]),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_beside_is_right_after_any_change(steps: list[tuple[str, str, int]]) -> None:
    with TemporaryDirectory() as directory:
        records = Records(Path(directory) / "memory.db")
        with records.transaction():
            for number, (step, thread, place) in enumerate(steps):
                change(records, step, thread, place, f"text {number}")
        assert beside(records).items() >= expected(records).items()
        records.close()


def change(records: Records, step: str, thread: str, place: int, text: str) -> None:
    changes = {"archive": "status = 'archived'", "activate": "status = 'active'", "close": "valid_to = '9'"}
    numbers = [row["seq"] for row in records.db.execute("SELECT seq FROM memory")]
    if step == "add" or not numbers:
        add(records, text, thread_id=thread)
    elif step == "erase":
        records.db.execute("DELETE FROM memory WHERE seq = ?", (numbers[place % len(numbers)],))
    else:
        assignment = changes.get(step, "role = 'ops'")
        records.db.execute(f"UPDATE memory SET {assignment} WHERE seq = ?", (numbers[place % len(numbers)],))


def expected(records: Records) -> dict[int, str]:
    lines: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in records.db.execute("SELECT * FROM memory WHERE status = 'active' AND valid_to IS NULL ORDER BY seq"):
        lines.setdefault((row["role"], row["thread_id"]), []).append((row["seq"], row["text"]))
    return {
        line[place][0]: "\n".join(text for _, text in line[max(0, place - 1) : place + 2])
        for line in lines.values()
        for place in range(len(line))
    }


def test_reader_finds_its_own_and_what_all_roles_share(records: Records) -> None:
    add(records, "alpha halts")
    add(records, "alpha opens", role="*")
    add(records, "alpha closes", role="ops")
    assert alone(records, "alpha") == {"m1", "m2"}


def test_roles_whose_names_share_words_are_apart(records: Records) -> None:
    add(records, "alpha halts", role="head of trading")
    assert alone(records, "alpha", reader=Reader("head of trading")) == {"m1"}
    assert alone(records, "alpha", reader=Reader("trading")) == set()


def test_what_a_reader_may_not_see_crowds_out_nothing(records: Records) -> None:
    with records.transaction():
        add(records, *(f"fee {number}" for number in range(30)), person="bob")
        add(records, "The fee of the venue is rather high, they say.")
    assert alone(records, "fee") == {"m31"}
    assert around(records, "fee", Reader("ceo", "ada")) == {"m31"}


def test_history_is_found_as_of_its_time_only(records: Records) -> None:
    add(records, "fee 1")
    records.change("m1", valid_to="2026-04-01T00:00:00+00:00")
    assert alone(records, "fee") == set()
    assert alone(records, "fee", reader=Reader("ceo", as_of=AT)) == {"m1"}


def test_name_of_a_speaker_is_no_word_to_search_for(records: Records) -> None:
    add(records, *(f"Ada: number {number}" for number in range(5)), "Bo: tea with Ada")
    assert alone(records, "ada", "tea") == {"m6"}
    assert len(alone(records, "ada")) == 6


def test_whole_is_what_a_text_with_every_word_once_reaches(records: Records) -> None:
    add(records, "alpha beta", *(f"number {number}" for number in range(20)))
    shared = Lexical(records).shared(CEO, [["alpha"], ["beta"]], 10)
    assert shared.alone[1] == pytest.approx(shared.whole, rel=0.2)
    absent = Lexical(records).shared(CEO, [["alpha"], ["beta"], ["gamma"]], 10)
    assert absent.whole > 1.4 * shared.whole


def test_subjects_are_found_with_keyed_facts_first(records: Records) -> None:
    add(records, "thin books", "halts at noon", subject="Alpha")
    add(records, "0.1", subject="alpha", predicate="fee", kind="semantic")
    add(records, "0.1", subject="alpha", role="ops")
    assert Lexical(records).about(CEO, ["alpha", "fee"], 10) == [3, 2, 1]
    assert Lexical(records).about(CEO, ["beta"], 10) == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """A memory in which every text has the word `common` and one of fifty the word `seldom`."""
    records = Records(tmp_path_factory.mktemp("large") / "memory.db")
    with records.transaction():
        for number in range(MANY):
            add(records, f"common {number} {'seldom' if number % 50 == 0 else ''}")
    yield records
    records.close()


def test_common_word_is_left_out_when_a_rarer_one_decides(large: Records) -> None:
    shared = Lexical(large).shared(CEO, [["common"], ["seldom"]], MANY)
    assert len(shared.alone) == MANY // 50


def test_of_a_word_that_all_have_the_newest_memories_are_looked_at(large: Records) -> None:
    shared = Lexical(large).shared(CEO, [["common"]], MANY)
    assert MANY in shared.alone
    assert 1 not in shared.alone
