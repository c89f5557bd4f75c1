"""Ten tools that misbehave, each in its own way: their roles get a typed failure, and nothing else ends."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from company import tool
from company.governor import Call
from company.toolkit import Tool, tool_of


class SilentError(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no comment")


async def crash() -> str:
    raise KeyError("x")


def exit_thread() -> str:
    raise SystemExit(3)


async def exit_task() -> str:
    raise SystemExit(3)


async def exit_group() -> str:
    raise BaseExceptionGroup("all of it", [SystemExit(3), GeneratorExit()])


async def hang() -> str:
    await asyncio.Event().wait()
    return "late"


def hang_in_a_thread() -> str:
    threading.Event().wait(5)
    return "late"


async def cling() -> str:
    """Swallow the first cancellation, and hang on."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()
    return "late"


async def lie() -> str:
    return 5  # type: ignore[return-value]


async def flood() -> str:
    return "x" * 5_000_000


async def cancel_the_caller() -> str:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    task.cancel()
    await asyncio.sleep(1)
    return "late"


async def uncancel_the_caller() -> str:
    task = asyncio.current_task()
    assert task is not None
    for _ in range(3):
        task.uncancel()
    raise asyncio.CancelledError


async def leave_a_scope_open() -> str:
    scope = anyio.CancelScope()
    scope.__enter__()
    scope.cancel()
    await anyio.sleep(1)
    return "late"


async def say_nothing() -> str:
    raise SilentError


FUNCTIONS: list[tuple[Callable[..., Any], str]] = [
    (crash, "crashed: KeyError: 'x'"),
    (exit_thread, "crashed: SystemExit: 3"),
    (exit_task, "crashed: SystemExit: 3"),
    (exit_group, "crashed: BaseExceptionGroup: all of it (2 sub-exceptions)"),
    (hang, "gave no answer within 0.1 s"),
    (hang_in_a_thread, "gave no answer within 0.1 s"),
    (cling, "gave no answer within 0.1 s"),
    (lie, "broke its declared result type"),
    (flood, "returned 5,000,002 bytes, 32,000 are allowed"),
    (cancel_the_caller, "crashed: CancelledError"),
    (uncancel_the_caller, "crashed: CancelledError"),
    (leave_a_scope_open, "crashed: CancelledError"),
    (say_nothing, "crashed: SilentError"),
]


def made_of(function: Callable[..., Any], **options: Any) -> Tool:
    function.__doc__ = f"Misbehave: {function.__name__}."
    made = tool_of(tool(**{"effect": "read", "timeout": 0.1, **options})(function))
    assert made is not None
    return made


@pytest.mark.parametrize(("function", "error"), FUNCTIONS, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize(("effect", "status"), [("read", "failed"), ("write", "unknown")])
async def test_a_tool_that_misbehaves_is_a_typed_failure_and_the_caller_goes_on(house, function, error, effect, status):
    outcome = await house.perform(made_of(function, effect=effect))
    await asyncio.sleep(0)

    assert outcome.status == status
    assert error in outcome.error
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()
    assert house.types()[-2:] == ["tool.failed", "TOOL_CALL_RESULT"]


async def test_all_of_them_at_the_same_time_keep_no_good_tool_from_its_work(house):
    async def good() -> str:
        await asyncio.sleep(0.02)
        return "done"

    tools = [replace(made_of(function), kind="file") for function, _ in FUNCTIONS]
    tools.append(made_of(good, timeout=5))
    governor = house.governor(*tools)
    scope = house.scope(*(each.name for each in tools))
    calls = [Call(f"c{number}", each.name, {}) for number, each in enumerate(tools * 3)]

    outcomes = await asyncio.gather(*(governor.perform(scope, call) for call in calls))

    assert {outcome.status for outcome in outcomes if outcome.call.tool != "good"} == {"failed"}
    assert [outcome.value for outcome in outcomes if outcome.call.tool == "good"] == ["done"] * 3
