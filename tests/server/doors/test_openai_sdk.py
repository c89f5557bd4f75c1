"""OpenAI's own SDK, unchanged, talks to the company."""

import openai
import pytest

from tests.server.doors.conftest import runs_of

HELLO = "Hello, nice to see you."


def said(*texts: str) -> list[dict[str, str]]:
    """A conversation, the person first."""
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


def test_the_ceo_and_each_role_are_models(server, openai_client) -> None:
    client = openai_client(server)
    assert [model.id for model in client.models.list()] == ["ceo", "trading"]
    assert client.models.retrieve("trading").owned_by == "company"


def test_a_chat_completion_is_the_answer_of_the_ceo(server, openai_client) -> None:
    answer = openai_client(server).chat.completions.create(model="ceo", messages=said("hello"))
    (choice,) = answer.choices
    assert choice.message.content.startswith(HELLO)
    assert (answer.object, answer.model, choice.finish_reason) == ("chat.completion", "ceo", "stop")
    assert answer.id.startswith("chatcmpl-")


def test_what_the_autopilot_estimates_about_itself_is_no_usage(server, openai_client) -> None:
    answer = openai_client(server).chat.completions.create(model="ceo", messages=said("hello"))
    assert answer.usage.total_tokens == 0


def test_a_streamed_chat_says_the_same_and_ends_with_the_usage_when_asked(server, openai_client) -> None:
    chunks = list(
        openai_client(server).chat.completions.create(
            model="ceo", messages=said("hello"), stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith(HELLO)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 0)
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_without_that_wish_has_no_usage(server, openai_client) -> None:
    stream = openai_client(server).chat.completions.create(model="ceo", messages=said("hello"), stream=True)
    assert all(chunk.choices and chunk.usage is None for chunk in stream)


def test_the_stream_helper_gathers_the_answer(server, openai_client) -> None:
    with openai_client(server).chat.completions.stream(model="ceo", messages=said("hello")) as stream:
        kinds = {event.type for event in stream}
        answer = stream.get_final_completion()
    assert {"content.delta", "content.done"} <= kinds
    assert answer.choices[0].message.content.startswith(HELLO)


@pytest.mark.parametrize("stream", [False, True])
def test_what_roles_do_travels_beside_the_answer(server, openai_client, stream: bool) -> None:
    asked = {"model": "ceo", "messages": said("buy some bitcoin")}
    client = openai_client(server)
    if stream:
        chunks = client.chat.completions.create(**asked, stream=True)
        activity = "".join(getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks)
    else:
        activity = client.chat.completions.create(**asked).choices[0].message.reasoning_content
    assert activity.splitlines() == ["trading: buy some bitcoin", "trading: place_order", "trading: reported"]


def test_a_role_is_asked_through_the_ceo_who_gives_it_to_that_role(server, openai_client) -> None:
    answer = openai_client(server).chat.completions.create(model="trading", messages=said("buy some bitcoin"))
    assert answer.choices[0].message.reasoning_content.startswith("trading: ")
    assert "(This was for" not in answer.choices[0].message.content


def test_an_answer_says_when_the_ceo_did_not_ask_the_role(server, openai_client) -> None:
    answer = openai_client(server).chat.completions.create(model="trading", messages=said("good morning"))
    content = answer.choices[0].message.content
    asked = answer.choices[0].message.model_extra.get("reasoning_content", "")
    assert asked.startswith("trading: ") != ("(This was for trading; the CEO answered alone.)" in content)


def test_a_response_is_the_answer_of_the_ceo(server, openai_client) -> None:
    answer = openai_client(server).responses.create(model="ceo", input="hello")
    assert answer.output_text.startswith(HELLO)
    assert (answer.status, answer.error, answer.usage.total_tokens) == ("completed", None, 0)


def test_a_streamed_response_is_the_full_sequence_of_named_events(server, openai_client) -> None:
    events = list(openai_client(server).responses.create(model="ceo", input="hello", stream=True))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert set(kinds[4:-4]) == {"output_text.delta"}
    assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "completed"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text
    assert text.startswith(HELLO)


def test_the_stream_helper_gathers_a_response(server, openai_client) -> None:
    with openai_client(server).responses.stream(model="ceo", input="hello") as stream:
        kinds = {event.type for event in stream}
        answer = stream.get_final_response()
    assert "response.output_text.delta" in kinds
    assert answer.output_text.startswith(HELLO)


def test_a_response_can_be_asked_for_again_and_gone_on_from(server, openai_client) -> None:
    client = openai_client(server)
    first = client.responses.create(model="ceo", input="hello", metadata={"thread_id": "kept"})
    client.responses.create(model="ceo", input="good morning", previous_response_id=first.id)
    again = client.responses.retrieve(first.id)
    assert again.output_text == first.output_text
    assert again.metadata == {"thread_id": "kept"}
    assert [run.request for run in runs_of(server) if run.thread_id == "kept"] == ["good morning", "hello"]


def test_a_response_that_was_not_to_be_stored_is_not_there(server, openai_client) -> None:
    client = openai_client(server)
    answer = client.responses.create(model="ceo", input="hello", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="ceo", input="hello", previous_response_id=answer.id)
    assert (refused.value.param, refused.value.code) == ("previous_response_id", "previous_response_not_found")


def test_a_wrong_key_is_the_error_the_sdk_knows(server, openai_client) -> None:
    with pytest.raises(openai.AuthenticationError) as refused:
        openai_client(server, key="wrong").models.list()
    assert refused.value.code == "invalid_api_key"


def test_an_unknown_model_is_the_error_the_sdk_knows(server, openai_client) -> None:
    client = openai_client(server)
    for ask in (
        lambda: client.models.retrieve("gpt-9"),
        lambda: client.chat.completions.create(model="gpt-9", messages=said("hello")),
        lambda: client.responses.create(model="gpt-9", input="hello"),
    ):
        with pytest.raises(openai.NotFoundError) as refused:
            ask()
        assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize("scopes", [("read",), ("approve",), ("admin",)])
def test_a_token_that_may_not_chat_is_refused_in_the_words_of_the_sdk(server, openai_client, scopes) -> None:
    with pytest.raises(openai.PermissionDeniedError) as refused:
        openai_client(server, scopes=scopes).chat.completions.create(model="ceo", messages=said("hello"))
    assert refused.value.code == "insufficient_permissions"
    assert "'chat'" in refused.value.message


def test_a_token_that_may_only_chat_may_ask_whom_it_can_chat_with(server, openai_client) -> None:
    client = openai_client(server, scopes=("chat",))
    assert len(client.models.list().data) == 2
    assert client.chat.completions.create(model="ceo", messages=said("hello")).choices


def test_too_many_requests_are_the_error_the_sdk_knows(serve_with, openai_client) -> None:
    client = openai_client(serve_with("[server]\ncommands_per_minute = 1\n"), max_retries=0)
    client.chat.completions.create(model="ceo", messages=said("hello"))
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model="ceo", messages=said("hello"))
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 60
