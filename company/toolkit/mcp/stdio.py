"""A server that is started here and spoken to over its standard input and output.

The SDK's own transport hands much of this process's environment on, and reads lines of any length; this one gives the
environment it is told and nothing else, and ends a server that floods. Between us and the server stands the keeper
(`keeper.py`), so that the server does not outlive the company.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from company.toolkit.mcp.line import KEY, MOST_MESSAGE, Flood, Line

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.shared.message import SessionMessage

GRACE = 1.5
"""Seconds a server has to end by itself once its standard input is closed."""


@asynccontextmanager
async def started(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, line: Line
) -> AsyncGenerator[
    tuple["MemoryObjectReceiveStream[SessionMessage | Exception]", "MemoryObjectSendStream[SessionMessage]"]
]:
    """Start a server and give the two streams of messages that an MCP session works on; end it afterwards.

    Args:
        command: Program and arguments.
        environment: Its whole environment.
        folder: Where it works.
        line: Is told what is learnt on the way.

    Raises:
        OSError: The folder is not there.
    """
    import anyio
    from mcp.shared.message import SessionMessage

    line.tells_sent = True
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(_kept(command, environment, folder))
        heard, to_read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_write, written = anyio.create_memory_object_stream[SessionMessage](0)
        tasks = [
            asyncio.create_task(_read(process, heard, line)),
            asyncio.create_task(_write(process, written, line)),
            asyncio.create_task(_listen(process, line)),
        ]
        try:
            yield to_read, to_write
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for stream in (heard, to_read, to_write, written):
                stream.close()


@asynccontextmanager
async def _kept(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Start the keeper with the server, and let neither outlive this context."""
    reading, writing = os.pipe()
    try:
        try:
            keeper = str(Path(__file__).with_name("keeper.py"))
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", keeper, str(reading), *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(environment),
                cwd=folder,
                pass_fds=(reading,),
                start_new_session=True,
                limit=MOST_MESSAGE,
            )
        finally:
            os.close(reading)
        try:
            yield process
        finally:
            await asyncio.shield(asyncio.ensure_future(_end(process, writing)))
            writing = -1
    finally:
        if writing >= 0:
            os.close(writing)


async def _end(process: asyncio.subprocess.Process, lifeline: int) -> None:
    """Close its standard input, wait a moment, then let the keeper kill what is left."""
    assert process.stdin is not None
    process.stdin.close()
    await _exited(process)
    os.close(lifeline)
    if not await _exited(process):
        process.kill()
        await _exited(process)
    process._transport.close()  # type: ignore[attr-defined]  # nothing public lets go of a pipe that a stranger holds


async def _exited(process: asyncio.subprocess.Process) -> bool:
    """Wait for at most `GRACE` seconds; `process.wait()` also waits for whoever else holds the pipes."""
    deadline = time.monotonic() + GRACE
    while process.returncode is None and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    return process.returncode is not None


async def _read(
    process: asyncio.subprocess.Process, heard: "MemoryObjectSendStream[SessionMessage | Exception]", line: Line
) -> None:
    """Pass on what the server says, one message a line; end the line at its end, or when it says too much."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    assert process.stdout is not None
    try:
        while text := await process.stdout.readline():
            line.hear(len(text))
            try:
                message = jsonrpc_message_adapter.validate_json(text, by_name=False)
            except ValueError:
                line.last_words.add(text)  # some servers print what belongs to standard error
                continue
            await heard.send(SessionMessage(message))
    except Flood as error:
        line.why = str(error)
    except ValueError:  # a line beyond the limit of the reader
        line.why = f"it sends a message of more than {MOST_MESSAGE:,} bytes"
    finally:
        heard.close()
        line.ended.set()


async def _write(
    process: asyncio.subprocess.Process, written: "MemoryObjectReceiveStream[SessionMessage]", line: Line
) -> None:
    """Send what is written to the server; an end that is gone shows when reading."""
    assert process.stdin is not None
    with suppress(OSError):
        async for item in written:
            message = item.message
            meta = (getattr(message, "params", None) or {}).get("_meta") or {}
            if isinstance(key := meta.get(KEY), str):
                line.sent.add(key)
            process.stdin.write(message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            await process.stdin.drain()


async def _listen(process: asyncio.subprocess.Process, line: Line) -> None:
    assert process.stderr is not None
    while data := await process.stderr.read(4096):
        line.last_words.add(data)
