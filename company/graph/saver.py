"""Checkpoints in one SQLite file: strict, fenced, pruned.

LangGraph's async SQLite saver hands every write to a thread, which costs 16 ms CPU a four-role run where writing in
place costs 9, and makes the order of steps depend on thread timing. Checkpoints are small, so this saver writes in
place. A run's fencing token travels in the config; a process that lost the run can no longer write to its thread.
Only plain data is restored: any other type in a checkpoint is refused.

A checkpoint is committed before the next step begins, so it outlives the process, however that dies. The one that
hands proposed calls to `ACT` is also forced onto the disk first, so that their ids outlive a loss of power: an effect
is not sent again under another id. Others may be lost with the power (synchronous=NORMAL, as the store's own commits);
the run then goes on from an earlier step. Forcing all of them takes twelve waits for the disk a run.

What one of several parallel tasks produced is kept apart until all are done, so that a crash does not repeat it. It is
written `LINGER` seconds later, because most often the step's checkpoint, which holds it too, comes first and spares the
write (3 of the 8 ms that saving a four-role run took). Interrupts and errors, which no checkpoint follows, are written
at once.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.serde.types import TASKS
from langgraph.checkpoint.sqlite import SqliteSaver

from company.errors import Stopped

ACT = "act"
"""The graph's node that performs the calls a model proposed."""

LINGER = 0.02
"""Seconds for which a killed process may forget that one of several parallel tasks is done."""

Writes = tuple[RunnableConfig, Sequence[tuple[str, Any]], str, str]


class FencedSaver(SqliteSaver):
    """SQLite checkpoints that only the current owner of a run may write.

    Args:
        path: Database file; created when missing.
        token: Returns the current fencing token of a run.
    """

    def __init__(self, path: Path, *, token: Callable[[str], int]) -> None:
        connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
        super().__init__(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._token = token
        self._waiting: list[Writes] = []
        self._timer: asyncio.TimerHandle | None = None
        self.setup()
        connection.execute("PRAGMA synchronous=NORMAL")

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that `config` names, or the thread's last."""
        self._write_waiting()
        return self.get_tuple(config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield checkpoints, newest first."""
        self._write_waiting()
        for found in self.list(config, filter=filter, before=before, limit=limit):
            yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint, unless the run has a newer owner."""
        self._check(config)
        with self._forced(any(send.node == ACT for send in checkpoint["channel_values"].get(TASKS, ()))):
            written = self.put(config, checkpoint, metadata, new_versions)
        step = _step(config)
        self._waiting = [writes for writes in self._waiting if _step(writes[0]) != step]
        return written

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what one task produced, unless the run has a newer owner or the step's checkpoint comes first."""
        self._waiting.append((config, writes, task_id, task_path))
        if any(channel in WRITES_IDX_MAP for channel, _ in writes):
            self._check(config)
            self._write_waiting()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._write_waiting)

    def threads(self) -> list[str]:
        """Return the runs that have checkpoints."""
        with self.cursor(transaction=False) as cursor:
            return [thread for (thread,) in cursor.execute("SELECT DISTINCT thread_id FROM checkpoints")]

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Keep only the newest checkpoint of threads that parked or ended, or with `strategy="delete"` none.

        Raises:
            ValueError: Another strategy.
        """
        if strategy not in {"keep_latest", "delete"}:
            raise ValueError(f"unknown strategy {strategy!r}; choose 'keep_latest' or 'delete'")
        self._write_waiting()
        kept = "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = :thread" if strategy != "delete" else "''"
        with self.cursor() as cursor:
            for thread in thread_ids:
                for table in ("writes", "checkpoints"):
                    cursor.execute(
                        f"DELETE FROM {table} WHERE thread_id = :thread AND checkpoint_id <> ({kept})",  # noqa: S608
                        {"thread": thread},
                    )

    def close(self) -> None:
        """Close the file."""
        self._write_waiting()
        self.conn.close()

    def _write_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            config, writes, task_id, task_path = self._waiting[0]
            if self._token(config["configurable"]["thread_id"]) == config["configurable"]["fence"]:
                self.put_writes(config, writes, task_id, task_path)
            del self._waiting[0]

    @contextmanager
    def _forced(self, force: bool) -> Iterator[None]:
        """Make the commits inside wait for the disk."""
        if not force:
            yield
            return
        self.conn.execute("PRAGMA synchronous=FULL")
        try:
            yield
        finally:
            self.conn.execute("PRAGMA synchronous=NORMAL")

    def _check(self, config: RunnableConfig) -> None:
        run_id, held = config["configurable"]["thread_id"], config["configurable"]["fence"]
        current = self._token(run_id)
        if held != current:
            raise Stopped(f"run {run_id} was taken over by another process (token {current}, this one has {held})")


def _step(config: RunnableConfig) -> tuple[str, str | None]:
    """The run and the checkpoint that a step began with."""
    return config["configurable"]["thread_id"], config["configurable"].get("checkpoint_id")
