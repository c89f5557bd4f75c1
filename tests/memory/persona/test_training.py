"""A fine-tuning set holds what people approved and nothing that must not be learned; the account adds up."""

import json

import pytest

from company import events
from company.events import Draft
from company.memory.persona import Training
from company.store import Cast


@pytest.fixture
def chat(store, now):
    """Make a finished chat turn, approved unless said otherwise."""
    store.personas.adopt({"ceo": "You are Helena.", "trading": "You are Tomás."})

    def made(asked, said, *, thumbs=("up",), thread="t1", status="done", person="ann", **outcome):
        run = store.runs.create(
            kind="chat", thread_id=thread, request=asked, person=person, number=0, as_of=now(), seed=7, identity="i"
        )
        store.casts.pin(run.id, Cast(store.personas.stables()))
        store.runs.set_status(run.id, status, {"answer": said, "sources": [], **outcome})
        for number, thumb in enumerate(thumbs):
            store.feedback.give(run.id, f"p{number}", thumb)
        return run

    return made


@pytest.fixture
def training(store):
    return Training(store, chief="ceo", redact=lambda text: text.replace("hunter2hunter2", "[secret K]"))


def talks(lines):
    return [[message["content"] for message in json.loads(line)["messages"]] for line in lines]


def test_approved_turns_of_a_conversation_are_one_example_under_the_persona(chat, training):
    chat("hello", "Good day.")
    chat("how are we?", "Well.\n\n(No model key: I follow the roles' playbooks.)")
    lines, account = training.lines("ceo")
    assert talks(lines) == [["You are Helena.", "hello", "Good day.", "how are we?", "Well."]]
    assert [message["role"] for message in json.loads(lines[0])["messages"]] == ["system"] + ["user", "assistant"] * 2
    assert (account.looked_at, account.taken, account.conversations) == (2, 2, 1)


@pytest.mark.parametrize(
    ("reason", "turn"),
    [
        ("nobody approved it", {"thumbs": ()}),
        ("a person refused it", {"thumbs": ("up", "down")}),
        ("it did not end well", {"status": "degraded"}),
        ("words of strangers", {"sources": ["news n-1"]}),
        ("a secret", {"said": "the key is sk-abcdefghijklmnop1234"}),
        ("a secret", {"said": "it is hunter2hunter2"}),
        ("erased", {"asked": "I live in [erased]"}),
        ("too long", {"said": "x" * 40_000}),
    ],
)
def test_what_must_not_be_learned_is_left_out_and_counted(chat, training, reason, turn):
    chat("hello", "Good day.")
    turn = {"asked": "who are you?", "said": "I am Helena.", **turn}
    chat(turn.pop("asked"), turn.pop("said"), **turn)
    lines, account = training.lines("ceo")
    assert talks(lines) == [["You are Helena.", "hello", "Good day."]]
    assert account.left_out == {reason: 1}
    assert account.looked_at == account.taken + sum(account.left_out.values())


def test_a_turn_that_is_left_out_cuts_the_conversation(chat, training):
    chat("one", "1")
    chat("two", "2", thumbs=())
    chat("three", "3")
    assert [talk[1:] for talk in talks(training.lines("ceo")[0])] == [["one", "1"], ["three", "3"]]


def test_the_same_words_are_taken_once(chat, training):
    chat("hello", "Good day.", thread="t1")
    chat("Hello", "good  day.", thread="t2")
    lines, account = training.lines("ceo")
    assert (len(lines), account.left_out) == (1, {"said before": 1})


def test_the_persona_is_that_of_the_run_and_another_one_begins_another_example(store, chat, training):
    chat("one", "1")
    store.personas.set("ceo", "You are Maren.", "ann", "a new chief")
    chat("two", "2")
    assert [talk[0] for talk in talks(training.lines("ceo")[0])] == ["You are Helena.", "You are Maren."]


def test_a_role_below_learns_from_its_reports(store, chat, training):
    run = chat("how are we?", "Well.")
    value = {"role": "trading", "summary": "Equity 300 USDT.", "status": "ok", "tainted": False, "sources": []}
    started = events.agent_started(f"{run.id}/ceo/trading", "trading", "How is the book?", run.id)
    drafts = [started, events.custom("report", value)]
    store.journal.append([Draft(run.id, "t1", "ceo/trading", "user", body) for body in drafts])
    assert talks(training.lines("trading")[0]) == [["You are Tomás.", "How is the book?", "Equity 300 USDT."]]
