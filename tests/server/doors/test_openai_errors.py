"""Whatever goes wrong below `/v1` is said in OpenAI's shape."""

import json

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from company.errors import ProviderError
from company.server.doors.openai_errors import HANDLERS
from tests.server.doors.conftest import runs_of

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
HELLO = [{"role": "user", "content": "hello"}]
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def error_of(answer) -> dict[str, str]:
    """The error of an answer, held to the shape."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["message", "type", "param", "code"]
    assert body["error"]["message"]
    return body["error"]


def post(server, body, path: str = CHAT, **headers: str):
    with server.client(**headers) as client:
        return client.post(path, json=body)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/responses/resp_unknown", 404, "not_found"),
        ("GET", CHAT, 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_an_openai_error(server, method: str, path: str, status: int, code: str) -> None:
    with server.client() as client:
        answer = client.request(method, path)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


def test_the_gate_refuses_a_stranger_in_openais_shape(server) -> None:
    with server.client(token=None) as client:
        answer = client.get("/v1/models")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert error_of(answer)["code"] == "invalid_api_key"


def test_the_gate_refuses_another_site_in_openais_shape(server) -> None:
    with server.client(origin="http://evil.example") as client:
        answer = client.get("/v1/models")
    assert (answer.status_code, error_of(answer)["type"]) == (403, "permission_error")


def test_a_body_that_is_too_large_is_refused_in_openais_shape(server) -> None:
    answer = post(server, {"model": "ceo", "messages": HELLO, "user": "x" * 3_000_000})
    assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")


def test_a_body_that_is_not_json_is_refused_in_openais_shape(server) -> None:
    with server.client() as client:
        form = client.post(CHAT, data={"model": "ceo"})
        broken = client.post(CHAT, content="{", headers={"content-type": "application/json"})
        listed = client.post(CHAT, content="[]", headers={"content-type": "application/json"})
    assert (form.status_code, error_of(form)["code"]) == (415, "unsupported_media_type")
    for answer in (broken, listed):
        assert (answer.status_code, error_of(answer)["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "strange",
    [
        "[" * 500_000,
        '{"model": "ceo", "input": "hello", "metadata": {"a": %s}}' % ("[" * 100_000 + "]" * 100_000),
        '{"model": "ceo", "input": "hello", "metadata": {"a": NaN}}',
        '{"model": "ceo", "input": "hello", "metadata": {"a": "\\ud800"}}',
        '{"model": "ceo", "input": "\\ud800"}',
    ],
)
def test_json_that_could_not_be_kept_or_sent_again_is_refused_before_anything_begins(server, strange: str) -> None:
    known = len(runs_of(server))
    with server.client() as client:
        answer = client.post(RESPONSES, content=strange, headers={"content-type": "application/json"})
    assert (answer.status_code, error_of(answer)["type"]) == (400, "invalid_request_error")
    assert len(runs_of(server)) == known


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": HELLO}, "model"),
        ({"model": "ceo"}, "messages"),
        ({"model": "ceo", "messages": "hello"}, "messages"),
        ({"model": "ceo", "messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"model": "ceo", "messages": []}, "messages"),
        ({"model": "ceo", "messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"model": "ceo", "messages": [*HELLO, {"role": "assistant", "content": "Hello"}]}, "messages"),
        ({"model": "ceo", "messages": [{"role": "user", "content": " "}]}, "messages[0].content"),
        ({"model": "ceo", "messages": [{"role": "user", "content": "x" * 16_001}]}, "messages[0].content"),
        ({"model": "ceo", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, PNG]}]},
         "messages[0].content[1]"),
        ({"model": "ceo", "messages": HELLO, "metadata": {"thread_id": ""}}, "metadata.thread_id"),
        ({"model": "ceo", "messages": HELLO, "n": 2}, "n"),
        ({"model": "ceo", "messages": HELLO, "tools": [{"type": "function"}]}, "tools"),
        ({"model": "ceo", "messages": HELLO, "tool_choice": "required"}, "tool_choice"),
        ({"model": "ceo", "messages": HELLO, "functions": [{}]}, "functions"),
        ({"model": "ceo", "messages": HELLO, "response_format": {"type": "json_schema"}}, "response_format"),
        ({"model": "ceo", "messages": HELLO, "logprobs": True}, "logprobs"),
        ({"model": "ceo", "messages": HELLO, "modalities": ["text", "audio"]}, "modalities"),
    ],
)  # fmt: skip
def test_what_a_chat_cannot_do_is_refused_by_name(server, body, param: str) -> None:
    answer = post(server, body)
    assert (answer.status_code, error_of(answer)["param"]) == (400, param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "ceo"}, "input"),
        ({"model": "ceo", "input": ""}, "input[0].content"),
        ({"model": "ceo", "input": [{"type": "function_call_output", "call_id": "x", "output": "y"}]}, "input"),
        ({"model": "ceo", "input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0]"),
        ({"model": "ceo", "input": "hello", "background": True}, "background"),
        ({"model": "ceo", "input": "hello", "tools": [{"type": "web_search"}]}, "tools"),
        ({"model": "ceo", "input": "hello", "text": {"format": {"type": "json_object"}}}, "text"),
        ({"model": "ceo", "input": "hello", "conversation": "conv_1"}, "conversation"),
        ({"model": "ceo", "input": "hello", "previous_response_id": "resp_x"}, "previous_response_id"),
    ],
)
def test_what_a_response_cannot_do_is_refused_by_name(server, body, param: str) -> None:
    answer = post(server, body, RESPONSES)
    assert (answer.status_code, error_of(answer)["param"]) == (400, param)


def test_a_name_of_a_thread_must_be_one_line(server) -> None:
    answer = post(server, {"model": "ceo", "messages": HELLO}, **{"x-session-id": "x" * 101})
    assert (answer.status_code, error_of(answer)["param"]) == (400, "x-session-id")


def test_what_only_tunes_a_model_is_ignored(server) -> None:
    tuned = {
        "temperature": 0.2, "top_p": 1, "max_tokens": 5, "max_completion_tokens": 5, "seed": 1, "stop": ["x"],
        "presence_penalty": 0, "frequency_penalty": 0, "logit_bias": {}, "user": "u", "service_tier": "auto",
        "reasoning_effort": "low", "n": 1, "tools": [], "tool_choice": "auto", "parallel_tool_calls": True,
        "response_format": {"type": "text"}, "logprobs": False, "store": False, "stream": None, "made_up": 1,
    }  # fmt: skip
    answer = post(server, {"model": "ceo", "messages": HELLO, **tuned})
    assert answer.status_code == 200, answer.text


def test_text_parts_are_joined_and_system_messages_are_no_turn(server) -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "good"}, {"type": "text", "text": "morning"}]},
        {"role": "system", "content": "Be brief."},
    ]
    answer = post(server, {"model": "ceo", "messages": messages}, **{"x-session-id": "parts"})
    assert answer.status_code == 200
    assert [run.request for run in runs_of(server) if run.thread_id == "parts"] == ["good\nmorning"]


def test_a_stopped_company_is_not_asked_again_and_again(start_server) -> None:
    server = start_server()
    with server.store() as store:
        store.flags.set("stop", "Ada: looking into it")
    answer = post(server, {"model": "ceo", "messages": HELLO})
    assert answer.status_code == 503
    assert answer.headers["x-should-retry"] == "false"
    assert "stopped by Ada" in error_of(answer)["message"]


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
def test_a_run_that_fails_is_an_error_that_must_not_be_repeated(failing_server, path: str) -> None:
    said = {"input": "hello"} if path == RESPONSES else {"messages": HELLO}
    answer = post(failing_server, {"model": "ceo", **said}, path)
    assert (answer.status_code, error_of(answer)["code"]) == (500, "run_failed")
    assert answer.headers["x-should-retry"] == "false"


def test_a_run_that_fails_in_the_middle_of_a_stream_ends_it_with_the_error(failing_server) -> None:
    answer = post(failing_server, {"model": "ceo", "messages": HELLO, "stream": True})
    frames = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert json.loads(frames[-1])["error"]["code"] == "run_failed"
    assert "[DONE]" not in frames


def test_a_run_that_fails_in_the_middle_of_a_response_ends_it_as_failed(failing_server) -> None:
    answer = post(failing_server, {"model": "ceo", "input": "hello", "stream": True}, RESPONSES)
    frames = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    last = json.loads(frames[-1])
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"]["code"] == "run_failed"


@pytest.mark.parametrize("error", [RuntimeError("a secret of the code"), ProviderError("the exchange is down")])
def test_a_bug_and_a_failure_are_openai_errors_that_must_not_be_repeated(error: Exception) -> None:
    async def fail(_request: Request) -> None:
        raise error

    app = Starlette(routes=[Route("/", fail)], exception_handlers=HANDLERS)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/")
    said = error_of(answer)
    assert (answer.status_code, said["type"]) == (500, "server_error")
    assert answer.headers["x-should-retry"] == "false"
    assert "a secret" not in said["message"]
