"""What the bench asks is well formed: evidence exists, sets are apart, paraphrases share no word."""

from pathlib import Path

import pytest

from company.memory.asking import Question
from company.memory.words import words
from tests.bench.conversations import Set, talks

PARAPHRASES = Path(__file__).parents[1] / "bench" / "paraphrases"
SETS: list[Set] = ["chosen_on", "held_back"]


@pytest.mark.parametrize("of", SETS)
def test_every_question_has_evidence_in_its_conversation(of: Set) -> None:
    for talk in talks(of):
        numbers = [turn.number for turn in talk.turns if turn.number]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(talk.turns) >= 9 * len(numbers)
        assert {question.kind for question in talk.questions} == {"single", "multi", "temporal", "open"}
        assert all(question.evidence <= set(numbers) for question in talk.questions)


def test_nothing_is_asked_in_both_sets() -> None:
    chosen_on, held_back = ({question.text for talk in talks(of) for question in talk.questions} for of in SETS)
    assert not chosen_on & held_back


@pytest.mark.parametrize("of", SETS)
def test_paraphrase_shares_no_word_with_its_memory(of: Set) -> None:
    lines = (PARAPHRASES / f"{of}.txt").read_text().splitlines()
    for text, question in (line.split(" | ") for line in lines):
        assert not Question(text).stems & Question(question).stems, (text, question)
        assert len(words(question)) > 2
    assert len(lines) == (60 if of == "held_back" else 40)
