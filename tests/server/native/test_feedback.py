"""Thumbs over HTTP: one of each person and run, told in the journal."""

from typing import Any

import httpx2
import pytest


@pytest.fixture
def answered(server: Any) -> str:
    """A run that has answered, of the test's own."""
    run = server.run(server.say("hello", thread="thumbs"), until="done")
    return str(run["id"])


def give(server: Any, run: str, body: object, *, person: str = "Ada") -> httpx2.Response:
    token = server.token_for(["read", "chat"], person=person)
    with server.client(token=token) as client:
        answer: httpx2.Response = client.post(f"/api/v1/runs/{run}/feedback", json=body)
    return answer


def told(server: Any, run: str) -> list[tuple[str, str, str]]:
    """Return what the journal says people thought of a run."""
    with server.store() as store:
        values = [event.body["value"] for event in store.journal.read(types=["feedback.given"])]
    return [(value["by"], value["verdict"], value["note"]) for value in values if value["run"] == run]


def test_a_thumb_is_kept_turned_and_taken_back(server, answered) -> None:
    up = give(server, answered, {"value": "up"})
    assert (up.status_code, up.json()["value"], up.json()["person"]) == (200, "up", "Ada")
    down = give(server, answered, {"value": "down", "note": " too long "})
    assert (down.json()["value"], down.json()["note"]) == ("down", "too long")
    give(server, answered, {"value": "up"}, person="Grace")
    with server.store() as store:
        assert [one.verdict for one in store.feedback.of_run(answered)] == ["down", "up"]
    with server.client() as client:
        assert client.delete(f"/api/v1/runs/{answered}/feedback").status_code == 204
        assert client.delete(f"/api/v1/runs/{answered}/feedback").status_code == 204
    expected = [("Ada", "up", ""), ("Ada", "down", "too long"), ("Grace", "up", ""), ("Ada", "", "")]
    assert told(server, answered) == expected


def test_the_timeline_of_the_conversation_tells_it(server, answered) -> None:
    give(server, answered, {"value": "up", "note": "clear"}, person="Hedy")
    with server.client() as client:
        events = client.get("/api/v1/timeline", params={"thread": "thumbs"}).json()["events"]
    last = [event["value"] for event in events if event.get("name") == "feedback.given"][-1]
    assert last == {"run": answered, "by": "Hedy", "verdict": "up", "note": "clear"}


@pytest.mark.parametrize(
    ("run", "body", "status"),
    [
        ("R999", {"value": "up"}, 404),
        ("", {"value": "sideways"}, 422),
        ("", {"value": "up", "note": "x" * 1_001}, 422),
        ("", {"value": "up", "person": "Grace"}, 422),
    ],
)
def test_what_is_no_thumb_is_refused(server, answered, run: str, body: dict[str, str], status: int) -> None:
    before = told(server, answered)
    assert give(server, run or answered, body).status_code == status
    assert told(server, answered) == before


def test_a_run_under_way_cannot_be_judged_yet(start_server, tmp_path) -> None:
    server = start_server()
    run = server.say("wait for the file")
    refused = give(server, run, {"value": "up"})
    (tmp_path / "own" / "file.txt").write_text("ready")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert server.run(run, until="done")["id"] == run
    assert give(server, run, {"value": "up"}).status_code == 200
