"""Commands and state over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest


def words_of(frames, run: str) -> str:
    """The CEO's words in a run, as they stream in."""
    words = ""
    for frame in frames:
        body = frame.data or {"type": ""}
        if body["type"] == "TEXT_MESSAGE_CONTENT" and body.get("subagentRunId") == f"{run}/ceo":
            words += body["delta"]
        if body["type"] == "RUN_FINISHED" and body["runId"] == run:
            return words
    raise AssertionError("the stream ended before the run")


def test_a_message_is_answered_through_the_stream(server) -> None:
    with server.frames() as frames:
        run = server.say("hello", thread="t1")
        words = words_of(frames, run)
    ended = server.run(run, until="done")
    assert words == ended["outcome"]["answer"] != ""
    assert "nice to see you" in words
    assert (ended["thread"], ended["person"], ended["request"]) == ("t1", "Ada", "hello")


def test_who_speaks_is_who_the_token_belongs_to(server) -> None:
    with server.client(token=server.token_for(["chat"], person="Grace")) as client:
        run = client.post("/api/v1/messages", json={"text": "hello"}).json()["run"]
    assert server.run(run, until="done")["person"] == "Grace"


def test_a_cycle_runs_on_request(server) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/cycles")
    assert answer.status_code == 202
    ended = server.run(answer.json()["run"], until="done")
    assert (ended["kind"], ended["thread"]) == ("cycle", "")
    assert "Looked." in ended["outcome"]["answer"]


def test_a_client_that_leaves_does_not_stop_its_run(server) -> None:
    with server.frames() as frames:
        next(frames)
        run = server.say("hello")
    assert server.run(run, until="done")["outcome"]["answer"]


def test_runs_work_side_by_side(server) -> None:
    runs = [server.say("hello", thread=f"thread {number}") for number in range(5)]
    assert all(server.run(run, until="done")["outcome"]["answer"] for run in runs)
    with server.client() as client:
        listed = client.get("/api/v1/runs", params={"limit": 5}).json()
        older = client.get("/api/v1/runs", params={"limit": 2, "before": runs[-1]}).json()
    assert [run["id"] for run in listed] == runs[::-1]
    assert [run["id"] for run in older] == runs[-2:-4:-1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "  \n"},
        {"text": "x" * 16_001},
        {"text": 5},
        {"text": "hi", "thread": ""},
        {"text": "hi", "thread": "two\nlines"},
        {"text": "hi", "role": "ceo"},
        {"text": "hi", "person": "Grace"},
        {"text": "half a pair \ud800"},
        [],
        "hello",
    ],
)
def test_a_message_that_does_not_fit_is_refused_by_field(server, body: object) -> None:
    with server.client(**{"content-type": "application/json"}) as client:
        answer = client.post("/api/v1/messages", content=json.dumps(body))
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "invalid"
    assert error["message"].startswith(("text: ", "thread: ", "role: ", "person: ", "body: "))


@pytest.mark.parametrize("body", [b"{", b"[" * 60_000, b"\xff\xfe"])
def test_a_body_that_is_no_json_is_refused(server, body: bytes) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/messages", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]


def test_any_text_of_a_person_comes_back_as_it_was(server) -> None:
    text = 'a \x00 b \u2028 <script>alert("1")</script> \U0001f600 \r\n end'
    assert server.run(server.say(text))["request"] == text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/runs/R999", 404, "not_found"),
        ("GET", "/api/v1/runs?before=R999", 404, "not_found"),
        ("POST", "/api/v1/runs/R999/cancel", 404, "not_found"),
        ("GET", "/api/v1/approvals/A999", 404, "not_found"),
        ("GET", "/api/v1/agents/nobody", 404, "not_found"),
        ("GET", "/api/v1/agents/nobody/tasks", 404, "not_found"),
        ("GET", "/api/v1/personas/nobody", 404, "not_found"),
        ("GET", "/api/v1/memory?role=nobody", 404, "not_found"),
        ("GET", "/api/v1/why/R999", 404, "not_found"),
        ("GET", "/api/v1/why/nothing", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/status", 405, "method_not_allowed"),
        ("GET", "/api/v1/runs?limit=0", 422, "invalid"),
    ],
)
def test_every_error_has_one_shape(server, method: str, path: str, status: int, code: str) -> None:
    with server.client() as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["code"] == code


