"""Runs cases: each in a home of its own, on virtual time, through the engine that people use; then holds the evidence.

An exception or a time-out is a failure of the case, never a skip. The time-out takes effect where a run waits, so it
ends one that waits too long, not one that computes for ever.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from company.config import load_settings
from company.engine import Engine
from company.errors import UsageError
from company.governor import Call as ProposedCall
from company.governor import Scope
from company.grading.case import Call, Case, Turn
from company.grading.evidence import Evidence, Holdings
from company.grading.inspection import collect, holdings_after
from company.grading.registry import SCORERS
from company.home import CompanyDirectory, open_company
from company.store import Run

_THREAD = "eval"
_RANK = {name: rank for rank, name in enumerate(SCORERS)}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a case.

    Attributes:
        scorer: The scorer that says so; `run` when the case did not come to its end.
        what: What is wrong, in one sentence.
    """

    scorer: str
    what: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a case came to.

    Attributes:
        case: The case.
        faults: What is wrong, end state first; none when it passed.
        seconds: Wall-clock time it took.
    """

    case: Case
    faults: tuple[Fault, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


async def grade(
    cases: Sequence[Case], directory: CompanyDirectory, environment: Mapping[str, str]
) -> AsyncIterator[Result]:
    """Run cases one after the other and yield each result, in the order given.

    Args:
        cases: What to run.
        directory: The company they are run against.
        environment: Says where the list of trusted directories is kept.

    Raises:
        UsageError: The company does not follow virtual time.
    """
    if load_settings(directory.config_file).world.clock != "virtual":
        where = f"{directory.config_file}: world.clock"
        raise UsageError("evals need the virtual clock", where=where, cure='write `clock = "virtual"`')
    for case in cases:
        yield await run_case(case, directory, environment)


async def run_case(case: Case, directory: CompanyDirectory, environment: Mapping[str, str]) -> Result:
    """Run one case in a new home and hold what happened to its scorers."""
    began, limit = time.perf_counter(), asyncio.timeout(case.timeout_seconds)
    try:
        with tempfile.TemporaryDirectory(prefix="company-eval-") as home:
            async with limit:
                faults = judge(case, await _played(case, directory, Path(home), environment))
    except Exception as error:  # noqa: BLE001  # whatever goes wrong is the failure of this case
        late = f"not done after {case.timeout_seconds} s"
        faults = (Fault("run", late if limit.expired() else f"{type(error).__name__}: {error}"),)
    return Result(case, faults, time.perf_counter() - began)


def judge(case: Case, evidence: Evidence) -> tuple[Fault, ...]:
    """Return what is wrong with the evidence, end state first."""
    checks = sorted(case.scorers, key=lambda check: _RANK[check.scorer.name])
    return tuple(
        Fault(check.scorer.name, what) for check in checks for what in check.scorer.judge(evidence, check.wanted)
    )


async def _played(case: Case, directory: CompanyDirectory, home: Path, environment: Mapping[str, str]) -> Evidence:
    company = open_company(directory, home, environment=environment, seed=case.seed)
    try:
        engine = Engine(company)
        try:
            return await _play(case, engine)
        finally:
            engine.close()
    finally:
        company.close()


async def _play(case: Case, engine: Engine) -> Evidence:
    """Do what the case says and collect what it left behind."""
    company, runs, holdings = engine.company, list[Run](), list[Holdings]()

    async def note(run: Run) -> None:
        runs.append(run)
        holdings.append(await holdings_after(company, run))

    async for run in engine.cycles(case.cycles):
        await note(await engine.advance(run.id))
    for turn in case.turns:
        await note(await _say(engine, turn))
    if case.calls:
        await note(await _propose(engine, case.calls))
    return await collect(company, runs, holdings)


async def _say(engine: Engine, turn: Turn) -> Run:
    run = engine.start("chat", request=turn.say, person=turn.person, thread_id=_THREAD)
    return await engine.advance(run.id)


async def _propose(engine: Engine, calls: Sequence[Call]) -> Run:
    """Bring calls to the governor in a run of their own: a single task without a plan."""
    company = engine.company
    last = company.store.runs.last()
    run = company.store.runs.create(
        kind="task",
        thread_id="",
        request="",
        person="",
        number=0,
        as_of=company.next_time(last.as_of if last else None, step=False),
        seed=company.seed,
        identity=company.identity,
    )
    company.advance_to(run.as_of)
    for number, call in enumerate(calls):
        scope = Scope(run, company.roles[call.role], f"{company.chief.id}/{call.role}", call.untrusted)
        await engine.governor.perform(scope, ProposedCall(f"call{number}", call.tool, call.arguments))
    company.store.journal.sign_head()
    return company.store.runs.set_status(run.id, "done")
