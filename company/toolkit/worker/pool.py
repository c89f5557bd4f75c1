"""The workers of a company: who serves which tool, how many at once, and until when.

A worker serves one tool of one source, so it is never held to another manifest than the tool it calls. A call takes an
idle one or starts one; at most `manifest.parallel` are at work, and further calls wait within their time. Whatever goes
wrong in a worker ends it, and the next call has a new one. Nothing here belongs to an event loop: each call waits in a
thread of its own, and a thread that lives as long as workers do starts them, for the kernel ends a process with the
thread that started it.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import to_jsonable_python

from company.errors import Undeclared
from company.ports import Secrets
from company.toolkit.context import Context
from company.toolkit.foreign import Description
from company.toolkit.worker.describing import start_of
from company.toolkit.worker.keeper import Keeper
from company.toolkit.worker.process import KilledBySystem, Process, WorkerFailure
from company.toolkit.worker.source import Source
from company.toolkit.worker.terms import Answer, Ask, Refusals, Start
from company.toolkit.worker.verdict import error_of, require_confirmed

IDLE = 60.0
"""Seconds after which a worker that nobody needs is ended."""

DENIED = "tool.denied"
"""Event: a tool reached for what it does not declare, was refused, and returned a result all the same."""

T = TypeVar("T")
_Key = tuple[Source, str]


@dataclass(slots=True)
class _Group:
    """The workers of one tool: the number at work, and those that are idle with the moment since when."""

    busy: int = 0
    idle: list[tuple[Process, float]] = field(default_factory=list)


class _Call:
    """One call under way; it can be given up from another thread."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.given_up = False
        self.process: Process | None = None

    def serves(self, process: Process) -> None:
        """Note which worker serves it.

        Raises:
            TimeoutError: It was given up.
        """
        self.process = process
        if self.given_up:
            raise TimeoutError

    def give_up(self) -> None:
        """End it with its worker, if it has one."""
        self.given_up = True
        if (process := self.process) is not None:
            process.kill()


