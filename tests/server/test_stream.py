"""The journal as an event stream: complete, in order, resumable."""

from itertools import islice, takewhile

import pytest
from ag_ui.core import Event as AgUiEvent
from pydantic import TypeAdapter

EVENTS = "/api/v1/events"


def until_the_end(frames):
    """Read frames until a run has ended, that frame not included."""
    return list(takewhile(lambda frame: not frame.data or frame.data["type"] != "RUN_FINISHED", frames))


@pytest.fixture(scope="module")
def finished(server) -> int:
    """The newest event's number after a run of its own."""
    run = server.say("hello")
    server.run(run, until="done")
    with server.frames(f"{EVENTS}?run={run}") as frames:
        return next(f.id for f in frames if f.data and f.data["type"] == "RUN_FINISHED")


def test_the_first_frame_tells_the_client_where_it_is(server, finished: int) -> None:
    with server.frames(f"{EVENTS}?after={finished}") as frames:
        first = next(frames)
    assert (first.id, first.data) == (finished, None)


def test_every_event_is_a_valid_ag_ui_event_with_its_envelope(server, finished: int) -> None:
    with server.frames() as frames:
        next(frames)
        events = [next(frames) for _ in range(finished)]
    known = TypeAdapter(AgUiEvent)
    for frame in events:
        known.validate_python(frame.data)
        assert frame.data["metadata"]["seq"] == frame.id
        assert {"at", "runId", "threadId", "agent", "visibility"} <= set(frame.data["metadata"])


@pytest.mark.parametrize("step", [1, 2, 5])
def test_a_client_cut_off_again_and_again_misses_nothing_and_gets_nothing_twice(
    server, finished: int, step: int
) -> None:
    seen: list[int] = []
    while not seen or seen[-1] < finished:
        header = {"last-event-id": str(seen[-1])} if seen else {}
        with server.frames(EVENTS, **header) as frames:
            next(frames)
            for frame in frames:
                seen.append(frame.id)
                if len(seen) % step == 0 or frame.id == finished:
                    break
    assert seen == list(range(1, finished + 1))


def test_a_client_cut_off_while_a_run_is_under_way_misses_nothing(server) -> None:
    run, seen, ended = server.say("buy some bitcoin"), [], False
    while not ended:
        with server.frames(f"{EVENTS}?after={seen[-1].id if seen else 0}") as frames:
            next(frames)
            for frame in islice(frames, 3):
                seen.append(frame)
                if ended := frame.data["type"] == "RUN_FINISHED" and frame.data["runId"] == run:
                    break
    assert [frame.id for frame in seen] == list(range(1, len(seen) + 1))


def test_the_header_of_a_reconnect_goes_before_the_address(server, finished: int) -> None:
    with server.frames(f"{EVENTS}?after=1", **{"last-event-id": str(finished - 1)}) as frames:
        assert [next(frames).id, next(frames).id] == [finished - 1, finished]


def test_a_stream_of_one_run_holds_only_its_events(server, finished: int) -> None:
    run = server.say("good morning")
    server.run(run, until="done")
    with server.frames(f"{EVENTS}?run={run}") as frames:
        next(frames)
        events = until_the_end(frames)
    assert {frame.data["metadata"]["runId"] for frame in events} == {run}
    assert events[0].data["type"] == "RUN_STARTED"
    assert events[0].id > finished


def test_a_client_that_knows_more_than_the_journal_begins_anew(server, finished: int) -> None:
    with server.frames(f"{EVENTS}?after={finished + 10**9}") as frames:
        reset, start, first = next(frames), next(frames), next(frames)
    assert (reset.event, reset.id) == ("reset", 0)
    assert (start.id, first.id) == (0, 1)


def test_a_stream_is_made_for_proxies(server) -> None:
    with server.client() as client, client.stream("GET", EVENTS) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["cache-control"] == "no-store, no-transform"


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=", "after=1a2b3c4d:", "after=xyz:1", "channel=none"])
def test_a_broken_place_is_refused(server, query: str) -> None:
    with server.client() as client:
        answer = client.get(f"{EVENTS}?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"


def test_a_stream_of_an_unknown_run_is_refused(server) -> None:
    with server.client() as client:
        assert client.get(f"{EVENTS}?run=R999").status_code == 404
