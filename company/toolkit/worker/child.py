"""The worker's own side: closes the door behind itself, imports a tool's module, and calls what it is told to call.

It is started as `python -I -c ... DESCRIPTOR DESCRIPTOR PARENT`, speaks `terms.py` over the two descriptors, and ends
when the other end is closed. What the framework itself needs is imported before the door is closed; the tool's code
comes after, so that code which runs when it is imported is held too, and then has neither hosts nor secrets.
"""

import asyncio
import importlib
import inspect
import os
import queue
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import ValidationError
from pydantic_core import from_json

from company.errors import ProviderError, RequestTimeout, ToolError, UsageError, VenueError
from company.toolkit import Context, Reach, Tool, import_all, tool_of
from company.toolkit.foreign import described
from company.toolkit.worker.channel import Channel, Closed, Malformed, encoded
from company.toolkit.worker.door import Door
from company.toolkit.worker.terms import Answer, Ask, Fault, Ready, Start

_LONGEST = 2_000


def main(reading: int, writing: int, parent: int) -> None:
    """Serve until the other end is closed."""
    channel = Channel(reading, writing)
    start = Start.model_validate(channel.receive())
    door = Door(start, parent)
    door.close()
    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, inbox), name="host", daemon=True).start()
    ready, tools = _imported(start)
    channel.send(_fitting(ready.model_copy(update={"refused": door.refused()})))
    door.open_to_hosts()
    with asyncio.Runner() as runner:
        while True:
            ask = Ask.model_validate(inbox.get())
            answer = _answer(tools[start.tool], start, ask, runner, door)
            channel.send(_fitting(answer.model_copy(update={"refused": door.refused()})))


