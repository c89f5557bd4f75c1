"""Plays recorded runs again and holds them to the journal."""

import gc
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from company.engine.replay.comparing import Difference, differences
from company.engine.replay.player import Parted
from company.engine.replay.reel import Reel
from company.engine.replay.stage import Stage
from company.home import Company


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of playing a run.

    Attributes:
        run_id: The run.
        events: How many events it wrote then.
        same: How many of them it wrote now, each at its place with the same content.
        decisions: Answers of models and calls of tools that were played.
        differences: Where it is not the run that was.
        changed: Roles, prompts, tools or settings are others than those it was begun with.
        seconds: How long playing it took.
        took: How long it was at work then.
    """

    run_id: str
    events: int
    same: int
    decisions: int
    differences: Sequence[Difference]
    changed: bool
    seconds: float
    took: float


async def replay(company: Company, run_ids: Sequence[str]) -> AsyncIterator[Replayed]:
    """Play runs, one after the other, and yield what came of each.

    Nothing of the company is changed, nothing outside is asked.

    Args:
        company: The opened company.
        run_ids: The runs.

    Raises:
        UsageError: A run cannot be played: it is not there, under way, or was not recorded.
    """
    with _calm_memory(), tempfile.TemporaryDirectory() as directory:
        stage = Stage(company, Path(directory))
        try:
            for run_id in run_ids:
                yield await _played(stage, company, Reel.load(company.store, run_id))
        finally:
            stage.close()


@contextmanager
def _calm_memory() -> Iterator[None]:
    """Spare the garbage collector what was there before: looking through it takes a tenth of the time of a play."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _played(stage: Stage, company: Company, reel: Reel) -> Replayed:
    began, notes = time.perf_counter(), []
    try:
        player = await stage.play(reel)
    except Parted as parted:
        notes.append(str(parted))
    else:
        notes += [f"the run was given {row.kind} {row.key!r} then and did not ask for it" for row in player.unused]
    found = differences(reel.events, stage.produced)
    return Replayed(
        run_id=reel.run.id,
        events=len(reel.events),
        same=len(reel.events) - sum(each.expected is not None for each in found),
        decisions=stage.decisions,
        differences=[*found, *(Difference(None, note=note) for note in notes)],
        changed=reel.run.identity != company.casting.identity(company.casting.of(reel.run)),
        seconds=time.perf_counter() - began,
        took=reel.seconds,
    )
