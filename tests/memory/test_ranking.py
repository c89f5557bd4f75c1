"""The order in which memories answer a question, and the parts of their scores."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from company.memory.asking import Question
from company.memory.item import MemoryItem
from company.memory.ranking import POOL, Candidate, Found, rank

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SCORES = st.floats(0, 20)
COSINES = st.none() | st.floats(-1, 1)


def item(number: int, text: str = "Tea is hot.", *, age: int = 0, importance: float = 0.5, **fields: str) -> MemoryItem:
    at = NOW - timedelta(days=age)
    return MemoryItem(
        id=f"m{number}",
        role="ceo",
        text=text,
        created_at=at,
        valid_from=at,
        use_count=0,
        importance=importance,
        **fields,
    )


def ranked(
    candidates: list[Candidate], question: str = "tea?", *, whole: float = 10, semantic: bool = True
) -> list[Found]:
    return rank(candidates, Question(question), whole=whole, now=NOW, semantic=semantic)


def numbers(candidates: list[Candidate], question: str = "tea?", *, semantic: bool = True) -> list[str]:
    return [found.item.id for found in ranked(candidates, question, semantic=semantic)]


def test_what_shares_nothing_with_the_question_is_not_relevant() -> None:
    assert ranked([]) == []
    assert ranked([Candidate(item(1, importance=1))]) == []
    assert ranked([Candidate(item(1), cosine=0.14)]) == []


def test_meaning_does_not_count_without_an_embedder() -> None:
    assert ranked([Candidate(item(1), cosine=0.9)], semantic=False) == []


def test_one_common_word_of_five_does_not_bury_a_paraphrase() -> None:
    paraphrase, word = Candidate(item(1), cosine=0.6), Candidate(item(2), alone=2, around=2)
    assert numbers([word, paraphrase]) == ["m1", "m2"]


def test_every_word_of_the_question_outweighs_what_only_means_nearly_the_same() -> None:
    paraphrase, words = Candidate(item(1), cosine=0.6), Candidate(item(2), alone=9, around=9)
    assert numbers([paraphrase, words]) == ["m2", "m1"]


def test_text_beside_the_words_of_the_question_comes_before_one_that_is_not() -> None:
    assert numbers([Candidate(item(1), alone=3), Candidate(item(2), alone=3, around=3)]) == ["m2", "m1"]


def test_reply_to_a_question_that_matches_gets_a_share_of_its_match() -> None:
    asks = Candidate(item(1, "Where do we ship the lamps?"), alone=9, cosine=0.5)
    found = ranked([asks, Candidate(item(2, "To Rome."), cosine=0.2, follows=1), Candidate(item(3), cosine=0.2)])
    assert {each.item.id: "reply" in each.parts for each in found} == {"m1": False, "m2": True, "m3": False}


def test_speaker_and_subject_that_are_named_come_first() -> None:
    candidates = [
        Candidate(item(1, "Bo: I like tea."), alone=3),
        Candidate(item(2, "Ada: I like tea."), alone=3),
        Candidate(item(3, "I like tea.", subject="Ada"), alone=3),
    ]
    assert numbers(candidates, "Does Ada like tea?") == ["m2", "m3", "m1"]


def test_fact_that_is_asked_for_comes_before_any_likeness() -> None:
    fact = Candidate(item(1, "Now 0.2.", subject="alpha", predicate="fee", value="0.2"))
    likeness = Candidate(item(2, "The fee of alpha is 0.1."), alone=10, around=10, cosine=0.9)
    assert numbers([likeness, fact], "What is the fee of alpha?") == ["m1", "m2"]
    assert ranked([likeness, fact], "What is the fee of alpha?")[0].parts["fact"] == 1


def test_fact_about_something_else_of_the_subject_does_not_come_first() -> None:
    fact = Candidate(item(1, "Opens at nine.", subject="alpha", predicate="hours"))
    likeness = Candidate(item(2, "The fee of alpha is 0.1."), alone=10, around=10, cosine=0.9)
    assert numbers([likeness, fact], "What is the fee of alpha?") == ["m2", "m1"]


def test_answer_in_kind_comes_before_equal_texts_that_have_none() -> None:
    assert numbers(
        [Candidate(item(1, "We left."), alone=3), Candidate(item(2, "We left at 9 am."), alone=3)], "When?"
    ) == [*("m2", "m1")]


def test_text_that_only_asks_comes_after_one_that_says() -> None:
    assert numbers([Candidate(item(1, "Is tea hot?"), alone=3), Candidate(item(2, "Tea is hot."), alone=3)]) == [
        "m2",
        "m1",
    ]


def test_newer_and_more_important_come_first_among_equals() -> None:
    assert numbers([Candidate(item(1, age=90), alone=3), Candidate(item(2), alone=3)]) == ["m2", "m1"]
    assert numbers([Candidate(item(1), alone=3), Candidate(item(2, importance=1), alone=3)]) == ["m2", "m1"]


candidates = st.lists(st.tuples(SCORES, SCORES, COSINES, st.integers(0, 400)), max_size=2 * POOL)


@settings(max_examples=40, deadline=None)
@given(candidates, st.booleans(), st.floats(0, 30))
def test_score_is_the_sum_of_its_parts_and_orders_the_answer(
    drawn: list[tuple[float, float, float | None, int]], semantic: bool, whole: float
) -> None:
    given_ = [
        Candidate(item(number, age=age), alone, around, cosine, number - 1)
        for number, (alone, around, cosine, age) in enumerate(drawn, 1)
    ]
    found = ranked(given_, whole=whole, semantic=semantic)
    assert len(found) <= POOL
    assert len({each.item.id for each in found}) == len(found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert all(abs(each.score - sum(each.parts.values())) < 0.001 for each in found)
    assert ranked(given_[::-1], whole=whole, semantic=semantic) == found
