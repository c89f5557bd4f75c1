import pytest

from company.store import Requests, Store, digest_of

WEEK = 7 * 86_400


@pytest.fixture
def requests(store: Store, now) -> Requests:
    return Requests(store, now=now)


def test_a_key_brings_back_what_it_was_used_for(requests):
    requests.keep("ada", "k", "digest", {"run": "R1"})
    found = requests.find("ada", "k")
    assert found is not None
    assert (found.digest, found.answer) == ("digest", {"run": "R1"})


def test_a_key_belongs_to_one_person(requests):
    requests.keep("ada", "k", "digest", {"run": "R1"})
    assert requests.find("bob", "k") is None
    requests.keep("bob", "k", "other", {})


def test_a_key_is_forgotten_after_a_week_and_may_be_used_again(requests, now):
    requests.keep("ada", "k", "digest", {"run": "R1"})
    now.tick(WEEK - 1)
    assert requests.find("ada", "k") is not None
    now.tick(1)
    assert requests.find("ada", "k") is None
    requests.keep("ada", "k", "other", {})


def test_old_keys_leave_the_database(store, requests, now):
    for number in range(3):
        requests.keep("ada", f"k{number}", "digest", {})
    now.tick(WEEK)
    requests.keep("ada", "new", "digest", {})
    assert [row.key for row in store._connection.rows(_keys())] == ["new"]


def test_a_digest_does_not_depend_on_the_order_of_fields():
    assert digest_of({"a": 1, "b": "x"}) == digest_of({"b": "x", "a": 1}) != digest_of({"a": 1, "b": "y"})


def _keys():
    import sqlalchemy as sa

    from company.store.schema import requests as table

    return sa.select(table.c.key)
