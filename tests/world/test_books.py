from datetime import UTC, datetime
from decimal import Decimal

import pytest

from company.world import MemoryBooks


def keys(books: MemoryBooks, kind: str) -> list[str]:
    return [key for key, _ in books.items(kind)]


def filled_books() -> MemoryBooks:
    books = MemoryBooks()
    for key in "abc":
        books.put("letter", key, {"key": key})
    return books


def test_document_comes_back_as_json_and_is_not_shared():
    books = MemoryBooks()
    document = {"price": Decimal("1.10"), "at": datetime(2026, 1, 1, tzinfo=UTC), "tags": ["x"]}

    books.put("note", "n", document)
    document["tags"].append("y")

    assert books.get("note", "n") == {"price": "1.10", "at": "2026-01-01T00:00:00+00:00", "tags": ["x"]}
    assert books.get("note", "other") is None


@pytest.mark.parametrize("value", [object(), datetime(2026, 1, 1), {1, 2}, float("nan")])  # noqa: DTZ001 - naive on purpose
def test_value_that_is_not_plain_data_is_refused(value):
    books = MemoryBooks()

    with pytest.raises((TypeError, ValueError)):
        books.put("note", "n", {"value": value})

    assert books.get("note", "n") is None


def test_listing_keeps_the_order_of_first_insertion():
    books = filled_books()

    books.put("letter", "a", {"key": "changed"})

    assert keys(books, "letter") == ["a", "b", "c"]
    assert books.newest("letter", 2) == [("c", {"key": "c"}), ("b", {"key": "b"})]


def test_deleted_document_that_returns_goes_to_the_end():
    books = filled_books()

    assert books.delete("letter", "a") is True
    assert books.delete("letter", "a") is False
    books.put("letter", "a", {})

    assert keys(books, "letter") == ["b", "c", "a"]


def test_numbers_run_for_each_kind():
    books = MemoryBooks()

    assert [books.next_number("order"), books.next_number("order"), books.next_number("trade")] == [1, 2, 1]


def test_failed_transaction_leaves_everything_as_it_was():
    books = filled_books()
    books.next_number("order")

    def change(books: MemoryBooks) -> None:
        with books.transaction():
            books.delete("letter", "a")
            books.put("letter", "b", {"key": "changed"})
            books.put("letter", "d", {})
            books.next_number("order")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change(books)

    assert list(books.items("letter")) == [(key, {"key": key}) for key in "abc"]
    assert books.next_number("order") == 2


def test_failed_inner_transaction_undoes_only_itself():
    books = MemoryBooks()

    def change(books: MemoryBooks) -> None:
        with books.transaction():
            books.put("letter", "b", {})
            raise RuntimeError

    with books.transaction():
        books.put("letter", "a", {})
        with pytest.raises(RuntimeError):
            change(books)
        books.put("letter", "c", {})

    assert keys(books, "letter") == ["a", "c"]


def test_failed_outer_transaction_undoes_the_inner_one_that_succeeded():
    books = MemoryBooks()

    def change(books: MemoryBooks) -> None:
        with books.transaction():
            with books.transaction():
                books.put("letter", "a", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change(books)

    assert keys(books, "letter") == []
