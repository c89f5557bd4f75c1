"""Clients resend whole conversations; the company knows which one it is, and does its work once."""

from typing import Any

import pytest

from company.store import Run
from tests.server.doors.conftest import runs_of


def say(
    server, *texts: str, headers: dict[str, str] | None = None, person: str = "Ada", **more: Any
) -> tuple[Run, str]:
    """Send a conversation, the person first; return the newest run and the answer."""
    messages = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]
    token = server.token_for(("read", "chat"), person)
    with server.client(token=token, **(headers or {})) as client:
        answer = client.post("/v1/chat/completions", json={"model": "ceo", "messages": messages, **more})
    assert answer.status_code == 200, answer.text
    return runs_of(server)[0], answer.json()["choices"][0]["message"]["content"]


def test_only_the_last_user_message_is_new(server) -> None:
    run, _ = say(server, "buy some bitcoin", "It is asked for.", "good morning")
    assert run.request == "good morning"


def test_a_resent_history_goes_on_with_its_conversation(server) -> None:
    first, answer = say(server, "hello, first")
    second, again = say(server, "hello, first", answer, "good morning")
    third, _ = say(server, "hello, first", answer, "good morning", again, "hello")
    assert first.thread_id == second.thread_id == third.thread_id
    assert len({first.id, second.id, third.id}) == 3


def test_two_conversations_that_open_alike_stay_apart(server) -> None:
    assert say(server, "hello, twice")[0].thread_id != say(server, "hello, twice")[0].thread_id


def test_a_system_message_that_changes_does_not_change_the_conversation(server) -> None:
    first, answer = say(server, "hello, dated")
    messages = [
        {"role": "system", "content": "Today is Tuesday."},
        {"role": "user", "content": "hello, dated"},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "good morning"},
    ]
    with server.client() as client:
        client.post("/v1/chat/completions", json={"model": "ceo", "messages": messages})
    assert runs_of(server)[0].thread_id == first.thread_id


def test_the_conversations_of_two_persons_stay_apart(server) -> None:
    ada, answer = say(server, "hello, you")
    bob, _ = say(server, "hello, you", answer, "good morning", person="Bob")
    assert ada.thread_id != bob.thread_id
    assert (ada.person, bob.person) == ("Ada", "Bob")


def test_a_named_conversation_is_believed(server) -> None:
    assert say(server, "hello", headers={"x-session-id": "main"})[0].thread_id == "main"
    assert say(server, "hello", metadata={"thread_id": "there"})[0].thread_id == "there"
    both, _ = say(server, "hello", headers={"x-session-id": "main"}, metadata={"thread_id": "there"})
    assert both.thread_id == "main"


def test_a_request_that_the_sdk_repeats_gets_the_answer_of_the_run_it_began(server) -> None:
    first = say(server, "hello, again")
    assert say(server, "hello, again", headers={"x-stainless-retry-count": "1"}) == first
    assert say(server, "hello, again")[0].id != first[0].id


def test_the_first_try_of_the_sdk_is_no_repetition(server) -> None:
    first, _ = say(server, "hello, once", headers={"x-stainless-retry-count": "0"})
    assert say(server, "hello, once", headers={"x-stainless-retry-count": "0"})[0].id != first.id


FORM = """### Task:
Give the chat a title.
### Output:
JSON format: { "title": "..." }
### Chat History:
<chat_history>
USER: buy some bitcoin
ASSISTANT: It is asked for.
</chat_history>"""


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["ceo", "trading"])
def test_a_front_ends_own_question_starts_no_work(server, stream: bool, model: str) -> None:
    body = {"model": model, "messages": [{"role": "user", "content": FORM}], "stream": stream}
    before = runs_of(server)
    with server.client() as client:
        answer = client.post("/v1/chat/completions", json=body)
    assert runs_of(server) == before
    assert r"{\"title\": \"buy some bitcoin\"}" in answer.text
