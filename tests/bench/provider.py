"""The board meeting and a long answer over HTTP: a scripted OpenAI-compatible server in a process of its own."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import meeting
from tests.bench.meeting import Minds

LATENCY = 0.2
"""Seconds a model call takes in the figures about wall time."""
TOKENS = 300

_SETTINGS = """
[models]
fast = "openai:gpt-4.1-mini"
smart = "openai:gpt-4.1-mini"
deep = "openai:gpt-4.1-mini"

[providers.openai]
base_url = "{url}/v1"
max_parallel = {parallel}

[budget]
day_usd = 10000
month_usd = 10000
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A scripted server.

    Attributes:
        url: Where it is.
    """

    url: str

    @property
    def minds(self) -> Minds:
        """Settings that point a company at it."""
        return Minds(settings=_SETTINGS.format(url=self.url, parallel=16))

    def asked(self) -> dict[str, int]:
        """Return how many calls and prompt tokens it has seen since the last look."""
        with urllib.request.urlopen(f"{self.url}/asked") as answer:
            seen: dict[str, int] = json.load(answer)
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/asked", method="DELETE")).close()
        return seen


@contextmanager
def serving(script: str, delay: float = 0.0) -> Iterator[Server]:
    """Run a scripted server in a process of its own."""
    command = [sys.executable, "-m", "tests.wire", "--port", "0", "--delay", str(delay), "--script", script]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        assert process.stdout is not None
        yield Server(f"http://127.0.0.1:{process.stdout.readline().strip()}")
    finally:
        process.kill()
        process.wait()


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield each figure with its bar, and whether more is better."""
    with serving("quarter", LATENCY) as server:
        yield "meeting.wall_ratio", meeting.wall_ratio(LATENCY, minds=server.minds), 1.08, False
        server.asked()
        asyncio.run(_one_meeting(server))
        seen = server.asked()
        yield "meeting.model_calls", seen["calls"], 6, False
        yield "meeting.prompt_tokens", seen["prompt_tokens"], 1750, False
    with serving("quarter") as server:
        yield "meeting.cpu_ms", min(meeting.cpu_per_meeting(60, minds=server.minds) for _ in range(3)), 25, False
        rate = max(meeting.meetings_per_second(50, minds=server.minds) for _ in range(3))
        yield "meeting.per_second_at_50", rate, 35, True
    with serving(f"long_answer:{TOKENS}") as server:
        yield "stream.cpu_ms_300_tokens", asyncio.run(_stream_cpu_ms(server)), 40, False
    with serving(f"long_answer:{TOKENS}:0.005", LATENCY) as server:
        yield "stream.first_token_ms", asyncio.run(_first_token_ms(server)), 50, False


async def _one_meeting(server: Server) -> None:
    with meeting.opened(server.minds) as engine:
        await meeting.meet(engine)


async def _stream_cpu_ms(server: Server, answers: int = 20) -> float:
    """CPU of a chat run in which the CEO answers at once, in 300 pieces."""
    with meeting.opened(server.minds) as engine:
        await meeting.meet(engine)
        began = time.process_time()
        for _ in range(answers):
            await meeting.meet(engine)
        return (time.process_time() - began) * 1000 / answers


async def _first_token_ms(server: Server) -> float:
    """From the start of a run to the CEO's first word in the journal, without the time the provider takes to begin."""
    with meeting.opened(server.minds) as engine:
        await meeting.meet(engine)
        run_id = await meeting.meet(engine)
        rows = engine.company.store.journal.read(run_id=run_id)
        begin = next(row.at for row in rows if row.type == "RUN_STARTED")
        first = next(
            row.at
            for row in rows
            if row.type == "TEXT_MESSAGE_CONTENT" and row.agent == "ceo" and "tick" in row.body["delta"]
        )
        return (first - begin).total_seconds() * 1000 - LATENCY * 1000
