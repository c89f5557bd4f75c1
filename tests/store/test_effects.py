from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import IntegrityError
from company.store import Effect, Store
from company.store.amounts import exact_sum


def begin(store: Store, key: str = "k1", *, hash_: str = "h1", notional: str | None = "10.50") -> tuple[Effect, bool]:
    return store.effects.begin(
        key=key,
        run_id="R1",
        role="trading",
        tool="place_order",
        arguments_hash=hash_,
        mandate_id="M1",
        notional=None if notional is None else Decimal(notional),
    )


def test_an_effect_begins_once(store, open_store):
    effect, new = begin(store)
    assert new
    assert (effect.state, effect.result, effect.settled_at) == ("intent", None, None)
    assert begin(store) == (effect, False)
    assert begin(open_store()) == (effect, False)


def test_a_key_used_for_something_else_is_refused(store):
    begin(store)
    with pytest.raises(IntegrityError, match="one key, one effect"):
        begin(store, hash_="h2")


def test_a_replayed_effect_gives_the_stored_result(store, now):
    begin(store)
    now.tick(3)
    finished = store.effects.finish("k1", "done", {"id": "O1", "filled": Decimal("0.1")})
    assert (finished.state, finished.settled_at) == ("done", now())
    assert finished.result == {"id": "O1", "filled": "0.1"}
    assert begin(store) == (finished, False)
    assert store.effects.get("k1") == finished
    assert store.effects.get("k2") is None


def test_an_unknown_outcome_can_be_looked_up_later(store):
    begin(store)
    unknown = store.effects.finish("k1", "unknown", "no answer within 10 s")
    assert (unknown.settled_at, [effect.key for effect in store.effects.in_state("unknown")]) == (None, ["k1"])
    assert store.effects.finish("k1", "done", {"id": "O1"}).result == {"id": "O1"}


@pytest.mark.parametrize(
    ("first", "second"), [("done", "failed"), ("failed", "done"), ("done", "unknown"), ("done", "intent")]
)
def test_an_outcome_is_final(store, first, second):
    begin(store)
    store.effects.finish("k1", first, "first")
    with pytest.raises(IntegrityError, match=f"is {first} and cannot become '{second}'"):
        store.effects.finish("k1", second, "second")
    assert store.effects.get("k1").result == "first"


def test_finishing_again_with_the_same_state_keeps_the_first_result(store):
    begin(store)
    first = store.effects.finish("k1", "done", "first")
    assert store.effects.finish("k1", "done", "again") == first


def test_what_was_never_begun_cannot_be_finished(store):
    with pytest.raises(IntegrityError, match="never announced"):
        store.effects.finish("k1", "done", None)


def test_effects_of_a_state_come_in_order(store):
    for key in ("z", "a", "m"):
        begin(store, key)
    store.effects.finish("a", "done", None)
    assert [effect.key for effect in store.effects.in_state("intent")] == ["z", "m"]


def test_a_mandate_is_charged_for_all_that_may_have_happened(store, now):
    morning = now()
    for key in ("intent", "done", "unknown", "failed"):
        begin(store, key, notional="10.01")
        if key != "intent":
            store.effects.finish(key, key, None)
    begin(store, "free", notional=None)
    assert store.effects.mandate_use("M1", morning) == (4, Decimal("30.03"))
    assert store.effects.mandate_use("M1", morning + timedelta(seconds=1)) == (0, Decimal(0))
    assert store.effects.mandate_use("M2", morning) == (0, Decimal(0))


def test_a_mandate_is_charged_in_company_time(home, now):
    virtual = now() - timedelta(days=90)
    store = Store.open(home / "state.db", now=now, company_time=lambda: virtual)
    begin(store)
    assert store.effects.get("k1").at == virtual
    assert store.effects.mandate_use("M1", virtual + timedelta(seconds=1))[0] == 0
    assert store.effects.mandate_use("M1", virtual)[0] == 1
    store.close()


def test_effects_are_counted_by_tool_when_they_happened(store):
    for key in ("a", "b", "c"):
        begin(store, key)
    for key in ("a", "c"):
        store.effects.finish(key, "done", None)
    assert store.effects.counts() == {"place_order": 2}


def test_a_naive_time_and_an_infinite_amount_are_refused(store, now):
    with pytest.raises(Exception, match="no time zone"):
        store.effects.mandate_use("M1", now().replace(tzinfo=None))
    with pytest.raises(Exception, match="finite decimals only"):
        begin(store, notional="Infinity")


@settings(deadline=None)
@given(st.lists(st.decimals(-(10**20), 10**20, places=18)))
def test_sums_of_decimals_lose_no_digit(amounts):
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts))
