from decimal import Decimal

import pytest

from company import events
from company.events import Draft
from company.store import Meter, Store, Tally


def call(store: Store, role: str = "ceo", *, model: str = "m", usd: str = "0.01", outcome: str = "ok") -> None:
    value = {"role": role, "model": model, "inputTokens": 10, "outputTokens": 2, "usd": usd, "outcome": outcome}
    store.journal.append([Draft("R1", "", "ceo", "debug", events.custom("cost", value))])


@pytest.fixture
def tally(store: Store) -> Tally:
    return Tally(store)


def test_a_tally_agrees_with_the_meter_whenever_it_is_asked(store, tally, now):
    for role in ("ceo", "trading", "ceo"):
        call(store, role, usd="0.1")
        call(store, role, model="n", outcome="timeout")
        now.tick(86_400)
        for key in ("role", "model", "day"):
            known = {row.key: row for row in Meter(store).by(key)}
            assert {row.key: row for row in tally.by(key, now())} == known


def test_a_day_counts_alone(store, tally, now):
    call(store, usd="1")
    now.tick(86_400)
    call(store, usd="2")
    assert [row.usd for row in tally.by("role", now(), day=True)] == [Decimal(2)]
    assert [row.usd for row in tally.by("role", now())] == [Decimal(3)]


def test_a_new_month_begins_with_nothing(store, tally, now):
    call(store)
    assert tally.by("role", now())
    now.tick(31 * 86_400)
    assert tally.by("role", now()) == []
    call(store, usd="5")
    assert [row.usd for row in tally.by("role", now())] == [Decimal(5)]


def test_a_tally_that_begins_late_knows_the_month(store, now):
    call(store)
    now.tick(3_600)
    call(store)
    assert Tally(store).by("role", now())[0].calls == 2
