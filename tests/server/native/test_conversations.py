"""Conversations over HTTP: what a page that is opened, reloaded or left open on a second device gets to see."""

import uuid
from itertools import takewhile
from typing import Any

import pytest


@pytest.fixture
def thread() -> str:
    return f"talk {uuid.uuid4().hex[:8]}"


def timeline(server, **query: Any) -> dict[str, Any]:
    with server.client() as client:
        answer = client.get("/api/v1/timeline", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def streamed(server, after: str) -> list[dict[str, Any]]:
    """What the stream gives from a cursor to the journal's end."""
    end = int(timeline(server)["cursor"].partition(":")[2])
    if int(after.partition(":")[2]) >= end:
        return []
    with server.frames(f"/api/v1/events?after={after}") as frames:
        events = (frame.data for frame in frames if frame.data and "metadata" in frame.data)
        return list(takewhile(lambda event: event["metadata"]["seq"] < end, events))


def test_a_timeline_and_the_stream_from_its_cursor_are_everything_once(server, thread: str) -> None:
    first = server.run(server.say("hello", thread=thread), until="done")["id"]
    page = timeline(server, thread=thread)
    second = server.run(server.say("good morning", thread=thread), until="done")["id"]
    server.run(server.say("hello", thread="elsewhere"), until="done")
    seen = [*page["events"], *streamed(server, page["cursor"])]
    mine = [event["metadata"]["seq"] for event in seen if event["metadata"]["runId"] in {first, second}]
    whole = [e["metadata"]["seq"] for e in timeline(server, thread=thread)["events"] if e["metadata"]["threadId"]]
    assert mine == whole == sorted(set(whole))


def test_an_event_of_a_timeline_is_the_event_of_the_stream(server, thread: str) -> None:
    server.run(server.say("buy some bitcoin", thread=thread), until="waiting")
    page = timeline(server, thread=thread, runs=1)
    epoch, _, _ = page["cursor"].partition(":")
    mine = [event for event in page["events"] if event["metadata"]["threadId"] == thread]
    followed = streamed(server, f"{epoch}:{mine[0]['metadata']['seq'] - 1}")
    assert mine[:-1] == [event for event in followed if event["metadata"]["threadId"] == thread][: len(mine) - 1]


def test_a_timeline_is_paged_back_by_whole_runs(server, thread: str) -> None:
    runs = [server.run(server.say("hello", thread=thread), until="done")["id"] for _ in range(3)]
    newest = timeline(server, thread=thread, runs=2)
    older = timeline(server, thread=thread, runs=1, before=newest["first"])
    given = [
        {event["metadata"]["runId"] for event in page["events"] if event["metadata"]["threadId"]}
        for page in (newest, older)
    ]
    assert newest["older"] is True
    assert given == [set(runs[1:]), {runs[0]}]


def test_a_timeline_shows_the_cycles_in_between(server, thread: str) -> None:
    with server.client() as client:
        cycle = client.post("/api/v1/cycles").json()["run"]
    server.run(cycle, until="done")
    server.run(server.say("hello", thread=thread), until="done")
    assert cycle in {event["metadata"]["runId"] for event in timeline(server, thread=thread)["events"]}


def test_a_conversation_is_listed_with_its_first_words(server, thread: str) -> None:
    server.run(server.say("hello " + "and a good morning to everybody " * 4, thread=thread))
    run = server.say("hello", thread=thread)
    server.run(run, until="done")
    with server.client() as client:
        listed = {found["id"]: found for found in client.get("/api/v1/threads").json()}
    assert listed[thread]["title"] == "hello and a good morning to everybody and a good morning to…"
    assert listed[thread]["runs"] == 2
    assert listed[thread]["read_seq"] == 0


def test_what_was_said_reads_as_a_conversation(server, thread: str) -> None:
    run = server.run(server.say("hello", thread=thread), until="done")
    with server.client() as client:
        asked, *answered = client.get(f"/api/v1/threads/{thread}/messages").json()
        before = client.get(f"/api/v1/threads/{thread}/messages", params={"before": answered[0]["seq"]}).json()
    assert (asked["from"], asked["text"], asked["run"]) == ("person", "hello", run["id"])
    assert {message["from"] for message in answered} == {"ceo"}
    assert "\n\n".join(message["text"] for message in answered) == run["outcome"]["answer"]
    assert before == [asked]


def test_the_messages_of_a_conversation_that_has_not_begun_are_none(server) -> None:
    with server.client() as client:
        assert client.get("/api/v1/threads/not%20yet/messages").json() == []


def test_a_conversation_may_have_any_name_that_fits_into_a_line(server) -> None:
    name = "what/if? #1 100% ü"
    server.run(server.say("hello", thread=name), until="done")
    with server.client() as client:
        found = client.get("/api/v1/threads/what%2Fif%3F%20%231%20100%25%20%C3%BC/messages")
    assert found.json()[0]["text"] == "hello"


def test_how_far_a_person_has_read_follows_the_person_and_never_goes_back(server, thread: str) -> None:
    server.run(server.say("hello", thread=thread), until="done")

    def read(person: str, seq: int | None = None) -> int:
        with server.client(token=server.token_for(["read"], person=person)) as client:
            if seq is not None:
                assert client.put(f"/api/v1/threads/{thread}/read", json={"seq": seq}).status_code == 204
            (found,) = (found for found in client.get("/api/v1/threads").json() if found["id"] == thread)
        return int(found["read_seq"])

    newest = timeline(server, thread=thread)["events"][-1]["metadata"]["seq"]
    assert read("Ada", newest - 1) == newest - 1
    assert read("Ada", 1) == newest - 1
    assert read("Grace") == 0
    assert read("Grace", 10**9) <= newest


@pytest.mark.parametrize(
    "path",
    [
        "timeline?runs=0",
        "timeline?runs=51",
        "timeline?before=0",
        "timeline?before=99999999999999999999",
        "threads/main/messages?limit=201",
        "threads/main/messages?before=-1",
    ],
)
def test_a_number_that_does_not_fit_is_refused(server, path: str) -> None:
    with server.client() as client:
        assert client.get(f"/api/v1/{path}").status_code == 422
