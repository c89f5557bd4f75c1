"""What front ends ask behind a person's back is told apart from what a person asks.

The prompts here are written after the forms that Open WebUI, LibreChat and Chatbox use; none is copied.
"""

import json

import pytest

from company.server.doors.housekeeping import UNTITLED, housekeeping

HISTORY = "<chat_history>\nUSER: How is our portfolio doing today, and why?\nASSISTANT: Well.\n</chat_history>"
TITLE = "How is our portfolio doing today"


def form(task: str, output: str, history: str = HISTORY, heading: str = "### Task:") -> str:
    return f"{heading}\n{task}\n### Output:\nJSON format: {output}\n### Chat History:\n{history}"


FORMS = {
    "title": (form("Give the chat a short title.", '{ "title": "your title here" }'), {"title": TITLE}),
    "title in another language": (
        form("Gib dem Chat einen Titel.", '{"title": "Titel"}', heading="### Aufgabe:"),
        {"title": TITLE},
    ),
    "title over several lines": (form("A title, please.", '{\n  "title": "..."\n}'), {"title": TITLE}),
    "tags": (form("Sort the chat by 1 to 3 tags.", '{ "tags": ["tag1", "tag2"] }'), {"tags": ["General"]}),
    "follow-ups": (form("What could be asked next?", '{ "follow_ups": ["One?", "Two?"] }'), {"follow_ups": []}),
    "queries": (form("Which searches would help?", '{ "queries": ["one", "two"] }'), {"queries": []}),
    "image prompt": (form("Describe a picture.", '{ "prompt": "A description." }'), {"prompt": ""}),
    "completion": (
        '### Task:\nContinue `<text>`.\nIf unsure: `{ "text": "" }`.\n### Context:\n'
        f"{HISTORY}\n<type>General</type>\n<text>How is our</text>\n#### Output:\n",
        {"text": ""},
    ),
    "title of a chat that quotes another form": (
        form("A title.", '{"title": "..."}', HISTORY.replace("Well.", 'Use {"tags": ["x"]}.')),
        {"title": TITLE},
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_filled_in_as_it_asks(name: str) -> None:
    message, filled = FORMS[name]
    answer = housekeeping(message)
    assert answer is not None
    assert json.loads(answer) == filled


@pytest.mark.parametrize(
    "message",
    [
        "Write a brief title, five words or fewer, for the conversation. Return only the title.\n\n"
        "Conversation:\nUser: How is our portfolio doing today, and why?\nAI: Well.",
        "Find a concise title for this chat; just the title.\n\nUser: How is our portfolio doing today, why?",
        "Name this conversation: a short name, only the name.\n\n```\nuser: How is our portfolio doing today?\n```",
    ],
)
def test_a_demand_for_a_title_in_words_is_answered_with_the_first_words(message: str) -> None:
    assert housekeeping(message) == TITLE


def test_a_demand_without_transcript_is_known_by_its_wording() -> None:
    message = "Please make a 5-word-or-less title for the conversation. Answer with the title itself."
    assert housekeeping(message) == UNTITLED


def test_a_title_is_plain_and_short() -> None:
    history = f"<chat_history>\nUSER: **Why** `{'x' * 100}` now?\n</chat_history>"
    answer = housekeeping(form("A title.", '{"title": "..."}', history))
    assert answer is not None
    title = json.loads(answer)["title"]
    assert title.startswith("Why xxx")
    assert len(title) <= 60


def test_a_choice_of_tools_chooses_none() -> None:
    system = 'Available Tools: [{"name": "web"}]\nAnswer as {"tool_calls": []}.'
    assert housekeeping("Query: how are we doing?", system) == '{"tool_calls": []}'


@pytest.mark.parametrize(
    "message",
    [
        "Write a title for our next post about bitcoin.",
        "Give me a short title for the conversation we had with the bank, only the title please.",
        "Which tags do our posts have?",
        "What would be good follow-up questions for the board? Answer as JSON.",
        'Draft a post with the title "Trading in the rain" and publish it.',
        'Answer as {"title": "..."}: how is our portfolio doing?',
        "Search queries from our visitors are up. Why?",
        "### Task:\nSell half of our ether and report.",
        '### Task:\nAnswer from the context.\n<context>{"title": "News"}</context>\n<user_query>BTC?</user_query>',
        "Conversation: we should talk about our title fight.",
        "The log says <chat_history> is empty. What does that mean?",
        "Explain this: <chat_history>USER: hi</chat_history>",
    ],
)
def test_a_persons_message_is_left_to_the_company(message: str) -> None:
    assert housekeeping(message) is None


def test_a_system_message_of_a_front_end_changes_nothing() -> None:
    assert housekeeping("How are we doing?", "You are helpful. The title of this workspace is ACME.") is None
