"""Worker processes that play trials side by side.

A process imports once and plays many trials. One that is not done in time, also because it computes for ever, is killed
with all it started and replaced; one that dies is replaced. Both are failures of the trial that was at work. Whatever
happens to this process, its workers end: they are ended here, and each ends itself when nobody listens any more.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from company.errors import ProviderError, UsageError
from company.grading.case import Case
from company.grading.result import Fault, Trial, digest, late, read_trial
from company.home import CompanyDirectory

GRACE = 2.0
"""Seconds a trial has beyond its own time-out to close its files and tell."""

_LONGEST = 64 * 1024 * 1024
"""Bytes of one answer: the transcript of a trial."""

_SAID = 200
"""Characters of the last words of a process that are told."""


@dataclass(frozen=True, slots=True)
class Order:
    """One trial to play.

    Attributes:
        case: The case.
        number: Which of its trials, from 0.
        player: Name of the instrument that it is played with; empty for what the company itself thinks with.
    """

    case: Case
    number: int
    player: str = ""


class Ended(Exception):
    """A worker process ended by itself; the text says how."""


class Pool:
    """Plays trials in processes.

    Args:
        directory: The company.
        environment: Environment of the processes.
        model: What every role thinks with; what `company.toml` says when empty.
        jobs: How many processes, at most as many as there are trials.
    """

    def __init__(
        self, directory: CompanyDirectory, environment: Mapping[str, str], *, model: str = "", jobs: int
    ) -> None:
        self._setup = {"root": str(directory.root), "bundled": str(directory.bundled), "model": model}
        self._environment, self._jobs = environment, jobs
        self._workers: set[_Worker] = set()

    async def play(self, orders: Sequence[Order]) -> AsyncGenerator[tuple[Order, Trial], None]:
        """Yield each trial when it is done; close the iterator when you leave it early.

        Raises:
            UsageError: The company or a case was changed so that it cannot be played.
            ProviderError: A process did not come up.
        """
        waiting, done = deque(orders), asyncio.Queue[tuple[Order, Trial] | Exception]()
        with tempfile.TemporaryDirectory(prefix="company-evals-", ignore_cleanup_errors=True) as area:
            lanes = [
                asyncio.create_task(self._lane(waiting, done, Path(area, str(number))))
                for number in range(min(self._jobs, len(orders)))
            ]
            try:
                for _ in orders:
                    if isinstance(item := await done.get(), Exception):
                        raise item
                    yield item
            finally:
                for lane in lanes:
                    lane.cancel()
                await asyncio.gather(*lanes, return_exceptions=True)
                await asyncio.gather(*(self._lose(worker) for worker in list(self._workers)))

    async def _lane(
        self, waiting: deque[Order], done: "asyncio.Queue[tuple[Order, Trial] | Exception]", area: Path
    ) -> None:
        """Play what waits, one trial after the other, in a process that is replaced when it is lost."""
        worker: _Worker | None = None
        try:
            while waiting:
                order = waiting.popleft()
                worker = worker or await self._hire(area)
                trial, lost = await _played(worker, order)
                if lost:
                    await self._lose(worker)
                    worker = None
                done.put_nowait((order, trial))
        except Exception as error:  # noqa: BLE001  # told by `play`, which ends the other lanes
            done.put_nowait(error)

    async def _hire(self, area: Path) -> "_Worker":
        """Start a process and wait until it has read the suite."""
        worker = await _Worker.started(self._environment, area)
        self._workers.add(worker)
        try:
            await worker.ask(self._setup)
        except Ended as error:
            raise ProviderError(f"a worker of company eval did not come up: {error}") from None
        return worker

    async def _lose(self, worker: "_Worker") -> None:
        await worker.end()
        self._workers.discard(worker)


async def _played(worker: "_Worker", order: Order) -> tuple[Trial, bool]:
    """Play one trial; says also whether the process is lost."""
    began, case = time.perf_counter(), order.case
    try:
        async with asyncio.timeout(case.timeout_seconds + GRACE):
            answer = await worker.ask({"case": case.id, "digest": digest(case), "player": order.player})
        return read_trial(answer["trial"]), False
    except TimeoutError:
        fault = late(case)
    except Ended as error:
        fault = Fault("run", str(error))
    return Trial((fault,), time.perf_counter() - began), True


class _Worker:
    """One process; homes of its trials lie in its area, which goes when the process was killed, too."""

    def __init__(self, process: asyncio.subprocess.Process, area: Path) -> None:
        self._process, self._area = process, area

    @classmethod
    async def started(cls, environment: Mapping[str, str], area: Path) -> "_Worker":
        area.mkdir(exist_ok=True)
        with (area / "stderr").open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-c",
                f"import sys; sys.path[:] = {sys.path!r}; from company.grading.worker import main; main()",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={**environment, "TMPDIR": str(area)},
                limit=_LONGEST,
                start_new_session=True,  # Ctrl+C is for the process above; and all that a trial starts is ended with it
            )
        return cls(process, area)

    async def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer of the process.

        Raises:
            Ended: It ended instead.
            UsageError: It says that a person has to change something.
        """
        assert self._process.stdin  # both are pipes
        assert self._process.stdout
        with suppress(ConnectionError):  # it is told below, with how the process ended
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise Ended(self._last_words(await self._process.wait()))
        answer: dict[str, Any] = json.loads(line)
        if "usage" in answer:
            raise UsageError(answer["usage"]["what"], where=answer["usage"]["where"], cure=answer["usage"]["cure"])
        return answer

    async def end(self) -> None:
        """Kill the process and all it started, and wait until it is gone."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    def _last_words(self, code: int) -> str:
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        said = [line for line in (self._area / "stderr").read_text("utf-8", "replace").splitlines() if line.strip()]
        words = f": {said[-1].strip()[:_SAID]}".replace(str(self._area), "HOME") if said else ""
        return f"the process ended with {how}{words}"
