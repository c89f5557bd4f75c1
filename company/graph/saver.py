"""Checkpoints in one SQLite file: strict, fenced, pruned.

LangGraph's async SQLite saver hands every write to a thread, which costs 16 ms CPU a four-role run where writing in
place costs 9, and makes the order of steps depend on thread timing. Checkpoints are small, so this saver writes in
place. A run's fencing token travels in the config; a process that lost the run can no longer write to its thread.
Only plain data is restored: any other type in a checkpoint is refused.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from company.errors import Stopped


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
        self.setup()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that `config` names, or the thread's last."""
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
        return self.put(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what one task produced, unless the run has a newer owner."""
        self._check(config)
        self.put_writes(config, writes, task_id, task_path)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Keep only the newest checkpoint of threads that parked or ended, or with `strategy="delete"` none.

        Raises:
            ValueError: Another strategy.
        """
        if strategy not in {"keep_latest", "delete"}:
            raise ValueError(f"unknown strategy {strategy!r}; choose 'keep_latest' or 'delete'")
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
        self.conn.close()

    def _check(self, config: RunnableConfig) -> None:
        run_id, held = config["configurable"]["thread_id"], config["configurable"]["fence"]
        current = self._token(run_id)
        if held != current:
            raise Stopped(f"run {run_id} was taken over by another process (token {current}, this one has {held})")
