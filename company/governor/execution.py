"""Runs what a tool brings along, its function, its look-up and its assessment: in time, contained, held to its types.

This is the one place where code of strangers (tools, plugins) runs, so it is the one place that catches every
exception: a tool that crashes, or calls `sys.exit`, gives its role a typed failure and the run goes on. It runs in a
task of its own, so that one that cancels "the current task", or leaves a cancel scope open, cancels nobody but itself,
and one that swallows its cancellation is left behind.
"""

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, ValidationError

from company.errors import ProviderError, RequestTimeout, Stopped, ToolError, Undeclared, VenueError
from company.toolkit import Context, Stakes, Tool
from company.toolkit.tool import MAX_RESULT

MAX_WORDS = 2_000
"""Characters of an error that are kept, for the same reason."""

UNDECLARED = "plugin."
"""What the rules begin with that deny a tool what it does not declare."""

GRACE = 1.0
"""Seconds that a cancelled call has to end; then it is left behind."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a function ended.

    Attributes:
        status: As in `Outcome`.
        value: What it returned, as JSON data.
        error: What went wrong.
        fault: Set when the tool itself is to blame.
        rule: The rule that refused it, when one did: `plugin.network`, `tool.rate`; else empty.
        what: What it reached for without declaring it.
    """

    status: Literal["ok", "retryable", "denied", "unknown", "failed"]
    value: Any = None
    error: str = ""
    fault: Literal["", "timeout", "crash", "contract"] = ""
    rule: str = ""
    what: str = ""


async def run(tool: Tool, arguments: BaseModel, context: Context) -> Ran:
    """Call the tool's function and return how it ended; never raises for what the tool does."""
    values = _values(arguments)
    if tool.context_parameter:
        values[tool.context_parameter] = context

    async def work() -> Ran:
        return _checked(tool, await _call(tool.function, values))

    try:
        return await _contained(tool, work)
    except Undeclared as error:
        return _undeclared(tool, error)
    except ToolError as error:
        return Ran("failed", error=_words(error))


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
    except Undeclared as error:
        ran = _undeclared(tool, error)
    except ToolError as error:
        ran = Ran("unknown", error=_words(error))
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
            return await _apart(work)
    except (ToolError, Stopped):
        raise
    except (TimeoutError, RequestTimeout) as error:
        late = f"{tool.name} gave no answer within {tool.timeout:g} s"
        return Ran(lost, error=_words(error) or late, fault="timeout")
    except ProviderError as error:
        refused: Literal["failed", "unknown"] = "failed" if isinstance(error, VenueError) else lost
        return Ran("retryable" if error.retryable else refused, error=_words(error))
    except asyncio.CancelledError as error:
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        return _crash(tool, lost, error)
    except (Exception, SystemExit, GeneratorExit, BaseExceptionGroup) as error:  # noqa: BLE001 - see the module docstring
        return _crash(tool, lost, error)


async def _apart(work: Callable[[], Awaitable[T]]) -> T:
    """Do a piece of work in a task of its own, and bring back what it returns or raises."""

    async def settled() -> tuple[T | None, BaseException | None]:
        try:
            return await work(), None
        except BaseException as error:  # noqa: BLE001 - raised again on the awaiting side; a task would raise some twice
            return None, error

    task = asyncio.create_task(settled())
    try:
        value, error = await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE)
        if not task.done() or task.cancelled():
            raise
        value, error = task.result()  # it may have come to an end all the same
    if error is not None:
        raise error
    return cast("T", value)


def _crash(tool: Tool, status: Literal["failed", "unknown"], error: BaseException) -> Ran:
    return Ran(status, error=f"{tool.name} crashed: {type(error).__name__}: {_words(error)}", fault="crash")


def _undeclared(tool: Tool, error: Undeclared) -> Ran:
    """Return the denial of what a tool did not declare; an effect may have done a part of its work before."""
    status: Literal["denied", "unknown"] = "denied" if tool.effect == "read" else "unknown"
    said = (
        f"{tool.name} was stopped: {_words(error)}. Its manifest does not declare that; calling again changes nothing"
    )
    return Ran(status, error=said, rule=f"plugin.{error.capability}", what=error.what[:MAX_WORDS])


def _words(error: BaseException) -> str:
    """Return what an error says, as far as it can say it."""
    try:
        return str(error)[:MAX_WORDS]
    except Exception:  # noqa: BLE001 - its own text is code of the tool too
        return ""


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
    """Return the arguments by name: those of a signature, or as they were given to a tool of elsewhere."""
    return {name: getattr(arguments, name) for name in type(arguments).model_fields} | (arguments.model_extra or {})


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
