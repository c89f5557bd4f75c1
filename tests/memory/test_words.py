"""Texts in the forms in which they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.memory.words import clean, fingerprint, forms, phrases, subject_key, terms, words


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_fingerprint_does_not_depend_on_case_and_spacing(text: str) -> None:
    assert fingerprint(f"  {text.upper()}\n") == fingerprint(text)


def test_words_are_the_first_sixty_four_in_lower_case() -> None:
    assert words("Zoë's FEE_rate: 0.1%") == ["zoë", "s", "fee", "rate", "0", "1"]
    assert len(words("word " * 99)) == 64


def test_terms_leave_out_what_every_question_has() -> None:
    assert terms(words("What kind of dog does Caroline's sister have?")) == ["dog", "caroline", "sister"]


def test_term_that_is_said_twice_is_searched_once() -> None:
    assert terms(["tea", "for", "tea"]) == ["tea"]


def test_phrases_are_the_runs_of_up_to_three_words() -> None:
    assert phrases(["venue", "alpha", "fee", "now"]) == [
        *("venue", "venue alpha", "venue alpha fee", "alpha", "alpha fee", "alpha fee now", "fee", "fee now", "now"),
    ]


@given(st.text())
def test_subject_is_found_by_its_own_words(subject: str) -> None:
    key = subject_key(subject)
    assert key in phrases(words(subject)) or len(key.split()) > 3 or not key


@pytest.mark.parametrize(
    ("asked", "said"), [("buy", "bought"), ("went", "go"), ("children", "child"), ("swim", "swam")]
)
def test_irregular_forms_belong_together(asked: str, said: str) -> None:
    assert said in forms(asked)
    assert asked in forms(said)


@given(st.text(min_size=1))
def test_word_is_the_first_of_its_forms(word: str) -> None:
    assert forms(word)[0] == word
    assert len(set(forms(word))) == len(forms(word))
