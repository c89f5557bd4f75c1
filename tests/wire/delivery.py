"""Sends an answer, whole or piece by piece, or breaks it as a fault says."""

import asyncio

from tests.wire.connection import Connection
from tests.wire.format import JSON, Flow, Format, Problem, dumps
from tests.wire.script import Asked, Fault, Reply

_BREATH = 16
"""Pieces after which others are served and a client's hanging up is noticed, in a stream without a pace."""


def refuse(connection: Connection, problem: Problem) -> None:
    """Send an error instead of an answer."""
    connection.whole(problem.status, dumps(problem.body).encode(), JSON, problem.headers)


async def forever() -> None:
    """Wait until cancelled."""
    await asyncio.get_running_loop().create_future()


async def whole(
    connection: Connection, format: Format, asked: Asked, reply: Reply, fault: Fault | None, mark: str
) -> None:
    """Send an answer in one; there is no middle, so `midway` fails before it, and the rest halves it."""
    body = dumps(format.whole(asked, reply, mark)).encode()
    half = body[: len(body) // 2]
    match fault.kind if fault else "":
        case "":
            connection.whole(200, body, JSON)
        case "midway":
            refuse(connection, format.problem(asked, Fault("busy")))
        case "stall":
            await forever()
        case "cut":
            connection.open(JSON)
            connection.piece(half)
            connection.cut()
        case _:
            connection.whole(200, half, JSON)


async def stream(
    connection: Connection, format: Format, asked: Asked, reply: Reply, fault: Fault | None, mark: str
) -> None:
    """Send an answer piece by piece, as far as the fault lets it come."""
    flow = format.flow(asked, reply, mark)
    sound = len(flow.pieces) if fault is None or fault.kind == "unfinished" else fault.after
    connection.open(format.content_type)
    if flow.opening:  # an empty piece would be the end of the stream
        connection.piece(flow.opening)
    for number, piece in enumerate(flow.pieces[:sound], 1):
        connection.piece(piece)
        if reply.pace or number % _BREATH == 0:
            await asyncio.sleep(reply.pace)
    await _finish(connection, format, flow, fault, format.midway(asked, mark))


async def _finish(connection: Connection, format: Format, flow: Flow, fault: Fault | None, midway: bytes) -> None:
    """End a stream: as it should, or with the fault."""
    match fault.kind if fault else "":
        case "stall":
            await forever()
        case "cut":
            connection.cut()
            return
        case "garbage" if fault:
            connection.piece(format.garbage)
            connection.piece(b"".join(flow.pieces[fault.after :]) + flow.closing)
        case "midway":
            connection.piece(midway)
        case "":
            connection.piece(flow.closing)
    connection.end()