def _listen(channel: Channel, inbox: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Hand on what the host says, and end the process when it says no more, also while a tool is busy."""
    try:
        while True:
            inbox.put(channel.receive())
    except (Closed, Malformed, OSError):
        os._exit(0)


def _imported(start: Start) -> tuple[Ready, dict[str, Tool]]:
    """Import the module and return what its tools say of themselves."""
    try:
        module = _module(start)
        tools = {tool.name: tool for value in list(vars(module).values()) if (tool := tool_of(value))}
        if not tools:
            raise UsageError("holds no tool", where=_shown(start), cure="mark a function with @tool(effect=...)")
        if start.kind == "package":
            for tool in tools.values():
                _require_foreign(tool, start)
        return Ready(tools=[described(tool) for tool in tools.values()]), tools
    except UsageError as error:
        return Ready(fault=_usage(error)), {}
    except MemoryError:
        return Ready(fault=Fault(kind="memory", what="while it was imported")), {}
    except ValidationError as error:
        text = error.errors()[0]["msg"]
        return Ready(fault=_usage(UsageError(text, where=_shown(start), cure="correct the tool"))), {}
    except BaseException as error:  # noqa: BLE001 - whatever code of strangers raises, `SystemExit` too
        what = f"cannot be loaded: {_told(error)}"
        cure = f"install {error.name!r}" if isinstance(error, ModuleNotFoundError) else "update it, or do without it"
        return Ready(fault=_usage(UsageError(what, where=_shown(start), cure=cure))), {}


def _module(start: Start) -> Any:
    if start.kind == "package":
        return importlib.import_module(start.module)
    path = Path(start.path)
    return import_all({path.stem: path})[0]


def _shown(start: Start) -> str:
    return start.path or f"installed package {start.name}: {start.module}"


def _require_foreign(tool: Tool, start: Start) -> None:
    """A tool of a package cannot have what only works inside the company, where it never runs.

    Raises:
        UsageError: It has.
    """
    inside = tool.context_parameter and get_type_hints(tool.function).get(tool.context_parameter) is Context
    found = {
        "`context: Context`, which": inside,
        "`assess=`, which": tool.assess,
        "`labelled=`, which": tool.labelled,
        "`claims=`, which": tool.claims,
    }
    if wrong := next((name for name, there in found.items() if there), ""):
        what = f"{tool.name} has {wrong} only works inside the company; a package's tool runs in a process of its own"
        cure = "take `reach: Reach` instead, or nothing; the package's author has to"
        raise UsageError(what, where=_shown(start), cure=cure)


def _answer(tool: Tool, start: Start, ask: Ask, runner: asyncio.Runner, door: Door) -> Answer:
    try:
        return Answer(value=_result(tool, start, ask, runner, door))
    except MemoryError:
        return Answer(fault=Fault(kind="memory", what=f"{start.manifest.memory_mb} MB"))
    except BaseException as error:  # noqa: BLE001 - whatever code of strangers raises, `SystemExit` too
        return Answer(fault=_fault(error))


@dataclass(frozen=True, slots=True)
class _Held(Reach):
    """What a tool reaches here: that it asked for a secret which it does not declare is remembered."""

    door: Door | None = field(default=None, repr=False)

    def secret(self, name: str) -> str:
        if self.door is not None and name not in self.declared:
            self.door.refuse("secret", name)
        return Reach.secret(self, name)


def _result(tool: Tool, start: Start, ask: Ask, runner: asyncio.Runner, door: Door) -> Any:
    reach = _Held(
        folder=Path(start.folder),
        key=ask.key,
        now=datetime.fromisoformat(ask.now),
        role=ask.role,
        secrets=ask.secrets,
        files=tuple(map(Path, start.files)),
        declared=start.manifest.secrets,
        door=door,
    )
    if ask.find:
        assert tool.lookup is not None
        found = _called(runner, tool.lookup(reach))
        return None if found is None else _dumped(tool, found)
    try:  # the schema told the model most of it, but not all that a type asks for
        arguments = tool.arguments.model_validate(ask.arguments)
    except ValidationError as error:
        raise ToolError(f"the arguments do not fit: {_first(error)}") from error
    given = {name: getattr(arguments, name) for name in type(arguments).model_fields}
    if tool.context_parameter:
        given[tool.context_parameter] = reach
    return _dumped(tool, _called(runner, tool.function(**given)))


def _called(runner: asyncio.Runner, returned: Any) -> Any:
    """Return what a call returned, after waiting for it when it is a coroutine."""
    if not inspect.isawaitable(returned):
        return returned

    async def wait() -> Any:
        return await returned

    return runner.run(wait())


def _dumped(tool: Tool, returned: Any) -> Any:
    try:
        return from_json(tool.result.dump_json(tool.result.validate_python(returned)))
    except ValidationError as error:
        raise TypeError(f"broke its declared result type: {_first(error)}") from error


def _fault(error: BaseException) -> Fault:
    text = _plain(str(error))
    match error:
        case ToolError():
            return Fault(kind="tool", what=text)
        case RequestTimeout():
            return Fault(kind="late", what=text)
        case VenueError():
            return Fault(kind="venue", what=text, retryable=error.retryable)
        case ProviderError():
            return Fault(kind="provider", what=text, retryable=error.retryable)
        case _:
            return Fault(kind="crash", what=_told(error))


def _usage(error: UsageError) -> Fault:
    what, where, cure = (_plain(part) for part in (error.what, error.where, error.cure))
    return Fault(kind="usage", what=what, where=where, cure=cure)


def _fitting(answer: Ready | Answer) -> dict[str, Any]:
    """Return an answer as a frame takes it; one that does not fit becomes a fault."""
    message = answer.model_dump(mode="json")
    try:
        encoded(message)
    except Malformed as error:
        fault = Fault(kind="crash", what=f"what it returned cannot be passed on: {error}"[:_LONGEST])
        return {"fault": fault.model_dump(mode="json"), "refused": message["refused"]}
    return message


def _told(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - its own text is code of strangers too
        text = ""
    return _plain(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _plain(text: str) -> str:
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'result'}: {first['msg']}"
