import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from company import events
from company.errors import IntegrityError
from company.events import Draft
from company.store import Store

COLUMNS = ("at", "run_id", "thread_id", "agent", "visibility", "type", "body", "previous", "hash")


def said(text: str, *, run_id: str = "R1", thread_id: str = "T1", agent: str = "ceo/trading") -> Draft:
    return Draft(run_id, thread_id, agent, "user", events.text_delta("m1", text))


def fill(store: Store, count: int = 5) -> None:
    store.journal.append([said(f"word {number} größer 🙂") for number in range(1, count + 1)])


def tamper(home: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(home / "state.db")) as connection, connection:
        connection.execute(sql, values)


def column_of(home: Path, seq: int, column: str) -> bytes:
    with closing(sqlite3.connect(home / "state.db")) as connection:
        row = connection.execute(f"SELECT CAST({column} AS BLOB) FROM journal WHERE seq = ?", [seq]).fetchone()
    return bytes(row[0])


def problems_of(store: Store) -> list[str]:
    found = store.journal.verify()
    assert found.ok == (not found.problems)
    assert all("seq " in problem for problem in found.problems)
    return found.problems


def test_events_are_numbered_without_gaps_and_chained(store):
    first, second = store.journal.append([said("a"), said("b")])
    (third,) = store.journal.append([said("c")])
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert first.previous == "0" * 64
    assert [second.previous, third.previous] == [first.hash, second.hash]
    assert store.journal.last_seq() == 3


@pytest.mark.parametrize("order_id", ["O1", "k-1", 'a "quoted" 100%_\u00e9'])
def test_an_order_is_found_by_the_venues_id_and_by_our_own(store, order_id):
    def placed(venue: str, own: str) -> Draft:
        value = {"orderId": venue, "clientOrderId": own}
        return Draft("R1", "", "ceo/trading", "user", events.custom("order.placed", value))

    store.journal.append([placed("O1", "k-1"), placed("o1", "K-1"), placed('a "quoted" 100%_\u00e9', "k-3")])
    found = store.journal.order(order_id)
    assert order_id in (found.body["value"]["orderId"], found.body["value"]["clientOrderId"])
    assert store.journal.order("O9") is None


def test_an_empty_journal_verifies(store):
    found = store.journal.verify()
    assert (found.ok, found.rows, found.head_seq) == (True, 0, 0)
    assert store.journal.append([]) == []
    assert store.journal.sign_head() is None


def test_what_is_read_is_what_was_appended(store):
    body = events.custom("trade.filled", {"text": "ü \ud83d \x00 🙂", "deep": {"list": [1, 2.5, None, True]}})
    appended = store.journal.append([said("a"), Draft("", "", "person", "debug", body)])
    assert store.journal.read() == appended
    assert list(store.journal.read()[1].body) == list(body)


def test_a_rolled_back_event_leaves_no_gap(store, failing):
    store.journal.append([said("a")])
    with failing(store):
        store.journal.append([said("lost")])
    (event,) = store.journal.append([said("b")])
    assert event.seq == 2
    assert problems_of(store) == []


def test_processes_that_append_in_turn_write_one_chain(open_store):
    one, other = open_store(), open_store()
    for writer in (one, other, other, one):
        writer.journal.append([said("a"), said("b")])
    assert [event.seq for event in one.journal.read()] == list(range(1, 9))
    assert problems_of(other) == []


def test_reading_filters_and_pages(store):
    store.journal.append([said("a"), said("b", run_id="R2"), said("c", thread_id="T2")])
    store.journal.append([Draft("R2", "T1", "ceo", "user", events.custom("verdict", {"rule": "x"}))])
    read = store.journal.read
    assert [event.seq for event in read(run_id="R2")] == [2, 4]
    assert [event.seq for event in read(thread_id="T2")] == [3]
    assert [event.seq for event in read(types={"verdict"})] == [4]
    assert read(types=[]) == []
    assert [event.seq for event in read(after=1, limit=2)] == [2, 3]
    assert [event.seq for event in read(run_id="R2", types=["TEXT_MESSAGE_CONTENT"], after=0)] == [2]


def test_a_body_that_is_not_json_is_refused(store):
    with pytest.raises(TypeError, match="cannot store"):
        store.journal.append([Draft("R1", "", "ceo", "user", {"type": "RAW", "event": {1, 2}})])
    with pytest.raises(ValueError, match="JSON"):
        store.journal.append([Draft("R1", "", "ceo", "user", {"type": "RAW", "event": float("nan")})])
    assert store.journal.last_seq() == 0


