import pytest


def test_a_flag_is_seen_by_every_process(store, open_store):
    assert store.flags.get("stop") is None
    store.flags.set("stop", "fire")
    assert open_store().flags.get("stop") == "fire"
    store.flags.set("stop", "flood")
    assert store.flags.get("stop") == "flood"


def test_a_cleared_flag_is_gone_and_may_be_cleared_again(store):
    store.flags.set("stop", "fire")
    store.flags.clear("stop")
    store.flags.clear("stop")
    assert store.flags.get("stop") is None


def test_a_flag_without_a_value_is_refused(store):
    with pytest.raises(ValueError, match="needs a value"):
        store.flags.set("stop", "")


def test_the_first_flag_that_is_set_is_found_in_one_query(store):
    assert store.flags.first_of(("stop", "stop.R1", "breaker.trading")) is None
    store.flags.set("breaker.trading", "circles")
    assert store.flags.first_of(("stop", "stop.R1", "breaker.trading")) == ("breaker.trading", "circles")
    store.flags.set("stop.R1", "cancelled")
    assert store.flags.first_of(("stop", "stop.R1", "breaker.trading")) == ("stop.R1", "cancelled")
    store.flags.set("stop", "fire")
    assert store.flags.first_of(("stop", "stop.R1", "breaker.trading")) == ("stop", "fire")
    assert store.flags.first_of(("stop.R2",)) is None


def test_flags_are_found_by_how_their_names_begin(store):
    for name in ("breaker.trading", "breakfast", "breaker.company", "stop"):
        store.flags.set(name, f"{name}!")

    assert list(store.flags.beginning("breaker.").items()) == [
        ("breaker.company", "breaker.company!"),
        ("breaker.trading", "breaker.trading!"),
    ]
