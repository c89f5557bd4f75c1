"""The books of a simulation keep the same promises as any other books."""

from contextlib import suppress

import pytest

from company.trading.exchange import PlainBooks


@pytest.fixture
def books() -> PlainBooks:
    books = PlainBooks()
    for key in "abc":
        books.put("letter", key, {"key": key})
    return books


def keys(books: PlainBooks) -> list[str]:
    return [key for key, _ in books.items("letter")]


def test_listing_keeps_the_order_of_first_insertion(books: PlainBooks):
    books.put("letter", "a", {"key": "changed"})

    assert keys(books) == ["a", "b", "c"]
    assert books.newest("letter", 2) == [("c", {"key": "c"}), ("b", {"key": "b"})]
    assert books.get("letter", "a") == {"key": "changed"}


def test_failed_transaction_leaves_nothing(books: PlainBooks):
    with suppress(ZeroDivisionError), books.transaction():
        books.put("letter", "b", {"key": "changed"})
        books.delete("letter", "a")
        books.put("letter", "d", {})
        books.put("letter", "a", {})
        assert books.next_number("n") == 1
        raise ZeroDivisionError

    assert keys(books) == ["a", "b", "c"]
    assert books.get("letter", "b") == {"key": "b"}
    assert books.next_number("n") == 1


def test_failed_inner_transaction_undoes_the_inner_part_only(books: PlainBooks):
    with books.transaction():
        books.delete("letter", "a")
        with suppress(ZeroDivisionError), books.transaction():
            books.delete("letter", "b")
            raise ZeroDivisionError

    assert keys(books) == ["b", "c"]
    assert books.delete("letter", "a") is False
