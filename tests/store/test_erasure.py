"""Erasing from the store: what is looked for goes, everything else stays, and the journal proves both."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from company import events
from company.events import Draft
from company.store import Requests, Store
from company.store.chain import seal
from company.store.erasure import Scope, StoreErasure
from company.store.traces import MARK, Traces

SECRET = "the locker opens with 4711-ALPHA"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def scope(*texts: str, **more: object) -> Scope:
    traces = Traces(texts or [SECRET])
    return Scope(everywhere=traces, nearby=traces, **more)


def run(store: Store, request: str, *, kind: str = "chat") -> str:
    return store.runs.create(
        kind=kind, thread_id="main", request=request, person="ann", number=0, as_of=NOW, seed=7, identity="x"
    ).id


def say(store: Store, run_id: str, *bodies: dict) -> None:
    store.journal.append([Draft(run_id, "main", "ceo", "user", body) for body in bodies])


def erase(store: Store, scope: Scope) -> dict[str, int]:
    return StoreErasure(store, scope).erase({"erasure": "E1", "reason": "asked for"}, by="ann")


def bodies(store: Store) -> list[dict]:
    return [event.body for event in store.journal.all()]


@pytest.fixture
def told(store):
    """A journal in which a secret was said, streamed, reported and traded on."""
    run_id = run(store, f"Remember: {SECRET}")
    say(
        store,
        run_id,
        events.text_start("m1"),
        *(
            events.text_delta("m1", piece)
            for piece in ("You said that the lock", "er opens with 4711", "-ALPHA. Noted.")
        ),
        events.text_end("m1"),
        *events.tool_call("c1", "remember", json.dumps({"text": SECRET.upper()})),
        events.custom("order.placed", {"symbol": "BTC/USDT", "quantity": Decimal("0.5"), "price": Decimal("65320.38")}),
        events.custom("risk.clamped", {"reason": f"{SECRET}, said ann", "asked": Decimal("2")}),
    )
    store.journal.sign_head()
    return run_id


def test_what_is_looked_for_is_nowhere_in_the_files_and_the_journal_verifies(home, store, told):
    store.recordings.add(told, "thought", "", {"text": SECRET})
    store.books("studio").put("draft", "D1", {"text": f"We say {SECRET}", "figure": Decimal("1.10")})
    Requests(store, now=lambda: NOW).keep("ann", "k1", "digest of it", {"said": SECRET})

    counts = erase(store, scope())
    StoreErasure(store, scope()).compact()

    assert counts == {"documents": 1, "journal": 5, "recordings": 1, "requests": 1, "runs": 1}
    raw = b"".join(path.read_bytes() for path in home.iterdir()).lower()
    assert b"4711-" not in raw
    found = store.journal.verify()
    assert (found.ok, found.erased, found.problems) == (True, 5, [])
    assert store.runs.get(told).request == f"Remember: {MARK}"
    assert store.books("studio").get("draft", "D1") == {"text": f"We say {MARK}", "figure": "1.10"}
    assert store.recordings.of_run(told) == []


def test_amounts_and_all_other_events_stay_as_they_are(store, told):
    before = bodies(store)
    erase(store, scope())
    after = bodies(store)[: len(before)]
    changed = [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert [after[place].get("delta") or after[place]["value"] for place in changed] == [
        f"You said that {MARK}",
        MARK,
        f"{MARK}. Noted.",
        json.dumps({"text": MARK}),
        {"reason": f"{MARK}, said ann", "asked": "2"},
    ]


def test_an_event_says_who_erased_what_without_saying_what_it_was(store, told):
    erase(store, scope())
    (event,) = store.journal.read(types=["journal.erased"])
    value = event.body["value"]
    assert (value["erasure"], value["by"], value["reason"]) == ("E1", "ann", "asked for")
    assert [seq for seq, _ in value["rows"]] == [2, 3, 4, 7, 10]
    assert SECRET.rsplit(maxsplit=1)[-1] not in json.dumps(value)


def test_a_run_that_is_wiped_loses_its_words_and_keeps_its_figures(store, told):
    erase(store, scope("nothing of that kind", wiped=frozenset({told}), runs=frozenset({told})))
    assert store.runs.get(told).request == MARK
    deltas = [body["delta"] for body in bodies(store) if body["type"] == "TEXT_MESSAGE_CONTENT"]
    assert deltas == [MARK] * 3
    order = next(body["value"] for body in bodies(store) if body.get("name") == "order.placed")
    assert order == {"symbol": "BTC/USDT", "quantity": "0.5", "price": "65320.38"}
    assert store.journal.verify().ok


def test_erasing_again_finds_nothing_and_adds_no_event(store, told):
    erase(store, scope())
    end = store.journal.last_seq()
    assert erase(store, scope()) == {}
    assert store.journal.last_seq() == end


def test_what_was_erased_may_be_erased_further(store, told):
    erase(store, scope())
    erase(store, scope("said ann because", "You said that"))
    found = store.journal.verify()
    assert (found.ok, found.erased) == (True, 5)


def test_books_keep_a_symbol_that_is_also_a_memory(store):
    books = store.books("trading")
    books.put("order", "1", {"symbol": "ZANZI/USDT", "quantity": Decimal("3"), "reason": "ZANZI/USDT fell"})
    erase(store, scope("ZANZI/USDT"))
    assert books.get("order", "1") == {"symbol": "ZANZI/USDT", "quantity": "3", "reason": f"{MARK} fell"}


def test_a_failure_leaves_everything_as_it_was(home, store, told):
    (home / "journal.key").unlink()
    before = bodies(store)
    with pytest.raises(Exception, match=r"journal\.key"):
        erase(store, scope())
    assert bodies(store) == before
    assert store.journal.verify().ok


def tampered(home, sql: str, *arguments: object) -> None:
    with closing(sqlite3.connect(home / "state.db", isolation_level=None)) as db:
        assert db.execute(sql, arguments).rowcount == 1


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "UPDATE journal SET body = replace(body, 'Noted', 'Denied') WHERE seq = 4",
            "seq 4: the row was changed after",
        ),
        (
            "UPDATE journal SET body = replace(body, '0.5', '0.9') WHERE type = 'order.placed'",
            "the row was changed, its",
        ),
        ("UPDATE journal SET at = '2020' || substr(at, 5) WHERE seq = 1", "seq 1: the row was changed, its hash"),
        ("UPDATE journal SET at = '2020' || substr(at, 5) WHERE seq = 4", "seq 4: the row was changed after"),
        ("UPDATE journal SET hash = previous WHERE seq = 4", "does not follow from the row before"),
        ("DELETE FROM journal WHERE type = 'journal.erased'", "missing at the end"),
        (
            'UPDATE journal SET body = replace(body, \'"by":"ann"\', \'"by":"bob"\') WHERE type = \'journal.erased\'',
            "seq 2: the row was changed, its hash",
        ),
    ],
)
def test_tampering_beside_an_erasure_is_found(home, store, told, sql, problem):
    erase(store, scope())
    tampered(home, sql)
    assert any(problem in found for found in store.journal.verify().problems), store.journal.verify().problems


def test_a_row_whose_words_are_back_is_found(home, store, told):
    with closing(sqlite3.connect(home / "state.db")) as db:
        (body,) = db.execute("SELECT body FROM journal WHERE seq = 4").fetchone()
    erase(store, scope())
    tampered(home, "UPDATE journal SET body = ? WHERE seq = 4", body)
    assert store.journal.verify().problems == ["seq 4: what was erased is back"]


def test_a_statement_that_the_key_did_not_sign_excuses_nothing(home, store, told):
    tampered(home, "UPDATE journal SET body = replace(body, 'm1', 'm2') WHERE seq = 1")
    with closing(sqlite3.connect(home / "state.db")) as db:
        *columns, _ = db.execute("SELECT * FROM journal WHERE seq = 1").fetchone()
    forged = {"erasure": "E9", "by": "ann", "reason": "", "rows": [[1, seal(columns)]], "signature": "00" * 64}
    store.journal.append([Draft.of_person(events.custom("journal.erased", forged))])
    assert store.journal.verify().problems == ["seq 1: the row was changed, its hash does not match"]
