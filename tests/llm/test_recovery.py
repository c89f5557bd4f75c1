"""The table of what is done about a fault."""

from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.llm.faults import Fault, Kind
from company.llm.recovery import LONGEST_BACKOFF, SHORTER, TABLE, Compact, Leave, Retry, decide

KINDS: tuple[Kind, ...] = get_args(Kind)
PATIENT = ("rate", "busy", "network", "silent")
HOPELESS = ("quota", "auth", "unknown_model", "rejected", "unexplained")


class Longest(Random):
    """Jitter at its most."""

    def uniform(self, a: float, b: float) -> float:
        return b


def choose(kind: Kind, *, retry_after: float | None = None, **given: Any) -> Any:
    fault = Fault(kind, "their words", provider="acme", retry_after=retry_after)
    return decide(fault, **{"attempt": 1, "attempts": 3, "rng": Longest(), **given})


def test_every_kind_has_a_row() -> None:
    assert set(TABLE) == set(KINDS)


@pytest.mark.parametrize("kind", PATIENT)
def test_what_passes_with_time_is_tried_until_the_attempts_are_used_up(kind: Kind) -> None:
    assert [type(choose(kind, attempt=attempt)) for attempt in (1, 2, 3)] == [Retry, Retry, Leave]


@pytest.mark.parametrize("kind", ["broken", "empty", "cut"])
def test_a_bad_answer_is_tried_once_more(kind: Kind) -> None:
    assert [type(choose(kind, attempt=attempt)) for attempt in (1, 2)] == [Retry, Leave]


@pytest.mark.parametrize("kind", HOPELESS)
def test_what_waiting_cannot_help_goes_to_the_next_model_at_once(kind: Kind) -> None:
    assert isinstance(choose(kind), Leave)
    assert TABLE[kind].moves_on


def test_a_refusal_is_neither_repeated_nor_taken_to_another_model() -> None:
    assert isinstance(choose("refused"), Leave)
    assert [kind for kind in KINDS if not TABLE[kind].moves_on] == ["refused"]


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_an_overflow_is_compacted_once_and_never_waited_for(attempt: int) -> None:
    assert isinstance(choose("overflow", attempt=attempt), Compact)
    assert isinstance(choose("overflow", attempt=attempt, compacted=True), Leave)


def test_a_cut_answer_is_asked_for_again_in_fewer_words() -> None:
    assert choose("cut").note == SHORTER
    assert choose("broken").note == ""


def test_waits_double_up_to_a_bound() -> None:
    waits = [choose("busy", attempt=attempt, attempts=20).wait for attempt in range(1, 10)]

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30, 30]


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_the_jitter_is_full(attempt: int, seed: int) -> None:
    wait = choose("busy", attempt=attempt, attempts=99, rng=Random(seed)).wait

    assert 0 <= wait <= min(2.0 ** (attempt - 1), LONGEST_BACKOFF)


@given(st.floats(0, 60), st.integers(1, 8), st.integers(0, 2**32))
def test_a_provider_that_names_a_time_is_never_asked_before_it(asked: float, attempt: int, seed: int) -> None:
    wait = choose("rate", retry_after=asked, attempt=attempt, attempts=99, rng=Random(seed)).wait

    assert asked <= wait <= asked + 1


@pytest.mark.parametrize("kind", PATIENT)
def test_a_wait_of_more_than_a_minute_is_not_waited_for(kind: Kind) -> None:
    decision = choose(kind, retry_after=61.0)

    assert isinstance(decision, Leave)
    assert "it asks to wait 61 s" in decision.reason


@pytest.mark.parametrize(("attempt", "said"), [(1, "it was tried once"), (3, "it was tried 3 times")])
def test_a_model_that_is_left_was_tried_so_often(attempt: int, said: str) -> None:
    assert choose("busy", attempt=attempt, attempts=attempt).reason.endswith(said)


def test_what_waiting_cannot_help_says_why() -> None:
    assert choose("quota").reason.endswith("; waiting brings no credit")


@given(
    st.sampled_from(KINDS),
    st.integers(1, 9),
    st.integers(1, 9),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 1e6)),
)
def test_no_model_is_asked_more_often_than_allowed(
    kind: Kind, attempt: int, attempts: int, compacted: bool, asked: float | None
) -> None:
    decision = choose(kind, retry_after=asked, attempt=attempt, attempts=attempts, compacted=compacted)

    assert not isinstance(decision, Retry) or attempt < attempts
    assert "acme" in decision.reason
    assert "their words" in decision.reason