class Workers:
    """Calls isolated tools in worker processes; close it when done.

    Args:
        state: The company's state directory; the tools' own folders lie in it, and nothing else of it is open to them.
        secrets: Where the secrets of tools are kept.
        closed_to: Folders that are closed to tools also where they lie below an open one: the company directory.
    """

    def __init__(self, *, state: Path, secrets: Secrets, closed_to: Sequence[Path] = ()) -> None:
        self._state, self._secrets = state.absolute(), secrets
        self._closed_to = tuple(str(path.absolute()) for path in closed_to)
        self._groups: dict[_Key, _Group] = {}
        self._calls: set[_Call] = set()
        self._changed = threading.Condition()
        self._keeper = Keeper(self._tend)
        self._closed = False

    async def call(
        self, source: Source, description: Description, arguments: Mapping[str, Any], context: Context
    ) -> Any:
        """Call a tool and return its result as JSON data.

        Args:
            source: Where its code lies.
            description: What was confirmed of it.
            arguments: What it is called with.
            context: The call's surroundings; what was refused and swallowed is emitted there.

        Raises:
            Undeclared: It reached for what it does not declare, or used more memory.
            ToolError: It says so, or it is not the tool that was confirmed.
            ProviderError: It says so.
            WorkerFailure: It broke.
            TimeoutError: It did not answer in time.
        """
        given = to_jsonable_python(dict(arguments))
        return await self._asked(source, description, context, self._ask(source, description, context, given))

    async def find(self, source: Source, description: Description, context: Context) -> Any | None:
        """Look up the result of an earlier call by `context.key`; None when there was none. Raises as `call` does."""
        return await self._asked(source, description, context, self._ask(source, description, context, None))

    def close(self) -> None:
        """End every worker, also those at work."""
        with self._changed:
            self._closed = True
            idle = [process for group in self._groups.values() for process, _ in group.idle]
            self._groups.clear()
            for call in self._calls:
                call.give_up()
            self._changed.notify_all()
        for process in idle:
            process.end()
        self._keeper.close()

    def _ask(self, source: Source, description: Description, context: Context, given: Any) -> Ask:
        names = {name: self._secrets.get(source.secret_name(name)) for name in description.manifest.secrets}
        return Ask(
            find=given is None,
            arguments=given or {},
            key=context.key,
            now=context.clock.now().isoformat(),
            role=context.role,
            secrets={name: value for name, value in names.items() if value is not None},
        )

    async def _asked(self, source: Source, description: Description, context: Context, ask: Ask) -> Any:
        call = _Call(time.monotonic() + description.timeout)
        try:
            answer, refused = await _in_thread(lambda: self._serve(source, description, ask, call))
        except KilledBySystem as error:
            raise Undeclared("memory", f"{description.manifest.memory_mb} MB; {error}") from None
        finally:
            call.give_up()
        swallowed = [*refused, *(answer.refused if answer.fault is None else ())]
        for capability, what in swallowed:
            context.emit(DENIED, {"tool": description.name, "capability": capability, "what": what})
        if answer.fault is not None:
            raise error_of(answer.fault, answer.refused)
        return answer.value

    def _serve(self, source: Source, description: Description, ask: Ask, call: _Call) -> tuple[Answer, Refusals]:
        """Have a worker serve a call, in the call's own thread; returns too what it was refused while starting."""
        with self._place((source, description.name), description, call) as group:
            process = self._idle(group)
            refused: Refusals = []
            try:
                if process is None:
                    process, refused = self._started(source, description, call)
                call.serves(process)
                answer = process.ask(ask, call.until)
            except BaseException:
                if process is not None:
                    process.end()
                raise
            finally:
                call.process = None
            broke = answer.refused or (answer.fault and answer.fault.kind in {"crash", "memory"})
            self._give_back(group, process, broken=bool(broke))
            return answer, refused

    @contextmanager
    def _place(self, key: _Key, description: Description, call: _Call) -> Iterator[_Group]:
        """Wait until one worker more may be at work on a tool."""
        with self._changed:
            while True:
                if self._closed:
                    raise WorkerFailure("the company is closed")
                if call.given_up or time.monotonic() >= call.until:
                    raise TimeoutError(f"{description.name} had no free worker within {description.timeout:g} s")
                group = self._groups.setdefault(key, _Group())
                if group.busy < description.manifest.parallel:
                    break
                self._changed.wait(min(call.until - time.monotonic(), 0.5))
            group.busy += 1
            self._calls.add(call)
        try:
            yield group
        finally:
            with self._changed:
                group.busy -= 1
                self._calls.discard(call)
                self._changed.notify_all()

    def _idle(self, group: _Group) -> Process | None:
        """Take the worker that was used last; one that has ended meanwhile is put away."""
        while True:
            with self._changed:
                process = group.idle.pop()[0] if group.idle else None
            if process is None or process.lives:
                return process
            process.end()

    def _give_back(self, group: _Group, process: Process, *, broken: bool) -> None:
        with self._changed:
            if keep := not (broken or self._closed):
                group.idle.append((process, time.monotonic()))
        if not keep:
            process.end()

    def _started(self, source: Source, description: Description, call: _Call) -> tuple[Process, Refusals]:
        """Start a worker and hold it against what was confirmed; returns too what it was refused while starting."""
        process = self._keeper.start(self._start_of(source, description))
        try:
            call.serves(process)
            ready = process.ready(call.until)
            require_confirmed(ready, source, description)
        except BaseException:
            process.end()
            raise
        return process, ready.refused

    def _start_of(self, source: Source, description: Description) -> Start:
        folder = self._state / "tools" / source.folder_name
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
        told = {
            "tool": description.name,
            "manifest": description.manifest,
            "files": tuple(str(Path(file).expanduser()) for file in description.manifest.files),
            "sealed": str(self._state),
            "closed": self._closed_to,
        }
        return start_of(source, str(folder)).model_copy(update=told)

    def _tend(self) -> float | None:
        """End workers that are idle too long; returns seconds until the next one is, None when there is none."""
        now = time.monotonic()
        with self._changed:
            old = [process for group in self._groups.values() for process, since in group.idle if now - since >= IDLE]
            for group in self._groups.values():
                group.idle = [(process, since) for process, since in group.idle if now - since < IDLE]
            left = [since for group in self._groups.values() for _, since in group.idle]
        for process in old:
            process.end()
        return IDLE if not left else max(0.0, min(left) + IDLE - now)


async def _in_thread(work: Callable[[], T]) -> T:
    """Do blocking work in a daemon thread; who is cancelled does not wait for it."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again on the awaiting side
            done.set_exception(error)

    done.set_running_or_notify_cancel()
    threading.Thread(target=run, name="call of a worker", daemon=True).start()
    return await asyncio.wrap_future(done)
