"""Streams of a real server: cut off while the company works, across servers, and at the end."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from company import events
from company.events import Draft
from company.server.streams.cursor import epoch_of

EVENTS = "/api/v1/events"


@contextmanager
def writing(server, count: int, *, size: int = 20, pause: float = 0.002) -> Iterator[threading.Thread]:
    """Have another process write pieces of a message meanwhile; the thread lives as long as it does."""

    def write() -> None:
        with server.store() as store:
            for number in range(count):
                body = events.text_delta("R0/m", f"{number} ".ljust(size, "."), "ceo")
                store.journal.append([Draft("R0", "main", "ceo", "user", body)])
                time.sleep(pause)

    writer = threading.Thread(target=write)
    writer.start()
    yield writer
    writer.join()


@contextmanager
def socket_of(server, query: str = "", **options) -> Iterator[ClientConnection]:
    """Open a WebSocket that shows a token."""
    headers = {"authorization": f"Bearer {server.token}"}
    address = f"ws://127.0.0.1:{server.port}/api/v1/ws{query}"
    with connect(address, additional_headers=headers, proxy=None, max_queue=None, **options) as opened:
        yield opened


def received(opened: ClientConnection) -> dict:
    return json.loads(opened.recv(timeout=10))


def last_seq(server) -> int:
    with server.store() as store:
        return store.journal.last_seq()


def epoch(server) -> str:
    with server.store() as store:
        return epoch_of(store.home_id)


def test_a_stream_cut_off_fifty_times_during_live_runs_loses_nothing_and_doubles_nothing(server) -> None:
    after, cuts = last_seq(server), 0
    seen = [after]
    with writing(server, 300) as writer:
        server.say("buy some bitcoin")
        while cuts < 50 or writer.is_alive() or seen[-1] < last_seq(server):
            with server.frames(EVENTS, **{"last-event-id": f"{epoch(server)}:{seen[-1]}"}) as frames:
                next(frames)
                wanted = 5 if cuts < 50 else last_seq(server) - seen[-1]
                seen += [frame.id for frame in islice(frames, wanted)]
            cuts += 1
    assert seen == list(range(after, after + len(seen)))
    assert len(seen) > 300


def test_a_socket_cut_off_during_a_live_run_loses_nothing_and_doubles_nothing(server) -> None:
    after, cuts = last_seq(server), 0
    place, seen = f"{epoch(server)}:{after}", [after]
    with writing(server, 120):
        server.say("buy some bitcoin")
        while cuts < 12 or seen[-1] < last_seq(server):
            with socket_of(server, f"?after={place}") as opened:
                assert received(opened)["event"] == {"subscribed": "all"}
                for _ in range(8 if cuts < 12 else last_seq(server) - seen[-1]):
                    place = received(opened)["id"]
                    seen.append(int(place.partition(":")[2]))
            cuts += 1
    assert seen == list(range(after, after + len(seen)))


def test_a_client_of_another_home_begins_anew(server) -> None:
    with writing(server, 3):
        pass
    with server.frames(EVENTS, **{"last-event-id": "00000000:2"}) as frames:
        reset, start, first = next(frames), next(frames), next(frames)
    assert (reset.event, reset.data["event"].keys(), start.id, first.id) == ("reset", {"reset"}, 0, 1)


def test_a_client_of_another_home_begins_again_where_its_address_says(server) -> None:
    with writing(server, 3):
        pass
    with server.frames(f"{EVENTS}?after=2", **{"last-event-id": "00000000:1"}) as frames:
        reset, start, first = next(frames), next(frames), next(frames)
    assert (reset.event, reset.id, start.id, first.id) == ("reset", 2, 2, 3)


def test_a_stream_holds_what_its_client_chose(server) -> None:
    run = server.say("buy some bitcoin", thread="filters")
    server.run(run, until="waiting")
    with server.store() as store:
        written = [e for e in store.journal.read(run_id=run) if e.seq]
    wanted = {
        "thread=filters&debug=0": [e.seq for e in written if e.visibility == "user"],
        f"run={run}&channel=trading": [
            e.seq for e in written if e.agent == "ceo/trading" or e.type.startswith(("approval.", "order."))
        ],
        f"run={run}&channel=market": [e.seq for e in written if e.type in {"world.clock", "trade.filled"}],
    }
    for query, expected in wanted.items():
        with server.frames(f"{EVENTS}?{query}") as frames:
            next(frames)
            assert [frame.id for frame in islice(frames, len(expected))] == expected, query


def test_who_may_not_read_gets_no_stream(server) -> None:
    with server.client(scopes=("chat",)) as client:
        assert client.get(EVENTS).status_code == 403


def test_a_client_that_reads_nothing_costs_others_nothing_and_the_server_no_memory(start_server) -> None:
    server = start_server()
    with server.frames() as warm:
        next(warm)
    stuck = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(8)]
    for one in stuck:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        head = f"GET {EVENTS}?after=0 HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\n"
        one.sendall(f"{head}authorization: Bearer {server.token}\r\n\r\n".encode())
    with server.frames() as frames:
        next(frames)
        before = resident()
        with writing(server, 600, size=20_000, pause=0):
            assert [frame.id for frame in islice(frames, 600)] == list(range(1, 601))
    assert resident() - before < 40_000_000  # the same for each of nine clients would be 108 MB
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 15
    for one in stuck:
        one.close()


def resident() -> int:
    """Return the bytes this process, in which the server runs, holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_two_servers_of_one_home_show_each_others_events(start_server) -> None:
    first, second = start_server(), start_server()
    for asked, other in ((first, second), (second, first)):
        with other.frames(f"{EVENTS}?after={last_seq(first)}") as frames:
            next(frames)
            run = asked.say("hello")
            assert next(frames).data["metadata"]["runId"] == run
        asked.run(run, until="done")


def test_a_server_with_open_streams_of_both_kinds_ends_without_waiting_for_them(start_server) -> None:
    server = start_server()
    server.run(server.say("hello"), until="done")
    with server.frames() as frames, socket_of(server) as opened:
        next(frames)
        received(opened)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10
        *_, last = frames
        assert last.event == "farewell"
        with pytest.raises(ConnectionClosed) as closed:
            received(opened)
    assert closed.value.rcvd.code == 1012
