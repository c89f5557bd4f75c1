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
