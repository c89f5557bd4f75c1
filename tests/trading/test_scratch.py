from datetime import UTC, datetime
from decimal import Decimal

import pytest

from company.trading.scratch import ScratchBooks
from company.world import MemoryBooks


@pytest.fixture
def below():
    books = MemoryBooks()
    books.put("kind", "a", {"n": 1})
    books.put("kind", "b", {"n": 2})
    return books


def test_what_is_written_is_read_back_and_nothing_reaches_the_books_below(below):
    scratch = ScratchBooks(below)

    with scratch.transaction():
        scratch.put("kind", "c", {"n": Decimal("0.10"), "at": datetime(2026, 1, 1, tzinfo=UTC)})
        scratch.put("kind", "a", {"n": 9})
    assert scratch.delete("kind", "b")
    assert not scratch.delete("kind", "b")

    assert list(scratch.items("kind")) == [("a", {"n": 9}), ("c", {"n": "0.10", "at": "2026-01-01T00:00:00+00:00"})]
    assert scratch.newest("kind", 1)[0][0] == "c"
    assert scratch.get("kind", "b") is None
    assert list(below.items("kind")) == [("a", {"n": 1}), ("b", {"n": 2})]


def test_what_is_not_written_is_read_as_it_is_below_now(below):
    scratch = ScratchBooks(below)
    below.put("kind", "a", {"n": 5})

    assert scratch.get("kind", "a") == {"n": 5}


def test_a_document_read_twice_is_never_the_same_object(below):
    scratch = ScratchBooks(below)
    scratch.put("kind", "a", {"n": [1]})

    scratch.get("kind", "a")["n"].append(2)

    assert scratch.get("kind", "a") == {"n": [1]}


def test_numbers_are_refused_because_nobody_would_remember_them(below):
    with pytest.raises(RuntimeError, match="'order'"):
        ScratchBooks(below).next_number("order")


def test_what_has_no_json_form_is_refused(below):
    with pytest.raises(TypeError, match="object"):
        ScratchBooks(below).put("kind", "a", {"n": object()})