@pytest.mark.parametrize("column", COLUMNS)
def test_any_changed_byte_is_found(home, store, column):
    fill(store)
    original = column_of(home, 3, column)
    for position in range(len(original)):
        changed = bytearray(original)
        changed[position] ^= 0x81 if position % 2 else 0x01
        tamper(home, f"UPDATE journal SET {column} = CAST(? AS TEXT) WHERE seq = 3", bytes(changed))
        assert any(problem.startswith("seq 3:") for problem in problems_of(store)), (column, position)
    tamper(home, f"UPDATE journal SET {column} = CAST(? AS TEXT) WHERE seq = 3", original)
    assert problems_of(store) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_text_that_became_bytes_is_found(home, store, column):
    fill(store)
    tamper(home, f"UPDATE journal SET {column} = CAST({column} AS BLOB) WHERE seq = 3")
    assert any(problem.startswith("seq 3:") for problem in problems_of(store))


def test_a_byte_changed_in_the_file_itself_is_found(home, open_store, now):
    store = open_store()
    fill(store)
    store.close()
    content = (home / "state.db").read_bytes()
    assert content.count(b"word 4") == 1
    (home / "state.db").write_bytes(content.replace(b"word 4", b"w0rd 4"))
    assert problems_of(open_store()) == ["seq 4: the row was changed, its hash does not match"]


def test_a_destroyed_page_is_a_problem_not_a_crash(home, open_store):
    store = open_store()
    fill(store, 400)
    store.close()
    content = bytearray((home / "state.db").read_bytes())
    place = content.index(b"word 200 ")
    start = place - place % 4096
    content[start : start + 64] = b"\xff" * 64
    (home / "state.db").write_bytes(content)
    assert problems_of(open_store())


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_deleted_row_is_found(home, store, seq):
    fill(store)
    tamper(home, "DELETE FROM journal WHERE seq = ?", seq)
    assert any(f"seq {seq}" in problem for problem in problems_of(store))


def test_rows_that_changed_places_are_found(home, store):
    fill(store)
    for old, new in ((2, -1), (3, 2), (-1, 3)):
        tamper(home, "UPDATE journal SET seq = ? WHERE seq = ?", new, old)
    problems = problems_of(store)
    assert any("seq 2:" in problem for problem in problems)
    assert any("seq 3:" in problem for problem in problems)


def test_an_inserted_row_is_found(home, store):
    fill(store)
    tamper(home, f"INSERT INTO journal SELECT 6, {', '.join(COLUMNS)} FROM journal WHERE seq = 5")
    assert any("seq 6" in problem for problem in problems_of(store))


def forge(home: Path, store: Store, after: int) -> None:
    """Cut the journal and let the program itself write another end: every hash is right."""
    (hash_,) = [event.hash for event in store.journal.read() if event.seq == after]
    tamper(home, "DELETE FROM journal WHERE seq > ?", after)
    tamper(home, "UPDATE home SET last_seq = ?, last_hash = ?", after, hash_)


def test_a_truncation_is_found_against_the_signed_head(home, store):
    fill(store)
    store.journal.sign_head()
    forge(home, store, 3)
    assert problems_of(store) == ["seq 5: a head was signed here, but the row is missing: deleted or truncated"]


def test_a_rewritten_end_is_found_against_the_signed_head(home, store):
    fill(store)
    store.journal.sign_head()
    forge(home, store, 3)
    fill(store, 4)
    assert problems_of(store) == [
        "seq 5: a head signed here has another hash; the journal up to here was rewritten",
    ]


def test_rows_after_the_signed_head_may_be_many(store, now):
    fill(store)
    head = store.journal.sign_head()
    fill(store)
    found = store.journal.verify()
    assert head is not None
    assert (found.ok, found.rows, found.head_seq) == (True, 10, head.seq)


def test_a_head_is_signed_once_for_the_same_end(home, store, now):
    fill(store)
    first = store.journal.sign_head()
    now.tick(5)
    assert store.journal.sign_head() == first
    fill(store)
    store.journal.sign_head()
    lines = (home / "journal.heads").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [5, 10]
    assert json.loads(lines[0]).keys() == {"seq", "hash", "at", "signature"}


