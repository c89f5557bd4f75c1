"""The WebSocket: what a client may say, and what it is told."""

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.server.streams.test_resume import epoch, last_seq, received, socket_of, writing

SUBSCRIBE = '{"subscribe": ["%s"]}'


def test_who_shows_no_place_hears_what_happens_from_now_on(server) -> None:
    with writing(server, 2):
        pass
    with socket_of(server) as opened:
        told = received(opened)
        run = server.say("hello")
        first = received(opened)
    assert told == {"id": told["id"], "type": "RAW", "event": {"subscribed": "all"}, "source": "server"}
    assert (first["type"], first["runId"]) == ("RUN_STARTED", run)
    assert int(first["id"].partition(":")[2]) == int(told["id"].partition(":")[2]) + 1 == first["metadata"]["seq"]


def test_a_client_changes_its_channels_while_it_listens(server) -> None:
    with socket_of(server, "?channel=market&channel=trading") as opened:
        assert received(opened)["event"] == {"subscribed": "market,trading"}
        opened.send(SUBSCRIBE % "market")
        assert received(opened)["event"] == {"subscribed": "market"}
        server.run(server.say("hello"), until="done")
        assert received(opened)["name"] == "world.clock"


def test_a_client_goes_back_to_a_place_while_it_listens(server) -> None:
    with writing(server, 3):
        pass
    last = last_seq(server)
    with socket_of(server) as opened:
        received(opened)
        opened.send(f'{{"after": "{epoch(server)}:{last - 2}"}}')
        ids = [received(opened)["id"] for _ in range(3)]
    assert ids == [f"{epoch(server)}:{seq}" for seq in (last - 2, last - 1, last)]


def test_what_a_client_says_at_once_does_not_push_out_what_its_address_said(server) -> None:
    with writing(server, 2):
        pass
    last = last_seq(server)
    for _ in range(10):
        with socket_of(server, f"?after={last - 2}") as opened:
            opened.send(SUBSCRIBE % "agents")
            places = list[int]()
            while not places or places[-1] < last:
                event = received(opened)
                places += [event["metadata"]["seq"]] if "metadata" in event else []
        assert places == [last - 1, last]


def test_a_client_of_another_home_is_told_to_begin_anew(server) -> None:
    with writing(server, 1):
        pass
    with socket_of(server, "?after=00000000:1") as opened:
        events = [received(opened) for _ in range(3)]
    assert [list(event.get("event", {})) for event in events] == [["reset"], ["subscribed"], []]
    assert events[2]["id"] == f"{epoch(server)}:1"


@pytest.mark.parametrize(
    "said",
    ["", "hello", "[]", "{}", '{"subscribe": "all"}', '{"subscribe": []}', SUBSCRIBE % "weather", '{"after": "x"}'],
)
def test_a_client_that_is_not_understood_is_told_why(server, said: str) -> None:
    with socket_of(server) as opened:
        received(opened)
        opened.send(said)
        with pytest.raises(ConnectionClosed) as closed:
            received(opened)
    assert closed.value.rcvd.code == 1008
    assert any(word in closed.value.rcvd.reason for word in ("send {", "no channel", "no cursor"))


@pytest.mark.parametrize(
    ("query", "status"), [("?after=x", 422), ("?run=R999", 404), ("?channel=x", 422), ("?debug=2", 422)]
)
def test_an_address_that_is_not_understood_opens_nothing(server, query: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused, socket_of(server, query):
        pass
    assert refused.value.response.status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"origin": "https://elsewhere.example"}, 403), ({"authorization": "Bearer x"}, 401)],
)
def test_a_stranger_opens_nothing(server, headers: dict[str, str], status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{server.port}/api/v1/ws", additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == status


def test_messages_are_not_compressed_because_that_costs_each_connection_memory(server) -> None:
    with socket_of(server, compression="deflate") as opened:
        assert not opened.protocol.extensions
