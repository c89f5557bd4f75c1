"""AG-UI front ends: their own client reads every event, and nothing is done twice."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ag_ui.core import Event as AgUiEvent
from pydantic import TypeAdapter

from tests.server.doors.conftest import runs_of

HERE = Path(__file__).parent
MODULES = Path(__file__).parents[3] / "company" / "server" / "web" / "node_modules"
ORDER = "purchase bitcoin now"
EVENT: TypeAdapter[Any] = TypeAdapter(AgUiEvent)


def asked(text: str, *, thread: str = "t1", run: str = "r1", **more: Any) -> dict[str, Any]:
    messages = [{"id": "m1", "role": "user", "content": text}] if text else []
    return {"threadId": thread, "runId": run, "messages": messages, **more}


def stream(server, body: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Post a run and return its events, each held to the protocol's schema."""
    with server.client(**options) as client:
        answer = client.post("/agui", json=body, headers={"accept": "text/event-stream"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "\r" not in answer.text
    frames = [frame for frame in answer.text.split("\n\n") if frame and not frame.startswith(":")]
    assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
    events = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    for event in events:
        EVENT.validate_python(event)
    return events


def resume(approval: str, payload: Any = None, status: str = "resolved") -> dict[str, Any]:
    return {"resume": [{"interruptId": approval, "status": status, "payload": payload}]}


def parked(server, thread: str) -> str:
    """Let a run ask for an approval and return its interrupt."""
    (interrupt,) = stream(server, asked(ORDER, thread=thread, run="ask"))[-1]["outcome"]["interrupts"]
    return str(interrupt["id"])


def state(server, approval: str) -> str:
    with server.store() as store:
        return store.approvals.get(approval).state


def test_a_run_is_streamed_under_the_clients_own_ids(server) -> None:
    events = stream(server, asked("hello", thread="ids", run="mine"))
    lifecycle = [event for event in events if event["type"].startswith("RUN_")]
    assert [event["type"] for event in lifecycle] == ["RUN_STARTED", "RUN_FINISHED"]
    assert {(event["threadId"], event["runId"]) for event in lifecycle} == {("ids", "mine")}
    assert (events[0], events[-1]) == (lifecycle[0], lifecycle[1])
    assert runs_of(server)[0].thread_id == "ids"
    words = "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")
    assert words.startswith("Hello, nice to see you.")


def test_the_ceo_is_the_agent_and_roles_are_its_subagents(server) -> None:
    events = stream(server, asked("buy some bitcoin", thread="lanes"))
    run = runs_of(server)[0].id
    lanes = {event["subagentRunId"] for event in events if "subagentRunId" in event}
    assert lanes == {f"{run}/ceo/trading"}
    assert [e["name"] for e in events if e["type"] == "SUBAGENT_STARTED"] == ["trading"]
    calls = [event["toolCallId"] for event in events if "toolCallId" in event]
    assert calls
    assert all(call.startswith(f"{run}/ceo/trading:") for call in calls)


def test_the_clients_own_message_and_debug_events_are_left_out(server) -> None:
    events = stream(server, asked("hello", thread="own"))
    assert [event for event in events if event.get("role") == "user"] == []
    assert {event["metadata"]["visibility"] for event in events if "metadata" in event} == {"user"}


def test_the_same_request_again_gives_the_same_run_again(server) -> None:
    first = stream(server, asked("hello", thread="again"))
    count = len(runs_of(server, 100))
    assert stream(server, asked("hello", thread="again")) == first
    assert len(runs_of(server, 100)) == count


def test_the_same_ids_of_another_person_are_another_request(server) -> None:
    stream(server, asked("hello", thread="shared"))
    count = len(runs_of(server, 100))
    with server.client(token=server.token_for(("chat",), "Eve")) as client:
        answer = client.post("/agui", json=asked("how are we doing?", thread="shared"))
    assert "Hello, nice to see you." not in answer.text
    newest = runs_of(server, 100)
    assert (len(newest), newest[0].person) == (count + 1, "Eve")


def test_a_client_that_hangs_up_changes_nothing(start_server) -> None:
    server = start_server()
    with server.client() as client, client.stream("POST", "/agui", json=asked("wait for the file")) as answer:
        assert next(answer.iter_text())
    run = runs_of(server)[0].id
    (server.directory / "file.txt").write_text("late")
    server.run(run, until="done")
    events = stream(server, asked("wait for the file"))
    assert events[-1]["outcome"] == {"type": "success"}
    assert len(runs_of(server)) == 1


def test_an_approval_is_an_interrupt_that_says_what_it_wants_to_hear(server) -> None:
    events = stream(server, asked(ORDER, thread="interrupt"))
    (interrupt,) = events[-1]["outcome"]["interrupts"]
    assert interrupt["responseSchema"]["required"] == ["approved"]
    assert interrupt["toolCallId"] in {event.get("toolCallId") for event in events}
    assert state(server, interrupt["id"]) == "open"


def test_a_resume_approves_and_streams_what_came_of_it(server) -> None:
    approval = parked(server, "approve")
    body = asked("", thread="approve", run="yes", **resume(approval, {"approved": True, "note": "go"}))
    events = stream(server, body)
    with server.store() as store:
        decided = store.approvals.get(approval)
    assert (decided.state, decided.decided_by, decided.note) == ("done", "Ada", "go")
    assert (events[0]["runId"], events[-1]["runId"]) == ("yes", "yes")
    assert events[-1]["outcome"] == {"type": "success"}
    assert "trade.filled" in {event.get("name") for event in events}
    assert stream(server, body) == events


@pytest.mark.parametrize(("payload", "status"), [({"approved": False}, "resolved"), (None, "cancelled")])
def test_a_resume_rejects(server, payload: Any, status: str) -> None:
    approval = parked(server, f"reject {status}")
    stream(server, asked("", thread=f"reject {status}", run="no", **resume(approval, payload, status)))
    assert state(server, approval) == "rejected"


@pytest.mark.parametrize("payload", [None, True, "yes", {}, {"approved": "yes"}, {"approved": True, "also": 1}])
def test_a_resume_must_say_yes_or_no(server, payload: Any) -> None:
    approval = parked(server, f"vague {payload}")
    with server.client() as client:
        body = asked("", thread=f"vague {payload}", run="x", **resume(approval, payload))
        assert client.post("/agui", json=body).status_code == 422
    assert state(server, approval) == "open"


def test_the_first_yes_of_two_leaves_the_interrupt_open(start_server) -> None:
    server = start_server('[[approvals.quorums]]\ntools = ["place_order"]\n')
    approval = parked(server, "two")
    events = stream(server, asked("", thread="two", run="first", **resume(approval, {"approved": True})))
    (interrupt,) = events[-1]["outcome"]["interrupts"]
    assert (interrupt["id"], interrupt["message"].endswith("(takes 2 people)")) == (approval, True)
    assert (events[-1]["type"], events[-1]["runId"], state(server, approval)) == ("RUN_FINISHED", "first", "open")
    with server.client(token=server.token_for(("read", "chat", "approve"), "Grace")) as client:
        client.post(f"/api/v1/approvals/{approval}", json={"approved": True})
    assert state(server, approval) == "done"


def test_only_a_token_that_may_approve_resumes(server) -> None:
    approval = parked(server, "scopes")
    body = asked("", thread="scopes", run="x", **resume(approval, {"approved": True}))
    with server.client(scopes=("read", "chat")) as client:
        assert client.post("/agui", json=body).status_code == 403
    assert state(server, approval) == "open"


def test_an_interrupt_of_another_thread_is_not_there(server) -> None:
    approval = parked(server, "mine")
    body = asked("", thread="yours", run="x", **resume(approval, {"approved": True}))
    with server.client() as client:
        assert client.post("/agui", json=body).status_code == 404
        assert client.post("/agui", json=asked("", **resume("A999", {"approved": True}))).status_code == 404
    assert state(server, approval) == "open"


def test_the_first_decision_counts(server) -> None:
    approval = parked(server, "twice")
    stream(server, asked("", thread="twice", run="one", **resume(approval, {"approved": False})))
    with server.client() as client:
        body = asked("", thread="twice", run="two", **resume(approval, {"approved": True}))
        assert client.post("/agui", json=body).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"threadId": "t", "runId": "r"},
        asked(""),
        asked(" "),
        asked("hello", thread=""),
        asked("hello", thread="x" * 101),
        {**asked("hello"), "messages": [{"id": "1", "role": "assistant", "content": "hello"}]},
        {
            **asked(""),
            "messages": [
                {
                    "id": "1",
                    "role": "user",
                    "content": [{"type": "image", "source": {"type": "url", "value": "https://x.example/y.png"}}],
                }
            ],
        },
    ],
)
def test_a_request_without_a_persons_words_is_refused(server, body: dict[str, Any]) -> None:
    with server.client() as client:
        answer = client.post("/agui", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"


def test_a_token_that_may_not_chat_is_refused(server) -> None:
    with server.client(scopes=("read", "approve")) as client:
        assert client.post("/agui", json=asked("hello")).status_code == 403


@pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "@ag-ui" / "client").is_dir(),
    reason="needs node, and the web's node_modules",
)
def test_the_protocols_own_client_talks_to_the_company_and_approves(start_server) -> None:
    server = start_server()
    turns = [{"text": "hello"}, {"text": ORDER}, {"resume": [{"status": "resolved", "payload": {"approved": True}}]}]
    done = subprocess.run(
        ["node", str(HERE / "agui_client.mjs"), str(MODULES), f"{server.url}/agui", server.token, json.dumps(turns)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), "nothing is stripped with a warning"
    told = json.loads(done.stdout)
    assert told["wrong"] == []
    greeted, ordered, approved = told["heard"]
    assert [turn["failure"] for turn in told["heard"]] == [None, None, None]
    assert greeted["events"][-1]["outcome"]["type"] == "success"
    assert (len(ordered["pending"]), approved["pending"]) == (1, [])
    assert approved["events"][-1]["runId"] == "node-2"
    texts = [
        message["content"] for message in told["messages"] if message["role"] == "assistant" and "content" in message
    ]
    assert texts[0].startswith("Hello, nice to see you.")
    assert any("approved by Ada, ok" in text for text in texts)
    assert [run.request for run in runs_of(server)] == [ORDER, "hello"]