def change_line(home: Path, number: int, change: Callable[[str], str]) -> None:
    lines = (home / "journal.heads").read_text().splitlines()
    lines[number] = change(lines[number])
    (home / "journal.heads").write_text("".join(f"{line}\n" for line in lines if line))


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"seq":10', '"seq":9'),
        lambda line: line.replace("2026", "2025"),
        lambda line: line[:-3] + ('0"}' if line[-3] != "0" else '1"}'),
        lambda line: line.replace(",", ", ", 1),
        lambda line: line[:40],
        lambda line: "[]",
        lambda line: "",
    ],
    ids=["seq", "time", "signature", "space", "cut", "other", "removed"],
)
def test_a_forged_or_removed_head_is_found(home, store, change):
    for _ in range(3):
        fill(store)
        store.journal.sign_head()
    change_line(home, 1, change)
    assert any("seq 10" in problem for problem in problems_of(store))


def test_a_removed_heads_file_is_found(home, store):
    fill(store)
    store.journal.sign_head()
    (home / "journal.heads").unlink()
    assert problems_of(store) == ["head of seq 5: missing from journal.heads"]


def test_a_head_signed_with_another_key_is_found(home, store, tmp_path, now):
    fill(store)
    store.journal.sign_head()
    other = Store.open(tmp_path / "other.db", now=now)
    fill(other)
    other.journal.sign_head()
    other.close()
    (home / "journal.heads").write_bytes((tmp_path / "journal.heads").read_bytes())
    assert any("line 1 of journal.heads was forged" in problem for problem in problems_of(store))


def test_a_torn_last_line_is_repaired_by_the_next_head(home, store):
    fill(store)
    store.journal.sign_head()
    with (home / "journal.heads").open("a") as file:
        file.write('{"seq":7,"ha')
    assert problems_of(store) == []
    fill(store)
    store.journal.sign_head()
    assert problems_of(store) == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("not a key")], ids=["gone", "garbage"])
def test_a_lost_key_stops_signing_but_not_verifying(home, store, damage):
    fill(store)
    store.journal.sign_head()
    damage(home / "journal.key")
    fill(store)
    with pytest.raises(IntegrityError, match=r"journal\.key cannot be read"):
        store.journal.sign_head()
    assert store.journal.verify().ok


def test_another_key_is_not_signed_with(home, store, tmp_path, now):
    Store.open(tmp_path / "other.db", now=now).close()
    (home / "journal.key").write_bytes((tmp_path / "journal.key").read_bytes())
    fill(store)
    with pytest.raises(IntegrityError, match="not the key this journal began with"):
        store.journal.sign_head()


@pytest.mark.parametrize("call", ["sign_head", "verify"])
def test_nothing_is_proved_of_an_open_transaction(store, call):
    fill(store)
    with store.transaction(), pytest.raises(RuntimeError, match="after the transaction"):
        getattr(store.journal, call)()


def test_thousands_of_problems_are_told_in_a_hundred(home, store):
    fill(store, 500)
    tamper(home, "UPDATE journal SET agent = 'eve'")
    found = store.journal.verify()
    assert (found.ok, found.rows, len(found.problems)) == (False, 500, 100)


def test_a_conversation_is_what_was_said_in_full(store):
    def say(run_id: str, message: str, role: str, *pieces: str, agent: str = "ceo", end: bool = True) -> None:
        bodies = [events.text_start(message, role), *(events.text_delta(message, piece) for piece in pieces)]
        bodies += [events.text_end(message)] if end else []
        store.journal.append([Draft(run_id, "T1", agent, "user", body) for body in bodies])

    say("R1", "1", "user", "how are ", "we doing?")
    say("R1", "2", "assistant", "working", agent="ceo/trading")
    say("R1", "3", "assistant", "crash", end=False)
    say("R1", "4", "assistant", "well")
    say("R2", "5", "user", "and now?")
    talk = store.journal.conversation("T1", before="R2", limit=12)
    assert talk == [
        {"role": "user", "content": "how are we doing?", "run": "R1"},
        {"role": "assistant", "content": "well", "run": "R1"},
    ]
    assert store.journal.conversation("T1", before="R3", limit=1) == [
        {"role": "user", "content": "and now?", "run": "R2"}
    ]


def test_times_are_utc_and_aware(store, now):
    (event,) = store.journal.append([said("a")])
    assert event.at == now()
    assert store.journal.read()[0].at.utcoffset() == timedelta(0)


def test_appending_three_events_costs_less_than_a_millisecond(store):
    drafts = [said("word " * 20)] * 3
    costs = []
    for _ in range(200):
        begun = time.process_time()
        store.journal.append(drafts)
        costs.append(time.process_time() - begun)
    assert sorted(costs)[100] < 0.001
