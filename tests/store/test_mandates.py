"""Mandates given by command, and those of company.toml that were revoked: one row an id, seen at once everywhere."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from company.config import Mandate
from company.errors import UsageError
from company.store import Effect, Store

NOBODY = ["", "  ", "role:ceo", "Role:ceo", " role:trading"]


def mandate(id: str = "m1", **limits: Any) -> Mandate:
    return Mandate.model_validate({"id": id, "tools": ("place_order",), **limits})


def ids(store: Store, *given: Mandate) -> list[str]:
    return [found.id for found in store.mandates.in_force(given)]


# Giving


def test_a_mandate_is_kept_term_by_term_and_says_who_gave_it(store: Store, open_store: Any, now: Any) -> None:
    given = mandate(
        roles=("trading",),
        symbols=("BTC/USDT",),
        recipients=("blog",),
        max_notional=Decimal("0.00000001"),
        max_notional_day=Decimal("5E+3"),
        max_calls_day=3,
        expires=datetime(2027, 1, 31, 12, tzinfo=UTC),
        note="“quoted”",
    )

    store.mandates.add(given, "ann")

    (row,) = open_store().mandates.all()
    assert (row.terms, row.given_at, row.given_by) == (given, now(), "ann")
    assert (row.revoked_at, row.revoked_by, row.reason) == (None, None, "")
    assert open_store().mandates.active() == (given,)


def test_mandates_are_in_force_in_the_order_they_were_given_those_of_the_file_first(store: Store) -> None:
    for name in ("z", "a"):
        store.mandates.add(mandate(name), "ann")

    assert ids(store, mandate("file")) == ["file", "z", "a"]


@pytest.mark.parametrize("is_revoked", [False, True])
def test_an_id_is_never_given_twice_even_after_it_was_revoked(store: Store, is_revoked: bool) -> None:
    store.mandates.add(mandate(), "ann")
    if is_revoked:
        store.mandates.revoke("m1", "bob", "loss")

    fate = "was revoked by bob at 2026-03-01 12:00:00 UTC" if is_revoked else "the id .m1. was used before"
    with pytest.raises(UsageError, match=fate) as refused:
        store.mandates.add(mandate(max_calls_day=9), "ann")
    assert "choose another id" in str(refused.value)
    assert [row.terms for row in store.mandates.all()] == [mandate()]


@pytest.mark.parametrize("by", NOBODY)
def test_a_role_gives_revokes_and_restores_nothing(store: Store, by: str) -> None:
    store.mandates.revoke("file", "ann", "loss")

    for act in (
        lambda: store.mandates.add(mandate(), by),
        lambda: store.mandates.revoke("other", by, "because"),
        lambda: store.mandates.restore("file", by, "because"),
    ):
        with pytest.raises(UsageError, match="a person must do it"):
            act()
    assert [(row.id, row.revoked_by) for row in store.mandates.all()] == [("file", "ann")]


# Revoking and restoring


def test_a_revoked_mandate_keeps_its_terms_and_says_who_revoked_it_and_why(store: Store, now: Any) -> None:
    store.mandates.add(mandate(), "ann")
    now.tick(60)

    row = store.mandates.revoke("m1", "bob", "loss")

    assert (row.terms, row.given_by) == (mandate(), "ann")
    assert (row.revoked_at, row.revoked_by, row.reason) == (now(), "bob", "loss")
    assert (store.mandates.active(), store.mandates.revoked_ids()) == ((), {"m1"})


def test_a_mandate_of_the_file_is_revoked_and_restored_by_a_row_without_terms(store: Store, now: Any) -> None:
    of_file = mandate("file")

    row = store.mandates.revoke("file", "ann", "loss")
    assert (row.terms, row.given_at, row.revoked_by) == (None, None, "ann")
    assert ids(store, of_file) == []

    row = store.mandates.restore("file", "bob", "looked into it")
    assert (row.given_by, row.given_at, row.revoked_at, row.reason) == ("bob", now(), None, "looked into it")
    assert ids(store, of_file) == ["file"]

    store.mandates.revoke("file", "ann", "again")
    assert ids(store, of_file) == []


def test_what_was_given_by_command_is_not_restored(store: Store) -> None:
    store.mandates.add(mandate(), "ann")
    store.mandates.revoke("m1", "ann", "loss")

    with pytest.raises(UsageError, match=r"only one of company\.toml is restored\n.*company mandate add"):
        store.mandates.restore("m1", "ann", "again")
    assert store.mandates.active() == ()


def test_revoking_twice_names_who_did_it_before(store: Store) -> None:
    store.mandates.revoke("file", "ann", "loss")

    with pytest.raises(UsageError, match="was revoked by ann at"):
        store.mandates.revoke("file", "bob", "me too")
    with pytest.raises(UsageError, match="'other' is not revoked"):
        store.mandates.restore("other", "bob", "why not")
    assert store.mandates.all()[0].reason == "loss"


@pytest.mark.parametrize("reason", ["", " \n"])
def test_nothing_is_revoked_or_restored_without_a_reason(store: Store, reason: str) -> None:
    store.mandates.revoke("file", "ann", "loss")

    for act in (store.mandates.revoke, store.mandates.restore):
        with pytest.raises(UsageError, match="a reason is needed"):
            act("file", "ann", reason)


def test_a_row_stands_above_the_file(store: Store) -> None:
    """Whoever writes an id into company.toml that was revoked before does not bring it back, or widen it."""
    store.mandates.add(mandate(max_calls_day=1), "ann")
    wider = mandate(max_calls_day=100)

    assert store.mandates.in_force([wider]) == (mandate(max_calls_day=1),)
    store.mandates.revoke("m1", "ann", "loss")
    assert store.mandates.in_force([wider]) == ()


# Other processes


def test_another_process_sees_each_change_at_once(store: Store, open_store: Any) -> None:
    other, of_file = open_store(), mandate("file")
    assert ids(other, of_file) == ["file"]

    store.mandates.add(mandate(), "ann")
    assert ids(other, of_file) == ["file", "m1"]
    store.mandates.revoke("file", "ann", "loss")
    store.mandates.revoke("m1", "ann", "loss")
    assert ids(other, of_file) == []
    store.mandates.restore("file", "ann", "ok")
    assert ids(other, of_file) == ["file"]


def test_a_change_that_is_rolled_back_was_none(store: Store, failing: Any) -> None:
    with failing(store):
        store.mandates.add(mandate(), "ann")
        store.mandates.revoke("file", "ann", "loss")
        assert ids(store, mandate("file")) == ["m1"]

    assert ids(store, mandate("file")) == ["file"]
    assert store.mandates.add(mandate(), "bob").given_by == "bob"


# Effects, as people look at them


def begin(store: Store, key: str, run: str = "R1") -> Effect:
    values = {
        "run_id": run,
        "role": "trading",
        "tool": "buy",
        "arguments_hash": "h",
        "mandate_id": "",
        "notional": None,
    }
    return store.effects.begin(key=key, **values)[0]


def started(store: Store, now: Any) -> str:
    run = {"kind": "cycle", "thread_id": "", "request": "", "person": "", "number": 1}
    return store.runs.create(**run, as_of=now(), seed=7, identity="i").id


def test_an_effect_is_found_by_the_beginning_of_its_key_when_no_other_begins_so(store: Store) -> None:
    for key in ("abcdef01", "abcdef02", "abc12345"):
        begin(store, key)

    assert store.effects.find("abc123").key == "abc12345"
    assert store.effects.find("abcdef02").key == "abcdef02"
    with pytest.raises(UsageError, match=r"several effects begin with 'abcdef'\n.*more digits"):
        store.effects.find("abcdef")
    with pytest.raises(UsageError, match="no effect begins with '000000'"):
        store.effects.find("000000")


@pytest.mark.parametrize("key", ["", "abc12", "ABCDEF", "abcde%", "______", "abcdef; drop"])
def test_what_is_no_key_finds_nothing(store: Store, key: str) -> None:
    begin(store, "abcdef01")

    with pytest.raises(UsageError, match="is no key of an effect"):
        store.effects.find(key)


def test_effects_are_listed_newest_first(store: Store) -> None:
    for key in ("k1", "k2", "k3"):
        begin(store, key)

    assert [effect.key for effect in store.effects.recent(2)] == ["k3", "k2"]


@pytest.mark.parametrize(("status", "is_open"), [("running", False), ("waiting", False), ("failed", True)])
def test_an_effect_is_open_when_its_outcome_is_unknown_or_its_run_ended_before_the_result(
    store: Store, now: Any, status: Any, is_open: bool
) -> None:
    run = started(store, now)
    for key in ("begun", "unclear", "done"):
        begin(store, key, run)
    store.effects.finish("unclear", "unknown", "no answer")
    store.effects.finish("done", "done", {"value": 1, "sources": []})

    store.runs.set_status(run, status)

    assert [effect.key for effect in store.effects.open()] == (["unclear", "begun"] if is_open else ["unclear"])
