"""What a question gives away about its answer, and a text about itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.memory.asking import Question, asking, speaker


@pytest.mark.parametrize(
    "question",
    ["When did Ana move?", "Since when is it open?", "On which day do we ship?", "How long was she ill?", "what year?"],
)
def test_question_for_a_time_is_answered_in_kind_by_a_time(question: str) -> None:
    asked = Question(question)
    assert asked.answered_in_kind("Ana: I moved last Friday, in the rain.")
    assert asked.answered_in_kind("It was on 8 May.")
    assert not asked.answered_in_kind("Ana: Moving was no fun.")


def test_question_for_a_number_is_answered_in_kind_by_a_number() -> None:
    asked = Question("How many lamps broke?")
    assert asked.answered_in_kind("Eleven boxes were crushed.")
    assert asked.answered_in_kind("We lost 14,000 of them.")
    assert not asked.answered_in_kind("The lamps broke.")


def test_other_questions_have_no_kind_of_answer() -> None:
    assert not Question("What broke last Friday?").answered_in_kind("It broke at noon, on 8 May, 14 of them.")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Caroline: Hi!", "Caroline"),
        ("ada said: it works", "ada"),
        ('Ada said, "it works"', "Ada"),
        ("[1:56 pm on 8 May, 2023] Mary Jane: Hi!", "Mary Jane"),
        ("(2025-01-01) Zoë: Hi!", "Zoë"),
        ("The stop was hit at 60,000.", ""),
        ("Hello, Ada: come in", ""),
        ("12:30 lunch", ""),
        ("", ""),
    ],
)
def test_speaker_is_who_a_text_begins_with(text: str, name: str) -> None:
    assert speaker(text) == name


def test_question_names_a_speaker_by_any_part_of_the_name() -> None:
    asked = Question("Where does Mary's sister live?")
    assert asked.names("Mary Jane")
    assert not asked.names("Jane")
    assert not asked.names("")


def test_question_states_a_predicate_in_another_form() -> None:
    assert Question("Which fees does alpha charge?").states("fee")
    assert Question("Where did Ana go?").states("went to")
    assert not Question("Where does Ana live?").states("fee")
    assert not Question("Where does Ana live?").states("")


@pytest.mark.parametrize(
    ("question", "dated"),
    [
        ("What happened in May?", True),
        ("What happened in May 2023?", True),
        ("What happened in May 2022?", False),
        ("What did they do on 6 May 2023?", True),
        ("What did they do on May 6th, 2023?", True),
        ("What did they do on the 9th of May?", False),
        ("What may they do in June?", False),
        ("What may happen?", False),
    ],
)
def test_date_in_words_is_that_of_what_was_said_within_the_week(question: str, dated: bool) -> None:
    assert Question(question).dated(datetime(2023, 5, 8, tzinfo=UTC)) is dated


def test_share_that_asks_is_that_of_its_sentences() -> None:
    assert asking("How are you?") == 1
    assert asking("I moved to Rome.") == 0
    assert 0.3 < asking("I moved to Rome. Where are you?") < 0.7
    assert asking("") == 0


@given(st.text(), st.text())
def test_any_text_may_be_asked_and_looked_at(question: str, text: str) -> None:
    asked = Question(question)
    assert 0 <= asking(text) <= 1
    assert asked.answered_in_kind(text) in (True, False)
    assert asked.names(speaker(text)) in (True, False)
    assert all(1 <= month <= 12 for _, month, _ in asked.dates)


@pytest.mark.parametrize(
    ("question", "wordings"),
    [
        (
            "Where does Mary Jane's sister live?",
            ("Where does Mary Jane's sister live?", "Where does someone's sister live?"),
        ),
        ("What did they do in May?", ("What did they do in May?",)),
        ("What costs BTC on Friday?", ("What costs BTC on Friday?",)),
        ("", ("",)),
    ],
)
def test_question_about_somebody_is_asked_about_someone_as_well(question: str, wordings: tuple[str, ...]) -> None:
    assert Question(question).wordings == wordings
