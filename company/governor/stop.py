"""Stop means stop: flags in the store, one of the company and one of each run, which are looked at before every model
call and every tool call, and again and again while a tool is at work.
"""

import asyncio
from types import TracebackType

from company.errors import Stopped
from company.store import Store
from company.store.flags import STOP_FLAG

__all__ = ["LOOK", "STOP_FLAG", "UntilStopped", "raise_if_stopped", "reason_to_stop", "run_flag"]

LOOK = 0.25
"""Seconds between two looks at the flags while a call is under way."""


def run_flag(run_id: str) -> str:
    """Name of the store's flag that ends one run; its value is the reason."""
    return f"{STOP_FLAG}.{run_id}"


def reason_to_stop(store: Store, run_id: str) -> str:
    """Return why the company, or this run alone, stands still; empty when it goes on."""
    found = store.flags.first_of((STOP_FLAG, run_flag(run_id)))
    return found[1] if found else ""


def raise_if_stopped(store: Store, run_id: str) -> None:
    """Raise `Stopped` when a person stopped the company or this run."""
    if reason := reason_to_stop(store, run_id):
        raise Stopped(reason)


class UntilStopped:
    """Cancel what is awaited inside as soon as a person stops the company or the run, and raise `Stopped`.

    What ends before the first look pays for a timer only. What was begun outside stays as it is: who comes after looks
    it up.

    Args:
        store: Where the flags are.
        run_id: The run.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store, self._run = store, run_id
        self._reason = ""

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._timer = task.get_loop().call_later(LOOK, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if not self._reason:
            return
        is_ours = self._task.uncancel() <= self._cancelling
        if is_ours and isinstance(error, asyncio.CancelledError):
            raise Stopped(self._reason) from None

    def _look(self) -> None:
        self._timer = self._task.get_loop().call_later(LOOK, self._look)
        if reason := reason_to_stop(self._store, self._run):
            self._timer.cancel()
            self._reason = reason
            self._task.cancel()