def test_a_decision_about_an_unknown_approval_is_refused(server) -> None:
    with server.client() as client:
        assert client.post("/api/v1/approvals/A999", json={"approved": True}).status_code == 404


def test_the_status_says_who_works_here_and_how_it_goes(server) -> None:
    server.run(server.say("hello"), until="done")
    with server.client() as client:
        status = client.get("/api/v1/status").json()
    assert [role["id"] for role in status["roles"]] == ["ceo", "trading"]
    assert status["last_run"]["status"] == "done"
    assert status["costs"]["usd_today"] == "0"
    assert status["health"]["ok"] is True


def test_a_repeated_message_with_the_same_key_is_one_run(server) -> None:
    def send(_attempt: int) -> str:
        with server.client() as client:
            return client.post("/api/v1/messages", json={"text": "hello"}, headers={"idempotency-key": "k1"}).text

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert server.run(json.loads(answers.pop())["run"], until="done")


def test_a_key_belongs_to_one_request(server) -> None:
    with server.client() as client:
        headers = {"idempotency-key": "k2"}
        first = client.post("/api/v1/messages", json={"text": "hello"}, headers=headers)
        other = client.post("/api/v1/messages", json={"text": "good morning"}, headers=headers)
        cycle = client.post("/api/v1/cycles", headers=headers)
        again = client.post("/api/v1/messages", json={"text": "hello"}, headers=headers)
    assert [other.status_code, cycle.status_code, again.status_code] == [422, 422, 202]
    assert again.json() == first.json()


def test_a_key_belongs_to_one_person(server) -> None:
    headers = {"idempotency-key": "k3"}
    answers = []
    for person in ("Ada", "Grace"):
        with server.client(token=server.token_for(["chat"], person=person)) as client:
            answers.append(client.post("/api/v1/messages", json={"text": "hello"}, headers=headers).json()["run"])
    assert answers[0] != answers[1]


@pytest.mark.parametrize(
    ("scope", "method", "path", "body"),
    [
        ("read", "GET", "/api/v1/timeline", None),
        ("read", "GET", "/api/v1/threads", None),
        ("read", "GET", "/api/v1/threads/main/messages", None),
        ("read", "PUT", "/api/v1/threads/main/read", {"seq": 1}),
        ("read", "GET", "/api/v1/runs", None),
        ("read", "GET", "/api/v1/runs/R1", None),
        ("read", "GET", "/api/v1/report", None),
        ("read", "GET", "/api/v1/approvals", None),
        ("read", "GET", "/api/v1/approvals/A1", None),
        ("read", "GET", "/api/v1/agents", None),
        ("read", "GET", "/api/v1/agents/ceo", None),
        ("read", "GET", "/api/v1/agents/ceo/tasks", None),
        ("read", "GET", "/api/v1/personas/ceo", None),
        ("read", "GET", "/api/v1/memory", None),
        ("read", "GET", "/api/v1/costs", None),
        ("read", "GET", "/api/v1/why/R1", None),
        ("read", "GET", "/api/v1/config", None),
        ("read", "GET", "/openapi.json", None),
        ("read", "GET", "/docs", None),
        ("chat", "POST", "/api/v1/messages", {"text": "hello"}),
        ("chat", "POST", "/api/v1/cycles", None),
        ("chat", "POST", "/api/v1/runs/R1/cancel", None),
        ("approve", "POST", "/api/v1/approvals/A1", {"approved": False}),
        ("admin", "POST", "/api/v1/stop", {"reason": ""}),
        ("admin", "POST", "/api/v1/start", {"reason": "looked into it"}),
    ],
)
def test_what_a_token_has_no_scope_for_is_refused(server, scope: str, method: str, path: str, body: object) -> None:
    others = [other for other in ("read", "chat", "approve", "admin") if other != scope]
    with server.client(scopes=others) as client:
        answer = client.request(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == 403
    assert f"no scope '{scope}'" in answer.json()["error"]["message"]


def test_two_messages_without_key_are_two_runs(server) -> None:
    assert server.say("hello") != server.say("hello")


def test_the_api_describes_itself(server) -> None:
    with server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert "/api/v1/messages" in paths
    assert "/api/v1/events" in paths
