"""What a question about one's own things asks for, and which memory answers it."""

import pytest

from company.memory.reflecting import MYSELF, about, asked_about

BOAT = {"id": "m1", "text": "bob said: my boat is called Miranda"}
HOME = {"id": "m2", "text": "bob said: I moved to Turku (bob lives in: Turku)"}


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        ("what is my boat called?", ("boat",)),
        ("What's my name", ("name",)),
        ("where do I live?", ("live",)),
        ("who is our accountant", ("accountant",)),
        ("do you remember what my boat is called?", ("boat",)),
        ("what did I tell you about the supplier?", ("supplier",)),
        ("what do you know about me?", MYSELF),
        ("what moved bitcoin today?", ()),
        ("how are we doing?", ()),
        ("my boat is called Miranda", ()),
    ],
)
def test_a_question_asks_for_its_telling_words(request_: str, asked: tuple[str, ...]) -> None:
    assert asked_about(request_) == asked


def test_a_memory_answers_when_it_holds_every_telling_word() -> None:
    memories = [BOAT, HOME]
    assert about(memories, ("boat",)) == [BOAT]
    assert about(memories, ("live",)) == [HOME]
    assert about(memories, ("boat", "insurance")) == []
    assert about(memories, MYSELF) == memories
    assert about(memories, ()) == []
