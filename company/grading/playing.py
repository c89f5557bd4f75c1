"""Plays what a case says on a company of its own: opens it, does one step after the other, looks at what is left.

Everything goes through the doors that people use: the engine for turns, cycles and decisions, the governor for calls.
A restart closes the company and opens it again on the same home; a killed turn is taken in another process, which ends
by the signal that nobody can catch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from company.engine import Engine
from company.errors import UsageError
from company.governor import Call as ProposedCall
from company.governor import Scope
from company.grading.case import Case
from company.grading.evidence import Evidence, unopened
from company.grading.inspection import collect, holdings_after
from company.grading.judging import opinions
from company.grading.killed import take_turn_and_die
from company.grading.steps import Approve, Call, Calls, Cycles, Reject, Restart, Skip, Step, Ticks, Turn
from company.grading.trades import Holdings
from company.home import Company, CompanyDirectory, open_company
from company.store import Run

Arrange = Callable[[Company], Company]
"""Changes an opened company before it works, such as what its roles think with."""


class Stage:
    """A company that a case is played on.

    Args:
        directory: Its content.
        home: Its state.
        environment: Environment of its process.
        seed: Seed of its world.
        arrange: Changes it each time it is opened.
        engine: What runs it.

    Attributes:
        runs: What it did, in order; a run that a decision moved on stands at the end.
        holdings: What it held after each of them.
        refusals: What a person was told that cannot be done.
    """

    def __init__(
        self,
        directory: CompanyDirectory,
        home: Path,
        environment: Mapping[str, str],
        seed: int,
        arrange: Arrange,
        engine: type[Engine],
    ) -> None:
        self._directory, self._home, self._environment = directory, home, environment
        self._seed, self._arrange, self._engine = seed, arrange, engine
        self.runs: dict[str, Run] = {}
        self.holdings: list[Holdings] = []
        self.refusals: list[str] = []
        self.open()

    def open(self) -> None:
        """Open the company on its home.

        Raises:
            UsageError: A file of the company is wrong.
        """
        self._opened = open_company(self._directory, self._home, environment=self._environment, seed=self._seed)
        try:
            self.company = self._arrange(self._opened)
            self.engine = self._engine(self.company)
        except BaseException:
            self._opened.close()
            raise

    def close(self) -> None:
        """Close the company."""
        try:
            self.engine.close()
        finally:
            self._opened.close()

    async def do(self, step: Step) -> None:
        """Do one step.

        Raises:
            UsageError: A person cannot do this now, such as decide what was decided.
        """
        engine = self.engine
        match step:
            case Turn():
                await (self._killed(step) if step.killed else self._say(step))
            case Cycles():
                async for run in engine.cycles(step.cycles):
                    await self._note(await engine.advance(run.id))
            case Ticks():
                async for woken in engine.ticks(step.ticks):
                    if woken is not None:
                        await self._note(await engine.advance(woken.id))
            case Calls():
                await self._note(await _propose(engine, step.calls))
            case Approve() | Reject():
                approved = isinstance(step, Approve)
                name = step.approve if isinstance(step, Approve) else step.reject
                await self._note((await engine.decide(name, approved=approved, by=step.by))[1])
            case Skip():
                last = self.company.store.runs.last()
                now = self.company.next_time(last.as_of if last else None, step=False)
                self.company.advance_to(now + step.skip)
                await self.company.reconcile()
            case Restart():
                self.close()
                self.open()
                await self._take_up()

    async def evidence(self, case: Case) -> Evidence:
        """Look at what the company left behind, and have it judged where the case wants that."""
        runs = list(self.runs.values())
        replayed = await _played_again(self._opened, runs) if case.wants("replays") else {}
        found = await collect(self.company, runs, self.holdings)
        judged = await opinions(case, self._opened, runs[-1])
        return replace(found, refusals=tuple(self.refusals), replayed=replayed, opinions=judged)

    async def _note(self, run: Run) -> None:
        self.runs.pop(run.id, None)
        self.runs[run.id] = run
        self.holdings.append(await holdings_after(self.company, run))

    async def _say(self, turn: Turn) -> None:
        run = self.engine.start("chat", request=turn.say, person=turn.person, thread_id=turn.thread)
        await self._note(await self.engine.advance(run.id))

    async def _take_up(self) -> None:
        """Finish what an earlier process left, and note what it did that was not noted."""
        await self.engine.sweep()
        for run in reversed(self.company.store.runs.recent(len(self.runs) + 1)):
            if self.runs.get(run.id) != run:
                await self._note(run)

    async def _killed(self, turn: Turn) -> None:
        """Let another process take a turn, which kills itself, and take up what it left."""
        self.close()
        try:
            await take_turn_and_die(turn, self._directory, self._home, self._environment, self._seed)
        finally:
            self.open()
        await self._take_up()


async def play(
    case: Case,
    directory: CompanyDirectory,
    folder: Path,
    environment: Mapping[str, str],
    *,
    arrange: Arrange = lambda company: company,
    engine: type[Engine] = Engine,
) -> Evidence:
    """Do what a case says on a company of its own, and return what it left behind.

    Args:
        case: The case.
        directory: The company it is for; it is never written to.
        folder: An empty folder, which holds the company's state afterwards.
        environment: Says where the list of trusted directories is kept; with the case's own variables, the environment
            of the company.
        arrange: Changes the company each time it is opened, such as what its roles think with.
        engine: What runs it.

    Raises:
        UsageError: The company cannot be opened, or a step cannot be taken.
    """
    home = folder / "home"
    home.mkdir(mode=0o700)
    try:
        made, environment = case.world.made(directory, folder, environment)
        stage = Stage(made, home, environment, case.seed, arrange, engine)
    except UsageError as error:
        if case.wants("refused"):
            return unopened(str(error))
        raise
    try:
        for step in case.script:
            await _done(stage, step, case)
        return await stage.evidence(case)
    finally:
        stage.close()


async def _done(stage: Stage, step: Step, case: Case) -> None:
    """Do a step; what a person is refused ends the case, unless that is what it is about."""
    try:
        await stage.do(step)
    except UsageError as error:
        if not case.wants("refused"):
            raise
        stage.refusals.append(str(error))


async def _played_again(company: Company, runs: Sequence[Run]) -> dict[str, str]:
    """Play the runs that are recorded again, and say how each differs; empty when it does not."""
    from company.engine.replay import replay

    recorded = [run.id for run in runs if run.kind != "task"]
    return {
        played.run_id: str(played.differences[0]) if played.differences else ""
        async for played in replay(company, recorded)
    }


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
