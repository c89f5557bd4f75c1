"""A place in the journal: what a client shows, and where its stream begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.server.faults import Refusal
from company.server.streams.cursor import Begin, Cursor, begin, epoch_of, parse

EPOCH = epoch_of("a home")


def test_an_epoch_names_a_home_in_eight_hexadecimal_digits() -> None:
    assert epoch_of("a home") == EPOCH
    assert epoch_of("another home") != EPOCH
    assert len(EPOCH) == 8
    int(EPOCH, 16)


@given(st.integers(0, 10**18 - 1))
def test_an_id_is_read_as_it_was_written(seq: int) -> None:
    assert parse(f"{EPOCH}:{seq}") == Cursor(EPOCH, seq)
    assert parse(str(seq)) == Cursor("", seq)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "x", ":1", "abc:1", f"{EPOCH}:", "٣", "1" * 19, "1\n"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="no cursor") as refused:
        parse(text)
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([], Begin(0, reset=False)),
        ([Cursor(EPOCH, 5)], Begin(5, reset=False)),
        ([Cursor("", 5)], Begin(5, reset=False)),
        ([Cursor(EPOCH, 9), Cursor("", 3)], Begin(9, reset=False)),
        ([Cursor("deadbeef", 5)], Begin(0, reset=True)),
        ([Cursor(EPOCH, 10)], Begin(0, reset=True)),
        ([Cursor("deadbeef", 5), Cursor(EPOCH, 3)], Begin(3, reset=True)),
    ],
)
def test_a_stream_begins_at_the_first_place_of_this_journal(shown: list[Cursor], expected: Begin) -> None:
    assert begin(shown, epoch=EPOCH, last=9) == expected
