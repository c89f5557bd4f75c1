"""What a connection remembers between transactions, and what a part without a savepoint may not do."""

import asyncio
import threading
from contextlib import suppress

import pytest

from company import events
from company.events import Draft
from company.store import Amounts

SAID = Draft("R1", "", "ceo", "user", events.custom("report", {"text": "x"}))
NODE = "company/trading/trading/R1"


def test_what_is_known_holds_inside_a_transaction_only(store):
    with store.transaction():
        store._connection.known["sum"] = 1
    with pytest.raises(RuntimeError, match="inside a transaction only"):
        _ = store._connection.known
    with store.transaction():
        assert store._connection.known["sum"] == 1


def test_what_is_known_is_forgotten_when_another_connection_wrote(open_store):
    mine, other = open_store(), open_store()
    with mine.transaction():
        mine._connection.known["sum"] = 1
    other.flags.set("stop", "fire")
    with mine.transaction():
        assert mine._connection.known == {}


def test_what_is_known_is_forgotten_with_what_is_rolled_back(store, failing):
    with store.transaction():
        with failing(store):
            store._connection.known["sum"] = 1
        assert store._connection.known == {}


def test_two_processes_write_one_chain_in_turn(open_store):
    mine, other = open_store(), open_store()
    seqs = [each.journal.append([SAID])[0].seq for _ in range(3) for each in (mine, other, mine)]
    assert seqs == list(range(1, 10))
    assert mine.journal.verify().ok


def test_a_limit_holds_over_what_two_processes_reserved_in_turn(open_store):
    stores, limits = (open_store(), open_store()), {"company": Amounts(calls=3)}
    found = [stores[number % 2].budgets.reserve(NODE, Amounts(calls=1), limits) for number in range(5)]
    assert [type(one).__name__ for one in found] == ["Reservation"] * 3 + ["Trip"] * 2
    stores[1].budgets.settle(found[0], Amounts())
    assert type(stores[0].budgets.reserve(NODE, Amounts(calls=1), limits)).__name__ == "Reservation"


def test_a_reservation_that_was_rolled_back_leaves_its_headroom(store, failing):
    limits = {"company": Amounts(calls=1)}
    with failing(store):
        store.budgets.reserve(NODE, Amounts(calls=1), limits)
    assert type(store.budgets.reserve(NODE, Amounts(calls=1), limits)).__name__ == "Reservation"


def half_way(store):
    with store._connection.joined():
        store.flags.set("half", "1")
        raise ValueError("half-way")


def test_a_part_that_failed_half_way_cannot_be_committed(store):
    def go_on() -> None:
        with store.transaction(), suppress(ValueError):
            half_way(store)

    with pytest.raises(RuntimeError, match="can only be rolled back"):
        go_on()
    assert store.flags.get("half") is None


def test_a_part_that_failed_spoils_no_more_than_the_inner_transaction_around_it(store):
    with store.transaction():
        store.flags.set("outer", "1")
        with suppress(ValueError), store.transaction():
            half_way(store)
    assert (store.flags.get("outer"), store.flags.get("half")) == ("1", None)


def test_a_part_does_not_join_the_transaction_of_another_thread(store):
    began, ended = threading.Event(), []

    def append() -> None:
        began.set()
        ended.append(store.journal.append([SAID])[0].seq)

    with store.transaction():
        writer = threading.Thread(target=append)
        writer.start()
        began.wait()
        assert store.journal.append([SAID])[0].seq == 1
    writer.join()
    assert ended == [2]


async def test_a_head_is_signed_in_a_thread_while_others_write(store):
    store.journal.append([SAID])
    signing = asyncio.create_task(asyncio.to_thread(store.journal.sign_head))
    while not signing.done():
        store.journal.append([SAID])
        await asyncio.sleep(0)
    head = await signing
    assert head is not None
    assert 1 <= head.seq <= store.journal.last_seq()
    assert store.journal.verify().ok
