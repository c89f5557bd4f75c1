"""Forks a recorded run: shares what came before a step, and goes on from there for real, in a throw-away copy.

What is tried out is a run with another model for one role, with a further sentence of the person, or simply once more.
The home is copied first and nothing of it is written. Only the paper world may be wired to it.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from company.engine.engine import Engine, opening
from company.engine.replay.branch import Branch, Shared
from company.engine.replay.copying import contained, copy_home, require_paper
from company.engine.replay.decisions import Row, side_by_side
from company.engine.replay.reel import MOST, Reel
from company.engine.replay.steps import steps
from company.errors import UsageError
from company.governor import tape
from company.home import Company
from company.llm.mind import AbsentMind
from company.store import Approval, Run, Status


@dataclass(frozen=True, slots=True)
class Change:
    """What is other in a fork than in the original.

    Attributes:
        step: Number of the first decision that is taken anew.
        role: Role that is asked of another model; empty for none.
        model: Its model.
        message: What the person says besides.
    """

    step: int
    role: str = ""
    model: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Forked:
    """What came of a fork.

    Attributes:
        run_id: The original.
        step: Number of the first decision that was taken anew.
        steps: How many decisions the original has.
        shared: How many of them the fork shares.
        status: How the fork ended; `waiting` when it asks a person.
        usd: What its own model calls cost.
        rows: All decisions of both, side by side.
    """

    run_id: str
    step: int
    steps: int
    shared: int
    status: Status
    usd: Decimal
    rows: Sequence[Row]

    @property
    def changed(self) -> list[Row]:
        """The decisions that are not the same."""
        return [row for row in self.rows if row.then != row.now]


async def fork(company: Company, run_id: str, change: Change, *, reopen: Callable[[Path], Company]) -> Forked:
    """Fork a run.

    Args:
        company: The company whose run it is; it is only read.
        run_id: The run.
        change: Where it parts, and what is other.
        reopen: Opens the company once more, over another state directory.

    Raises:
        UsageError: The run cannot be played, has no such step, or the change cannot be made; or the company is wired to
            something that is not the paper world.
    """
    require_paper(company.settings.world)
    reel = Reel.load(company.store, run_id)
    total = len(steps(reel))
    if not 1 <= change.step <= total:
        raise UsageError(
            f"run {run_id} has no step {change.step}",
            where="--at",
            cure=f"choose 1 to {total}; company replay {run_id} --steps lists them",
        )
    with tempfile.TemporaryDirectory() as directory:
        copy_home(company.state, Path(directory))
        copy = reopen(Path(directory))
        try:
            return await _forked(_changed(contained(copy), change), reel, change, total)
        finally:
            copy.close()


async def _forked(company: Company, reel: Reel, change: Change, total: int) -> Forked:
    engine = _Fork(company, shared := Shared(reel, change.step))
    try:
        run = await engine.drive(change.message)
        names = engine.names(run.id)
    finally:
        engine.close()
    return Forked(
        run_id=reel.run.id,
        step=change.step,
        steps=total,
        shared=shared.used,
        status=run.status,
        usd=company.store.budgets.used_by_run(run.id).usd,
        rows=side_by_side(reel.events, company.store.journal.read(run_id=run.id, limit=MOST), names),
    )


class _Fork(Engine):
    """The engine of the copy."""

    def __init__(self, company: Company, shared: Shared) -> None:
        super().__init__(company)
        self._shared = shared
        asked = shared.reel.asked.values()
        self._asked_then = {(each.path, each.tool, each.arguments_hash): each for each in asked}

    async def drive(self, message: str) -> Run:
        """Drive a run like the original; people answer the same questions in the same way."""
        run = self._begin(message)
        reached = await self.advance(run.id)
        while reached.status == "waiting" and (answered := self._answered(run.id)):
            asked, decided = answered
            approved = decided.state in {"approved", "done"}
            for person in [vote.person for vote in decided.votes] or [decided.decided_by or ""]:
                _, reached = await self.decide(asked.id, approved=approved, by=person, note=decided.note)
        return reached

    def _begin(self, message: str) -> Run:
        origin = self._shared.reel.run
        request = "\n\n".join(filter(None, [origin.request, self.company.redactor.text(message)]))
        cast = self.company.casting.of(origin)
        with self._store.transaction():
            run = self._store.runs.create(
                kind=origin.kind,
                thread_id=origin.thread_id,
                request=request,
                person=origin.person,
                number=origin.number,
                as_of=origin.as_of,
                seed=origin.seed,
                identity=self.company.casting.identity(cast),
            )
            self._note(run, *opening(run, self.waking.reasons(origin)))
            self.company.casting.pin(run, cast)
        return run

    def names(self, run_id: str) -> dict[str, str]:
        """Return the original's ids of the questions that a run asked too, by the run's own."""
        return {asked.id: known.id for asked in self._store.approvals.for_run(run_id) if (known := self._known(asked))}

    def _answered(self, run_id: str) -> tuple[Approval, Approval] | None:
        """Return an open question that the original asked too, with what a person said there."""
        for asked in self._store.approvals.for_run(run_id):
            known = self._known(asked)
            if asked.state == "open" and known is not None and known.decided_by:
                return asked, known
        return None

    def _known(self, asked: Approval) -> Approval | None:
        return self._asked_then.get((asked.path, asked.tool, asked.arguments_hash))

    def _tape(self, run: Run, attempt: int) -> tape.Tape:
        super()._tape(run, attempt)
        return Branch(self._store, run, self._shared, redact=self.company.redactor.data)


def _changed(company: Company, change: Change) -> Company:
    """Return the company with the model that is to be tried.

    Raises:
        UsageError: There is no such role or model, or its key is missing.
    """
    if not change.role:
        return company
    models = company.models.pinned(change.role, change.model)
    mind = models.minds(company.roles[change.role])[0]
    if isinstance(mind, AbsentMind):
        raise mind.error
    return replace(company, models=models)
