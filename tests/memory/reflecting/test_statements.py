"""Which sentences are facts, what they say, and that nothing a person said is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.memory.reflecting import Statement, completed, known_in, read
from company.memory.words import words

FACTS = [
    ("my name is Ann", "", "name", "Ann"),
    ("Please remember that my name is Ann.", "", "name", "Ann"),
    ("call me Annie", "", "is called", "Annie"),
    ("I live in Turku", "", "lives in", "Turku"),
    ("I've moved from Espoo to Porvoo.", "", "lives in", "Porvoo"),
    ("I work at Nokia now", "", "works at", "Nokia"),
    ("we prefer Stripe for payments", "payments", "preferred", "Stripe"),
    ("We now use Adyen for card payments", "card payments", "used", "Adyen"),
    ("note for the future that my boat is called Miranda", "boat", "called", "Miranda"),
    ("my office is in Porvoo now", "office", "is in", "Porvoo"),
    ("for the record my accountant is Mrs. Salo", "accountant", "is", "Mrs. Salo"),
    ("our supplier is Acme Oy", "supplier", "is", "Acme Oy"),
    ("my budget is not 500 but 700", "budget", "is", "700"),
    ("actually my risk appetite is high", "risk appetite", "is", "high"),
    ("remember that the deadline is Friday", "deadline", "is", "Friday"),
]
NO_FACTS = [
    "what is my boat called?",
    "do you remember what my boat is called",
    "is my boat in Espoo",
    "if my budget is 500 then buy",
    "my mother said my budget is 5",
    "the deadline is Friday",
    "buy 0.1 BTC",
    "no, sell it",
    "actually, how are we doing?",
    "Porvoo now",
    "wait, stop buying bitcoin",
    "my name is not Bob",
    "",
]
TOLD = Statement("my office is in Espoo", subject="office", predicate="is in", value="Espoo")


@pytest.mark.parametrize(("said", "subject", "predicate", "value"), FACTS)
def test_a_sentence_that_states_a_fact_has_its_key(said: str, subject: str, predicate: str, value: str) -> None:
    told = read(said)
    assert [(one.subject, one.predicate, one.value) for one in told.statements] == [(subject, predicate, value)]
    assert told.rest == ""


@pytest.mark.parametrize("said", NO_FACTS)
def test_a_question_a_condition_or_an_order_is_no_fact(said: str) -> None:
    told = read(said)
    assert told.statements == ()
    assert told.rest == said


def test_sentences_and_clauses_are_taken_apart_and_the_rest_is_kept() -> None:
    told = read("My name is Ann and I live in Turku. What moved bitcoin? Our supplier is Dr. Who.")
    assert [(one.predicate, one.value) for one in told.statements] == [
        ("name", "Ann"),
        ("lives in", "Turku"),
        ("is", "Dr. Who"),
    ]
    assert told.rest == "What moved bitcoin?"


def test_a_preference_has_no_key_because_nobody_has_only_one() -> None:
    (one,) = read("I prefer low risk").statements
    assert (one.kind, one.predicate) == ("relationship", "")


def test_what_a_person_asks_to_remember_is_kept_as_a_fact_even_when_no_rule_reads_it() -> None:
    (one,) = read("keep in mind that carol's account is closed").statements
    assert (one.kind, one.predicate, one.value) == ("semantic", "", "")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("no, it is Porvoo", "Porvoo"),
        ("Actually it's in Porvoo, not Espoo.", "Porvoo"),
        ("not Espoo but Porvoo", "Porvoo"),
        ("sorry, I meant Porvoo", "Porvoo"),
        ("in Porvoo now", "Porvoo"),
        ("no, in Porvoo", "Porvoo"),
    ],
)
def test_a_correction_takes_the_key_of_what_it_corrects(said: str, value: str) -> None:
    (one,) = read(said).statements
    corrected = completed(one, TOLD)
    assert corrected is not None
    assert (corrected.subject, corrected.predicate, corrected.value) == ("office", "is in", value)


def test_a_correction_in_the_same_breath_is_about_what_was_just_said() -> None:
    told = read("my favourite coin is Solana. no, it is Ripple")
    assert [(one.subject, one.value) for one in told.statements] == [
        ("favourite coin", "Solana"),
        ("favourite coin", "Ripple"),
    ]
    told = read("my boat was in Espoo, it is in Porvoo now")
    assert [(one.subject, one.predicate, one.value) for one in told.statements] == [("boat", "is in", "Porvoo")]


@pytest.mark.parametrize("said", ["no, it is fine", "it is better now"])
def test_a_mood_corrects_no_name(said: str) -> None:
    (one,) = read(said).statements
    assert completed(one, TOLD) is None
    assert completed(one, None) is None


def test_what_changed_without_a_property_takes_the_one_that_is_known() -> None:
    (one,) = read("my office has changed to Porvoo").statements
    assert one.open == "predicate"
    known, unknown = completed(one, TOLD), completed(one, None)
    assert known is not None
    assert unknown is not None
    assert (known.predicate, unknown.predicate) == ("is in", "is")


def test_a_correction_is_about_the_last_fact_of_the_turn_before() -> None:
    known = known_in("My boat is called Miranda. My office is in Espoo. How are we doing?")
    assert known is not None
    assert (known.subject, known.value) == ("office", "Espoo")
    assert known_in("how are we doing?") is None


CLAUSES = st.sampled_from(
    [*(said for said, *_ in FACTS), *filter(None, NO_FACTS), "not Espoo but Porvoo", "I like short answers", "Hello!"]
)


@given(st.lists(CLAUSES, min_size=1, max_size=4), st.sampled_from([". ", "\n", "; ", " and ", ", but "]))
def test_every_word_is_kept_in_a_statement_or_in_the_rest(said: list[str], between: str) -> None:
    whole = between.join(said)
    told = read(whole)
    kept = {word for text in [told.rest, *(one.words for one in told.statements)] for word in words(text)}
    leading = set(
        words("and but no actually sorry please remember that note for the future record keep in mind i meant")
    )
    assert set(words(whole)) - leading <= kept


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    told = read(text)
    assert all(one.words for one in told.statements)
