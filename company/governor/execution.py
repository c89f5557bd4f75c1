"""Runs what a tool brings along, its function, its look-up and its assessment: in time, contained, held to its types.

This is the one place where code of strangers (tools, plugins) runs, so it is the one place that catches every
exception: a tool that crashes, or calls `sys.exit`, gives its role a typed failure and the run goes on.
"""

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from company.errors import ProviderError, RequestTimeout, Stopped, ToolError, VenueError
from company.toolkit import Context, Stakes, Tool

MAX_RESULT = 32_000
"""Bytes of JSON one result may have; more would crowd out the caller's context."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a function ended: `fault` is set when the tool itself is to blame."""

    status: Literal["ok", "retryable", "unknown", "failed"]
    value: Any = None
    error: str = ""
    fault: Literal["", "timeout", "crash", "contract"] = ""


async def run(tool: Tool, arguments: BaseModel, context: Context) -> Ran:
    """Call the tool's function and return how it ended; never raises for what the tool does."""
    values = _values(arguments)
    if tool.context_parameter:
        values[tool.context_parameter] = context

    async def work() -> Ran:
        return _checked(tool, await _call(tool.function, values))

    try:
        return await _contained(tool, work)
    except ToolError as error:
        return Ran("failed", error=str(error))


async def find(tool: Tool, context: Context) -> Ran | None:
    """Look up what an earlier call came to.

    Returns:
        The result it had; None when it certainly did not happen; `unknown` when the look-up itself failed.
    """

    async def work() -> Ran | None:
        assert tool.lookup is not None
        found = await tool.lookup(context)
        return None if found is None else _checked(tool, found)

    try:
        ran = await _contained(tool, work)
    except ToolError as error:
        ran = Ran("unknown", error=str(error))
    if ran is None or ran.status == "ok":
        return ran
    return replace(ran, status="unknown", error=f"{tool.name} may or may not have happened; look-up: {ran.error}")


async def assess(tool: Tool, arguments: BaseModel, context: Context) -> Stakes | Ran:
    """Ask the department what a call would put at stake.

    Returns:
        The stakes, or why they could not be told.

    Raises:
        ToolError: The arguments make no sense to the department.
    """
    if tool.assess is None:
        return Stakes()

    async def work() -> Stakes | Ran:
        assert tool.assess is not None
        stakes: object = await tool.assess(**_values(arguments), context=context)
        wrong = Ran("failed", error=f"{tool.name} cannot tell what is at stake", fault="contract")
        return stakes if isinstance(stakes, Stakes) else wrong

    return await _contained(tool, work)


async def _contained(tool: Tool, work: Callable[[], Awaitable[T]]) -> T | Ran:
    """Do a piece of a tool's work; whatever goes wrong with it, but a `ToolError`, is returned."""
    lost: Literal["failed", "unknown"] = "failed" if tool.effect == "read" else "unknown"
    try:
        async with asyncio.timeout(tool.timeout):
            return await work()
    except (ToolError, Stopped):
        raise
    except (TimeoutError, RequestTimeout) as error:
        late = f"{tool.name} gave no answer within {tool.timeout:g} s"
        return Ran(lost, error=str(error) or late, fault="timeout")
    except ProviderError as error:
        refused: Literal["failed", "unknown"] = "failed" if isinstance(error, VenueError) else lost
        return Ran("retryable" if error.retryable else refused, error=str(error))
    except asyncio.CancelledError as error:
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        return _crash(tool, lost, error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - containment of plugins, see the module docstring
        return _crash(tool, lost, error)


def _crash(tool: Tool, status: Literal["failed", "unknown"], error: BaseException) -> Ran:
    return Ran(status, error=f"{tool.name} crashed: {type(error).__name__}: {error}", fault="crash")


def _checked(tool: Tool, returned: Any) -> Ran:
    """Hold a result to the tool's declared type and to the size a context can bear.

    An effect whose result breaks the contract has happened all the same: its outcome is unknown, not failed.
    """
    status: Literal["failed", "unknown"] = "failed" if tool.effect == "read" else "unknown"
    try:
        result = tool.result.validate_python(returned)
    except ValidationError as error:
        return Ran(status, error=f"{tool.name} broke its declared result type: {_first(error)}", fault="contract")
    text = tool.result.dump_json(result)
    if len(text) > MAX_RESULT:
        much = f"{tool.name} returned {len(text):,} bytes, {MAX_RESULT:,} are allowed: ask for less"
        return Ran(status, error=much, fault="contract")
    return Ran("ok", value=json.loads(text))


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'result'}: {first['msg']}"


def _values(arguments: BaseModel) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in type(arguments).model_fields}


async def _call(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**values)
    return await _in_thread(function, values)


async def _in_thread(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Run a plain function in a daemon thread, so that one that hangs can be abandoned and never blocks exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def settle(outcome: tuple[Any, BaseException | None]) -> None:
        if not done.done():
            done.set_result(outcome)

    def work() -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = function(**values), None
        except BaseException as error:  # noqa: BLE001 - raised again on the awaiting side
            outcome = None, error
        try:
            loop.call_soon_threadsafe(settle, outcome)
        except RuntimeError:  # the loop is gone: the call was abandoned and the program is ending
            return

    threading.Thread(target=work, name=f"tool {function.__name__}", daemon=True).start()
    value, error = await done
    if error is not None:
        raise error
    return value
