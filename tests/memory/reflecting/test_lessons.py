"""Lessons are a function of the outcomes: counted once, the same in any number of readings."""

from hypothesis import given
from hypothesis import strategies as st

from company.memory.reflecting import SUPPORT, Outcome, Rule, lessons_of

BTC = Rule("trading", "BTC/USDT", "closed trades", "the consensus buys BTC", "size by it", "ask for less")
ETH = Rule("trading", "ETH/USDT", "closed trades", "the consensus buys ETH", "size by it", "ask for less")

outcomes = st.lists(
    st.builds(
        lambda number, rule, good: Outcome(f"trade {number}", rule, f"trade {number}", good),
        st.integers(0, 30),
        st.sampled_from([BTC, ETH]),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda outcome: (outcome.rule, outcome.id),
)


def _outcome(number: int, *, good: bool) -> Outcome:
    return Outcome(f"trade {number}", BTC, "...", good)


def test_one_episode_is_an_anecdote_and_two_make_a_lesson() -> None:
    (first,) = lessons_of([_outcome(1, good=False)])
    (second,) = lessons_of([_outcome(1, good=False), _outcome(2, good=False)])
    assert (first.supported, second.supported) == (False, True)
    assert second.text == "When the consensus buys BTC: ask for less. As expected 0 of 2 times (trade 1, trade 2)."
    assert (first.value, second.value) == ("fails 0/1", "fails 0/2")


def test_a_lesson_that_goes_both_ways_says_so() -> None:
    (lesson,) = lessons_of([_outcome(1, good=True), _outcome(2, good=False)])
    assert lesson.value == "open 1/2"
    assert "decide each case by its own figures" in lesson.text
    assert not lesson.supported


def test_a_lesson_names_its_newest_episodes_and_counts_the_others() -> None:
    (lesson,) = lessons_of([_outcome(number, good=True) for number in range(12)])
    assert "trade 11 and 4 before" in lesson.text
    assert "trade 3," not in lesson.text
    assert len(lesson.evidence) == 12


@given(outcomes)
def test_saying_an_outcome_twice_changes_no_lesson(found: list[Outcome]) -> None:
    assert lessons_of([*found, *found]) == lessons_of(found)


@given(outcomes)
def test_every_outcome_is_evidence_of_exactly_one_lesson_and_the_counts_add_up(found: list[Outcome]) -> None:
    lessons = lessons_of(found)
    assert sorted(name for lesson in lessons for name in lesson.evidence) == sorted(outcome.id for outcome in found)
    for lesson in lessons:
        good = sum(outcome.good for outcome in found if outcome.rule == lesson.rule)
        total = len(lesson.evidence)
        assert lesson.value.endswith(f" {good}/{total}")
        assert lesson.supported == (max(good, total - good) >= SUPPORT)
