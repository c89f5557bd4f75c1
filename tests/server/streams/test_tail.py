"""Any client at any place, cut off anywhere, gets exactly what follows: from memory, or from the journal."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.server.streams.channels import Choice
from company.server.streams.cursor import begin, parse
from company.server.streams.lines import Line, Piece, Ring
from company.server.streams.sse import EventStream
from company.server.streams.tail import PIECE_BYTES, Pace, Tail
from company.store import Store
from tests.server.streams.conftest import FAST, Client, Log

ID = re.compile(r"^id: (\S+)\ndata: ", re.MULTILINE)

Events = list[tuple[str, bool]]
some_events = st.lists(st.tuples(st.sampled_from(["R1", "R2"]), st.booleans()), max_size=12)


async def piece_of(tail: Tail, after: str, choice: Choice, until: int) -> list[str]:
    """Connect, take frames until the client knows event `until` or has new ones, and leave; return their ids."""
    client = Client()
    shown = [parse(after)] if after else []
    stream = EventStream(tail, begin(shown, epoch=tail.epoch, last=tail.newest()), choice=choice)
    serving = asyncio.create_task(stream(client.scope, client.receive, client.send))
    await client.until(lambda: bool(ID.search(client.text)) or stream.after >= until)
    client.leave()
    await serving
    return ID.findall(client.text)


async def follow(log: Log, before: Events, batches: list[Events], choice: Choice, cuts: list[int]) -> list[int]:
    """Follow a journal that grows between connections, each cut off after some frames; return the numbers seen."""
    for run, debug in before:
        log.write(run=run, debug=debug)
    tail, seen, place = log.tail(Pace(look=0.001)), list[str](), ""
    for batch, cut in zip([*batches, []], [*cuts, 99], strict=False):
        for run, debug in batch:
            log.write(run=run, debug=debug)
        found = await piece_of(tail, place, choice, log.store.journal.last_seq())
        seen += found[:cut]  # the rest was on its way when the connection broke
        place = seen[-1] if seen else ""
    while found := await piece_of(tail, place, choice, log.store.journal.last_seq()):
        seen += found
        place = seen[-1]
    assert {parse(one).epoch for one in seen} <= {tail.epoch}
    return [parse(one).seq for one in seen]


@settings(max_examples=25, deadline=None)
@given(
    before=some_events,
    batches=st.lists(some_events, min_size=3, max_size=3),
    cuts=st.lists(st.integers(1, 6), min_size=3, max_size=3),
    choice=st.builds(Choice, run=st.sampled_from([None, "R1"]), debug=st.booleans()),
)
def test_a_client_cut_off_anywhere_gets_each_event_it_wants_once_and_in_order(
    before: Events, batches: list[Events], cuts: list[int], choice: Choice
) -> None:
    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "company.db", now=lambda: datetime.now(UTC))
        seen = asyncio.run(follow(Log(store), before, batches, choice, cuts))
        store.close()
    written = [*before, *(event for batch in batches for event in batch)]
    wanted = [
        seq
        for seq, (run, debug) in enumerate(written, start=1)
        if choice.run in (None, run) and (choice.debug or not debug)
    ]
    assert seen == wanted


async def test_clients_at_one_place_get_the_very_same_bytes(log: Log) -> None:
    tail, clients = log.tail(), [Client(), Client()]
    streams = [EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice()) for _ in clients]
    serving = [asyncio.create_task(s(c.scope, c.receive, c.send)) for s, c in zip(streams, clients, strict=True)]
    await clients[0].until(lambda: all(len(client.messages) == 2 for client in clients))
    log.write(3)
    await clients[0].until(lambda: all(len(client.messages) == 3 for client in clients))
    first, second = (client.messages[-1]["body"] for client in clients)
    assert first is second
    assert len(ID.findall(first.decode())) == 3
    for client in clients:
        client.leave()
    await asyncio.gather(*serving)


async def test_an_event_is_measured_once_however_many_listen(log: Log) -> None:
    tail, clients = log.tail(), [Client(), Client()]
    for client in clients:
        client.task = asyncio.create_task(
            EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice())(
                client.scope, client.receive, client.send
            )
        )
    await clients[0].until(lambda: tail.count("sse") == 2)
    log.write(4)
    await clients[0].until(lambda: len(log.lags) == 4)
    for client in clients:
        client.leave()
        await client.task
    assert all(0 <= lag < 5 for lag in log.lags)
    assert tail.count("sse") == 0


async def test_a_client_that_takes_nothing_holds_one_piece_and_is_dropped(log: Log) -> None:
    tail, client = log.tail(), Client()
    stream = EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice())
    serving = asyncio.create_task(stream(client.scope, client.receive, client.send))
    await client.until(lambda: len(client.messages) == 2)
    client.takes.clear()
    log.write(40, size=PIECE_BYTES // 10)
    async with asyncio.timeout(5):
        await serving
    assert len(client.messages) == 2
    assert tail.count("sse") == 0


async def test_a_client_that_takes_nothing_does_not_hold_up_another(log: Log) -> None:
    tail, stuck, quick = log.tail(Pace(look=0.005)), Client(), Client()
    tasks = [
        asyncio.create_task(
            EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice())(c.scope, c.receive, c.send)
        )
        for c in (stuck, quick)
    ]
    await quick.until(lambda: tail.count("sse") == 2)
    stuck.takes.clear()
    log.write(30)
    await quick.until(lambda: len(ID.findall(quick.text)) == 30)
    stuck.takes.set()
    await quick.until(lambda: ID.findall(stuck.text) == ID.findall(quick.text))
    for client in (stuck, quick):
        client.leave()
    await asyncio.gather(*tasks)


async def test_a_silent_stream_gives_signs_of_life(log: Log) -> None:
    tail, client = log.tail(), Client()
    stream = EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice())
    serving = asyncio.create_task(stream(client.scope, client.receive, client.send))
    await client.until(lambda: client.text.count(": beat\n\n") == 3)
    client.leave()
    await serving


async def test_a_stream_says_farewell_when_the_server_ends(log: Log) -> None:
    tail, client = log.tail(FAST), Client()
    stream = EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice())
    serving = asyncio.create_task(stream(client.scope, client.receive, client.send))
    await client.until(lambda: len(client.messages) == 2)
    log.closing = True
    tail.wake()
    async with asyncio.timeout(5):
        await serving
    assert client.messages[-1]["more_body"] is False
    assert b"event: farewell\n" in client.messages[-1]["body"]


async def test_streams_end_when_the_journal_cannot_be_read(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    tail, client = log.tail(), Client()
    stream = EventStream(tail, begin([], epoch=tail.epoch, last=0), choice=Choice())
    serving = asyncio.create_task(stream(client.scope, client.receive, client.send))
    await client.until(lambda: len(client.messages) == 2)
    log.store.close()
    async with asyncio.timeout(5):
        await serving
    assert "the journal cannot be read" in caplog.text


def test_a_piece_ends_with_the_event_that_fills_it(log: Log) -> None:
    log.write(5, size=PIECE_BYTES // 2)
    tail = log.tail()
    pieces, after = list[Piece](), 0
    while (piece := tail.piece(after, Choice())).lines:
        pieces.append(piece)
        after = piece.last
    assert [len(piece.lines) for piece in pieces] == [2, 2, 1]


def line(seq: int, size: int) -> Line:
    return Line(seq, "", "", debug=False, channels=frozenset({"all"}), sse=b"x" * size, text="")


@given(st.lists(st.integers(1, 300), min_size=1, max_size=80), st.integers(1, 12), st.integers(1, 2_000))
def test_a_ring_keeps_the_newest_lines_within_its_bounds(sizes: list[int], most: int, most_bytes: int) -> None:
    ring = Ring(most, most_bytes)
    for seq, size in enumerate(sizes, start=1):
        ring.add([line(seq, size)])
    kept = [seq for seq in range(1, len(sizes) + 1) if ring.holds(seq)]
    assert kept == list(range(kept[0], len(sizes) + 1))
    assert [one.seq for one in ring.since(kept[0])] == kept
    assert len(kept) < max(2 * most, 2)
    assert sum(sizes[seq - 1] for seq in kept) <= max(2 * most_bytes, sizes[-1])
