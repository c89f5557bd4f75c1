"""Runs one tool function: in time, contained, with its result held to the declared type.

This is the one place where code of strangers (tools, plugins) runs, so it is the one place that catches every
`Exception`: a tool that crashes gives its role a typed failure and the run goes on.
"""

import asyncio
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from company.errors import ProviderError, RequestTimeout, Stopped, ToolError
from company.toolkit import Context, Tool

MAX_RESULT = 32_000
"""Characters of JSON one result may have; more would crowd out the caller's context."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a function ended: `fault` is set when the tool itself is to blame."""

    status: Literal["ok", "retryable", "unknown", "failed"]
    value: Any = None
    error: str = ""
    fault: Literal["", "timeout", "crash", "contract"] = ""


async def run(tool: Tool, arguments: BaseModel, context: Context) -> Ran:
    """Call the tool's function and return how it ended; never raises for what the tool does."""
    values = {name: getattr(arguments, name) for name in type(arguments).model_fields}
    if tool.context_parameter:
        values[tool.context_parameter] = context
    try:
        async with asyncio.timeout(tool.timeout):
            returned = await _call(tool.function, values)
        return checked(tool, returned)
    except ToolError as error:
        return Ran("failed", error=str(error))
    except (TimeoutError, RequestTimeout) as error:
        late = f"{tool.name} gave no answer within {tool.timeout:g} s"
        status: Literal["failed", "unknown"] = "failed" if tool.effect == "read" else "unknown"
        return Ran(status, error=str(error) or late, fault="timeout")
    except ProviderError as error:
        return Ran("retryable" if error.retryable else "failed", error=str(error))
    except Stopped:
        raise
    except Exception as error:  # noqa: BLE001 - containment of plugins, see the module docstring
        status = "failed" if tool.effect == "read" else "unknown"
        return Ran(status, error=f"{tool.name} crashed: {type(error).__name__}: {error}", fault="crash")


def checked(tool: Tool, returned: Any) -> Ran:
    """Hold a result to the tool's declared type and to the size a context can bear."""
    try:
        result = tool.result.validate_python(returned)
    except ValidationError as error:
        return Ran("failed", error=f"{tool.name} broke its declared result type: {_first(error)}", fault="contract")
    size = len(tool.result.dump_json(result))
    if size > MAX_RESULT:
        text = f"{tool.name} returned {size:,} characters, {MAX_RESULT:,} are allowed: ask for less"
        return Ran("failed", error=text, fault="contract")
    return Ran("ok", value=tool.result.dump_python(result, mode="json"))


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'result'}: {first['msg']}"


async def _call(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**values)
    return await _in_thread(function, values)


async def _in_thread(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    """Run a plain function in a daemon thread, so that one that hangs can be abandoned and never blocks exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(setter: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            setter(value)

    def work() -> None:
        try:
            outcome, setter = function(**values), done.set_result
        except BaseException as error:  # noqa: BLE001 - carried to the awaiting side unchanged
            outcome, setter = error, done.set_exception
        try:
            loop.call_soon_threadsafe(settle, setter, outcome)
        except RuntimeError:  # the loop is gone: the call was abandoned and the program is ending
            return

    threading.Thread(target=work, name=f"tool {function.__name__}", daemon=True).start()
    return await done
