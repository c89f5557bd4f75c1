"""The laws of `company.ports.Books`, held by the durable books and by their in-memory twin."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company.ports import Books
from company.world.books import MemoryBooks


@pytest.fixture(params=["memory", "sql"])
def make_books(request, tmp_path) -> Callable[[], Books]:
    if request.param == "memory":
        return MemoryBooks
    store = request.getfixturevalue("store")
    names = iter(range(1_000_000))
    return lambda: store.books(f"book{next(names)}")


@pytest.fixture
def books(make_books) -> Books:
    return make_books()


def keys(books: Books, kind: str = "order") -> list[str]:
    return [key for key, _ in books.items(kind)]


def test_a_document_comes_back_as_json(books):
    books.put("order", "O1", {"b": [1, 2.5, None, True, "ü🙂"], "a": {"deep": {}}})
    assert books.get("order", "O1") == {"b": [1, 2.5, None, True, "ü🙂"], "a": {"deep": {}}}
    assert list(books.get("order", "O1")) == ["b", "a"]


def test_decimals_and_times_come_back_as_strings(books):
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    books.put("order", "O1", {"price": Decimal("101.50"), "at": at, "fills": [Decimal("0.1")]})
    found = books.get("order", "O1")
    assert found == {"price": "101.50", "at": "2026-03-01T12:00:00+00:00", "fills": ["0.1"]}


def test_what_is_missing_is_none(books):
    assert books.get("order", "O1") is None
    assert books.delete("order", "O1") is False
    assert list(books.items("order")) == []
    assert books.newest("order", 5) == []


def test_a_document_is_a_copy(books):
    document = {"fills": [1]}
    books.put("order", "O1", document)
    document["fills"].append(2)
    books.get("order", "O1")["fills"].append(3)
    assert books.get("order", "O1") == {"fills": [1]}


def test_kinds_are_apart(books):
    books.put("order", "1", {"kind": "order"})
    books.put("trade", "1", {"kind": "trade"})
    assert books.delete("order", "1") is True
    assert books.get("trade", "1") == {"kind": "trade"}


def test_documents_are_listed_by_first_insertion(books):
    for key in ("z", "a", "m"):
        books.put("order", key, {"key": key})
    books.put("order", "z", {"key": "changed"})
    assert list(books.items("order")) == [("z", {"key": "changed"}), ("a", {"key": "a"}), ("m", {"key": "m"})]
    assert [key for key, _ in books.newest("order", 2)] == ["m", "a"]


def test_a_document_that_was_deleted_comes_back_at_the_end(books):
    for key in ("a", "b", "c"):
        books.put("order", key, {})
    books.delete("order", "c")
    books.delete("order", "a")
    books.put("order", "a", {})
    assert keys(books) == ["b", "a"]


def test_documents_may_change_while_they_are_listed(books):
    for key in ("a", "b", "c"):
        books.put("order", key, {})
    for key, _ in books.items("order"):
        books.delete("order", key)
        books.put("order", key + key, {})
    assert keys(books) == ["aa", "bb", "cc"]


def test_numbers_run_per_kind(books):
    assert [books.next_number("order"), books.next_number("order"), books.next_number("trade")] == [1, 2, 1]


def test_a_failed_transaction_leaves_nothing(books, failing):
    books.put("order", "kept", {"price": "1"})
    with failing(books):
        books.put("order", "kept", {"price": "2"})
        books.put("order", "new", {})
        books.next_number("order")
    assert list(books.items("order")) == [("kept", {"price": "1"})]
    assert books.next_number("order") == 1


def test_a_failed_deletion_keeps_the_place(books, failing):
    for key in ("a", "b", "c"):
        books.put("order", key, {})
    with failing(books):
        books.delete("order", "b")
    assert keys(books) == ["a", "b", "c"]


def test_transactions_nest(books, failing):
    with books.transaction():
        books.put("order", "outer", {})
        with failing(books):
            books.put("order", "inner", {})
        books.put("order", "after", {})
    assert keys(books) == ["outer", "after"]


@pytest.mark.parametrize("value", [{1, 2}, b"raw", datetime(2026, 3, 1)], ids=["set", "bytes", "naive time"])  # noqa: DTZ001
def test_what_has_no_exact_json_form_is_refused(books, value):
    with pytest.raises(Exception, match="cannot"):
        books.put("order", "O1", {"value": value})
    assert books.get("order", "O1") is None


def test_nan_is_refused(books):
    with pytest.raises(Exception, match="JSON"):
        books.put("order", "O1", {"value": math.nan})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    st.dictionaries(st.text(), json_values, max_size=4), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
def test_any_json_document_comes_back_equal(make_books, document, key):
    books = make_books()
    books.put("any", key, document)
    assert books.get("any", key) == document


actions = st.tuples(st.sampled_from(["put", "delete", "fail"]), st.sampled_from("abcd"), st.integers(0, 9))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(actions, max_size=20))
def test_books_behave_like_an_ordered_dictionary(make_books, failing, performed):
    books, model = make_books(), {}
    for action, key, value in performed:
        if action == "put":
            books.put("any", key, {"value": value})
            model[key] = {"value": value}
        elif action == "delete":
            assert books.delete("any", key) == (model.pop(key, None) is not None)
        else:
            with failing(books):
                books.put("any", key, {"value": "lost"})
                books.delete("any", "a")
        assert list(books.items("any")) == list(model.items())
        assert books.newest("any", 2) == list(reversed(model.items()))[:2]


def test_durable_books_outlive_the_process_and_have_a_name(store, open_store):
    store.books("desk").put("order", "O1", {"price": Decimal(1)})
    store.books("desk").next_number("order")
    assert open_store().books("desk").get("order", "O1") == {"price": "1"}
    assert open_store().books("desk").next_number("order") == 2
    assert store.books("studio").get("order", "O1") is None
    with pytest.raises(ValueError, match="need a name"):
        store.books("")


def test_durable_books_join_the_stores_transaction(store, failing):
    with failing(store):
        store.books("desk").put("order", "O1", {})
        store.flags.set("stop", "fire")
    assert store.books("desk").get("order", "O1") is None
    assert store.flags.get("stop") is None
