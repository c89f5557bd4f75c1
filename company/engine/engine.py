"""Drives runs: start, advance, resume, sweep, cancel.

The unit of work is `advance(run_id)`: drive the run's thread until it finishes or parks. It may be called again after
any crash. A thread that has a checkpoint is always continued with `ainvoke(None)`, which does nothing on a finished
one; a parked thread is resumed by the id of its interrupt, and only while that interrupt is open. One process owns a
run at a time: a file lock keeps honest processes apart, the fencing token stops one that woke up too late.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeVar, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Durability, GraphOutput, Interrupt
from langsmith.run_helpers import tracing_context

from company import events
from company.engine.ending import end_stopped
from company.engine.enforcement import Report, enforce
from company.engine.locks import Busy, RunLocks
from company.engine.stopping import PAUSE_FLAG, refuse_if_stopped
from company.engine.taped import taped
from company.engine.waking import Reasons, Waking, Woken
from company.engine.workers import Workers
from company.errors import Stopped, UsageError
from company.events import Draft
from company.governor import STOP_FLAG, Allowance, Governor, Thinking, run_flag, tape, tracing
from company.graph import CompanyState, FencedSaver, Graph, RunContext, build
from company.home import Company
from company.store import FINISHED, OVER, Approval, Run, Status
from company.trading import Desk

Kind = Literal["cycle", "chat"]
Begun = TypeVar("Begun")

LOOKS, PAUSE = 100, 0.05
"""How often, and after how many seconds, a decision tries again to wake a run that has only just parked."""


class Engine:
    """Runs a company in this process.

    Args:
        company: The opened company.
    """

    durability: Durability = "sync"
    """A crash at any point loses no step, so no effect is repeated."""

    _governor: type[Governor] = Governor

    def __init__(self, company: Company) -> None:
        self.company, self._store = company, company.store
        self._locks = RunLocks(company.state / "locks")
        self._signing, self._signed = asyncio.Lock(), 0
        self.waking = Waking(company)
        self._saver = self._open_saver()
        self._allowance = Allowance(budgets=self._store.budgets, limits=company.settings.budget)
        self.governor = self._governor(
            store=self._store,
            registry=company.registry,
            mandates=company.settings.mandates,
            allowance=self._allowance,
            clock=company.clock,
            services=company.services,
            approvals=company.settings.approvals,
            progress=company.settings.progress,
            redact=company.redactor.data,
        )
        thinking = Thinking(
            store=self._store,
            allowance=self._allowance,
            clock=company.clock,
            gates=company.models.gate,
            redact=company.redactor.text,
            answer_tokens=company.settings.models.answer_tokens,
            progress=company.settings.progress,
        )
        self._graph: Graph = build(taped(company), governor=self.governor, thinking=thinking, saver=self._saver)

    def _open_saver(self) -> FencedSaver:
        return FencedSaver(self.company.state / "checkpoints.db", token=self._store.runs.token)

    def _tape(self, run: Run, attempt: int) -> tape.Tape:
        """Return what a run's drive takes from outside by, with the number of the attempt on it."""
        recorder = tape.Recorder(self._store, run.id, redact=self.company.redactor.data)
        recorder.keep(tape.BEGUN, "", {"attempt": attempt, "status": run.status})
        return recorder

    def is_driven(self, run_id: str) -> bool:
        """Tell whether some process drives a run now, this one or another."""
        return self._locks.is_held(run_id)

    def catch_up(self) -> None:
        """Bring company time to where another process brought it; a run that is driven here keeps its own."""
        if not self._locks.holding:
            self.company.world.catch_up()

    def close(self) -> None:
        """Close the checkpoint file; the company is closed by who opened it."""
        self._saver.close()

    def limit_spending(self, usd: Decimal) -> None:
        """Let this process spend at most `usd` more on models."""
        self._allowance.limit_spending(usd)

    def reopen(self, run_id: str) -> Run:
        """Make a stopped run one that can be advanced again.

        Raises:
            UsageError: The run ended, or the company is still stopped.
        """
        refuse_if_stopped(self._store)
        run = self._store.runs.get(run_id)
        if run.status in OVER:
            raise UsageError(f"run {run_id} is {run.status}; there is nothing left to do", cure="company run")
        with self._store.transaction():
            self._store.flags.clear(run_flag(run_id))
            return self._store.runs.set_status(run_id, "running") if run.status == "stopped" else run

    async def cancel(self, run_id: str, *, by: str) -> Run:
        """Stop one run, wherever it is driven; what it asked a person for is rejected, `reopen` lets it go on.

        A model that is answering is hung up on, a tool that is at work is cut off; the run is returned as it is then.

        Raises:
            UsageError: The run ended already.
        """
        run = self._store.runs.get(run_id)
        if run.status in FINISHED:
            raise UsageError(f"run {run_id} is {run.status}; there is nothing to stop")
        stop = Stopped(f"{by} stopped the run")
        with self._store.transaction():
            self._store.flags.set(run_flag(run_id), str(stop))
            self._expire()
            for approval in self._store.approvals.for_run(run_id):
                if approval.state == "open":
                    self._note_decision(self._store.approvals.decide(approval.id, False, by, "the run was stopped"))
        try:
            with self._locks.hold(run_id):
                run = self._store.runs.get(run_id)
                return run if run.status in FINISHED else await self._stopped(run, stop)
        except Busy:  # who drives the run sees the flag
            return self._store.runs.get(run_id)

    def start(
        self, kind: Kind, *, request: str = "", person: str = "", thread_id: str = "", woken: Woken | None = None
    ) -> Run:
        """Write the row of a new run; `advance` does the work.

        Args:
            kind: A cycle, or a turn of a conversation.
            request: What a person said.
            person: Who said it.
            thread_id: The conversation.
            woken: Who works in a cycle, when code decided it; its company time is now.

        Raises:
            UsageError: The company was stopped and not started again, or a role has no model that can be asked.
        """
        refuse_if_stopped(self._store)
        models = self.company.models
        if not models.checked and (kind == "cycle" or not models.needs_no_judgement(request)):
            models.check()
        with self._store.transaction():
            last = self._store.runs.last()
            cycle = self._store.runs.last("cycle") if kind == "cycle" else None
            number = (cycle.number if cycle else 0) + 1 if kind == "cycle" else 0
            cast = self.company.casting.choose(thread_id)
            run = self._store.runs.create(
                kind=kind,
                thread_id=thread_id,
                request=self.company.redactor.text(request),
                person=person,
                number=number,
                as_of=self.company.next_time(last.as_of if last else None, step=kind == "cycle" and not woken),
                seed=self.company.seed,
                identity=self.company.casting.identity(cast),
            )
            self._note(run, *opening(run, woken.reasons if woken else None))
            self.company.casting.pin(run, cast)
            if kind == "cycle":
                self.waking.begin(run, woken)
        return run

    async def advance(self, run_id: str) -> Run:
        """Drive a run until it finishes, parks or is stopped; safe to repeat after any crash.

        Raises:
            Busy: Another process drives this run.
            Stopped: Another process took the run over; from then on this one wrote nothing.
        """
        while True:
            with self._locks.hold(run_id):
                run = self._store.runs.get(run_id)
                if run.status not in FINISHED:
                    run = await self._advance(run)
                if run.status in FINISHED:
                    self._locks.forget(run_id)
            if not await self._was_decided(run):
                return run

    async def _was_decided(self, run: Run) -> bool:
        """Tell whether somebody decided about a run while it parked, and found it still held."""
        if run.status != "waiting" or self._store.flags.get(STOP_FLAG):
            return False
        snapshot = await self._graph.aget_state({"configurable": {"thread_id": run.id}})
        return bool(snapshot.interrupts) and self._was_answered(run, snapshot.interrupts)

    def _was_answered(self, run: Run, interrupts: Sequence[Interrupt]) -> bool:
        """Tell whether some of what a parked run asked for is not open any more."""
        waiting = [approval for approval in self._store.approvals.for_run(run.id) if approval.state == "open"]
        return len(waiting) != len(interrupts[0].value["approvals"])

    async def sweep(self) -> list[Run]:
        """Finish what earlier processes left: crashed runs, expired approvals, decisions made elsewhere."""
        left = await self._advance_all(self._store.runs.unfinished())
        return [*left, *await self.wake()]

    async def wake(self) -> list[Run]:
        """Act on decisions that were made elsewhere, and on approvals whose time is over."""
        with self._store.transaction():
            self._expire()
        return await self._advance_all(self._decided())

    async def decide(
        self,
        approval_id: str,
        *,
        approved: bool,
        by: str,
        note: str = "",
        bundle: bool = False,
        shown: Collection[str] = (),
    ) -> tuple[Approval, Run]:
        """Record a person's decision and let the run act on it.

        Args:
            approval_id: The approval; of a bundle, the last one the person was shown.
            approved: Yes or no.
            by: Who decides, a person.
            note: What the person says about it.
            bundle: Decide all open approvals of the bundle up to this one, in one transaction.
            shown: Of those, only the ones the person was shown; all of them when left out.

        Returns:
            The approval, and its run; a yes that is not the last one needed leaves both as they are.

        Raises:
            UsageError: A role decides, or the approval is decided or expired already, or its run ended, or the company
                is stopped.
        """
        refuse_if_stopped(self._store)
        approvals, said = self._store.approvals, self.company.redactor.text(note)
        with self._store.transaction():
            before = {approval.id: len(approval.votes) for approval in approvals.bundle(approval_id)}
            if bundle:
                answered = approvals.decide_bundle(approval_id, approved, by, said, shown=shown)
            else:
                answered = [approvals.decide(approval_id, approved, by, said)]
            for approval in answered:
                self._note_answer(approval, before[approval.id])
        decided = [approval.run_id for approval in answered if approval.state != "open"]
        await self._act_all(decided)
        approval = approvals.get(approval_id)
        return approval, self._store.runs.get(approval.run_id)

    async def _act_all(self, run_ids: Sequence[str]) -> None:
        """Let runs act on what was decided; one that fails does not hold up the others."""
        if len(set(run_ids)) == 1:  # at once: who parked the run would take it up in the meantime
            await self._act(run_ids[0])
            return
        acted = await asyncio.gather(*map(self._act, dict.fromkeys(run_ids)), return_exceptions=True)
        for failed in (result for result in acted if isinstance(result, BaseException)):
            raise failed

    async def _act(self, run_id: str) -> Run:
        """Let a run act on a decision; who parked it may hold it a moment longer, and then acts on it itself."""
        parked = self._store.runs.get(run_id).status == "waiting"
        for _ in range(LOOKS):
            try:
                return await self.advance(run_id)
            except Busy:
                run = self._store.runs.get(run_id)
            if not parked and run.status != "waiting":  # its other roles are at work: who drives it finds the decision
                return run
            await asyncio.sleep(PAUSE)
        return run

    def cycles(self, count: int | None, *, every: float = 0.0) -> AsyncIterator[Run]:
        """Begin cycles one after the other until `count` is reached or a person stops the company.

        Args:
            count: How many cycles; None for no end.
            every: Seconds from the start of one cycle to the start of the next.

        Raises:
            UsageError: The company was stopped before and not started again.
        """

        async def begin() -> Run:
            return self.start("cycle")

        return self._rounds(begin, count, every)

    def ticks(self, count: int | None, *, every: float = 0.0) -> AsyncIterator[Run | None]:
        """Let company time go on step by step, and begin a cycle whenever a role has a reason to work.

        Args:
            count: How many steps; None for no end.
            every: Seconds from the start of one step to the start of the next.

        Returns:
            The cycle that begins with a step, None for a step that concerns nobody.

        Raises:
            UsageError: The company was stopped before and not started again, or a role has no model that can be asked.
        """
        return self._rounds(self._tick, count, every)

    async def _tick(self) -> Run | None:
        self.catch_up()
        last = self._store.runs.last()
        self.company.advance_to(self.company.next_time(last.as_of if last else None, step=True))
        await self.company.reconcile()
        if (woken := await self.waking.decide()) is not None:
            return self.start("cycle", woken=woken)
        if self.waking.rest():
            await self._sign()
        return None

    async def _rounds(
        self, begin: Callable[[], Awaitable[Begun]], count: int | None, every: float
    ) -> AsyncIterator[Begun]:
        refuse_if_stopped(self._store)
        self._store.flags.clear(PAUSE_FLAG)
        done = 0
        while (count is None or done < count) and not self._is_told_to_end():
            began = asyncio.get_running_loop().time()
            yield await begin()
            done += 1
            if count is None or done < count:
                await self._pause(began + every)

    async def _pause(self, until: float) -> None:
        """Wait, but not past a stop."""
        loop = asyncio.get_running_loop()
        while (left := until - loop.time()) > 0 and not self._is_told_to_end():
            await asyncio.sleep(min(left, 0.5))

    def _is_told_to_end(self) -> bool:
        return any(self._store.flags.get(flag) for flag in (PAUSE_FLAG, STOP_FLAG))

    async def _advance(self, run: Run) -> Run:
        if reason := self._store.flags.get(STOP_FLAG):
            return run if run.status == "waiting" else await self._stopped(run, Stopped(reason))
        attempt = self._take(run)
        config: RunnableConfig = {
            "configurable": {"thread_id": run.id, "fence": attempt},
            "recursion_limit": 200,
        }
        self.company.advance_to(run.as_of)
        await self.company.reconcile()
        step = self._first_input(run) if run.status == "created" else await self._next_input(run, config)
        if step is _PARKED and run.status == "waiting":
            return run
        if step is None and run.identity != self.company.casting.identity(self.company.casting.of(run)):
            return await self._refuse_other(run)
        if run.status != "created":
            self._store.runs.set_status(run.id, "running")
        try:
            # nothing goes to LangSmith, whatever is set
            with tape.on(self._tape(run, attempt)), tracing.run(run), tracing_context(enabled=False):
                reached = await self._drive(run, config, step)
        except Stopped as stop:
            if self._store.runs.token(run.id) != attempt:
                raise
            return await self._stopped(run, stop)
        except Exception as error:
            await self._fail(run, error)
            raise
        return await self._finish(run, reached.value, parked=bool(reached.interrupts))

    def _take(self, run: Run) -> int:
        """Become the run's owner, and return the fencing token; a new run begins to run in the same commit."""
        with self._store.transaction():
            attempt = self._store.runs.acquire(run.id)
            self._store.budgets.release_run(run.id)
            if run.status == "created":
                self._store.runs.set_status(run.id, "running")
        return attempt

    async def _drive(self, run: Run, config: RunnableConfig, step: Any) -> GraphOutput[CompanyState]:
        """Drive a run's thread until it ended, or until only a person can move it on."""
        places = asyncio.Semaphore(self.company.settings.run.max_parallel)
        context = RunContext(run, config["configurable"]["fence"], places)
        while step is not _PARKED:
            reached = await self._graph.ainvoke(step, config, context=context, durability=self.durability, version="v2")
            if not reached.interrupts:
                return reached
            step = await self._next_input(run, config)  # somebody may have decided while it parked
        snapshot = await self._graph.aget_state(config)
        return GraphOutput(cast("CompanyState", snapshot.values), snapshot.interrupts)

    def _first_input(self, run: Run) -> CompanyState:
        """Return what the graph of a new run starts with; a run that nobody took before is one."""
        return {"brief": {"woken": self.waking.reasons(run)}}

    async def _next_input(self, run: Run, config: RunnableConfig) -> Any:
        snapshot = await self._graph.aget_state(config)
        if snapshot.created_at is None:
            return self._first_input(run)
        if snapshot.interrupts:
            if not self._was_answered(run, snapshot.interrupts):
                return _PARKED
            return Command(resume={snapshot.interrupts[0].id: True})
        self._note(run, events.custom("run.resumed", {"attempt": config["configurable"]["fence"]}))
        return None

    async def _finish(self, run: Run, state: CompanyState, *, parked: bool) -> Run:
        self._prune(run)
        waiting = [a for a in self._store.approvals.for_run(run.id) if a.state == "open"]
        degraded = state.get("degraded", [])
        status: Status = "waiting" if parked else "degraded" if degraded else "done"
        used = self._store.budgets.used_by_run(run.id)
        outcome = {
            "answer": state.get("answer", ""),
            "degraded": degraded,
            "sources": state.get("sources", []),
            "waiting": [approval.id for approval in waiting],
            "usd": used.usd,
            "tokens": used.tokens,
            "calls": used.calls,
        }
        interrupts = [_interrupt(approval) for approval in waiting]
        with self._store.transaction():
            self._note(run, events.run_finished(run.id, run.thread_id, result=outcome, waiting=interrupts))
            finished = self._reach(run, status, outcome)
        await self._sign()
        return finished

    async def _sign(self) -> None:
        """Sign what the journal holds now; runs that end while a signature waits for the disk share the next one."""
        journal = self._store.journal
        end = journal.last_seq()
        async with self._signing:
            if self._signed < end and (head := await asyncio.to_thread(journal.sign_head)):
                self._signed = head.seq

    def _prune(self, run: Run) -> None:
        """Keep one checkpoint of this run; of runs that ended long ago no checkpoint, no step and no recording."""
        self._saver.prune([run.id])
        kept = self._store.runs.newest(self.company.settings.retention.checkpoints_runs)
        old = [thread for thread in self._saver.threads() if thread not in kept]
        if ended := self._store.runs.finished(old):
            self._saver.prune(ended, strategy="delete")
            self._store.steps.prune(ended)
        self._store.recordings.prune(self._store.runs.newest(self.company.settings.retention.recordings_runs))

    async def _fail(self, run: Run, error: Exception) -> None:
        said = self.company.redactor.text(str(error))
        with self._store.transaction():
            self._note(run, events.run_error(said, type(error).__name__))
            self._reach(run, "failed", {"error": said})
        await self._sign()

    async def _refuse_other(self, run: Run) -> Run:
        """Fail a run that was begun with other roles, prompts, tools or settings; its effects stay in the ledger."""
        error = UsageError(f"run {run.id} was begun with other roles, prompts, tools or settings; start a new one")
        await self._fail(run, error)
        return self._store.runs.get(run.id)

    async def _stopped(self, run: Run, stop: Stopped) -> Run:
        stopped = end_stopped(self._store, run, str(stop))
        await self._sign()
        return stopped

    def _reach(self, run: Run, status: Status, outcome: events.Json) -> Run:
        """Set what came of a run for now; nobody waits any more for one that ended to be stopped."""
        if status in FINISHED:
            self._store.flags.clear(run_flag(run.id))
        self.waking.end(run, worked=status != "failed")
        return self._store.runs.set_status(run.id, status, outcome)

    def workers(self) -> Workers:
        """Look who is at work, before the company is halted."""
        workers = Workers(self._locks)
        workers.look()
        return workers

    async def enforce_stop(self, workers: Workers, *, by: str, reason: str) -> Report:
        """See to it that nothing of the company, which was halted, goes on; the report names who stopped it and why."""
        return await enforce(self._store, workers, self._desk, by=by, reason=reason)

    def _desk(self) -> Desk:
        self.catch_up()
        desk: Desk = self.company.services[Desk]
        return desk

    async def _advance_all(self, runs: Sequence[Run]) -> list[Run]:
        """Advance runs that no other process drives."""
        finished = []
        for run in runs:
            try:
                finished.append(await self.advance(run.id))
            except Busy:
                continue
        return finished

    def _expire(self) -> None:
        """Refuse what nobody answered in time, and pass on what nobody answered for long."""
        now, settings = self.company.wall.now(), self.company.settings.approvals
        for approval in self._store.approvals.expire(now):
            self._note_decision(approval)
        for approval in self._store.approvals.escalate(now, settings.escalate_after):
            value = {"approval": approval.id, "to": list(settings.escalate_to), "waitsSince": approval.asked_at}
            self._note_about(approval, events.custom("approval.escalated", value))

    def _decided(self) -> Sequence[Run]:
        """Parked runs in which a decision waits to be acted on."""
        runs = [self._store.runs.get(run_id) for run_id in self._store.approvals.runs_to_wake()]
        return [run for run in runs if run.status == "waiting"]

    def _note(self, run: Run, *bodies: events.Json) -> None:
        self._store.journal.append([Draft(run.id, run.thread_id, "ceo", "user", body) for body in bodies])

    def _note_answer(self, approval: Approval, voted: int) -> None:
        """Write down what a person said; `voted` had said yes before."""
        for count, vote in enumerate(approval.votes[voted:], voted + 1):
            value = {"by": vote.person, "votes": count, "needed": approval.needed, "note": vote.note}
            self._note_about(approval, events.custom("approval.voted", {"approval": approval.id, **value}))
        if approval.state != "open":
            self._note_decision(approval)

    def _note_decision(self, approval: Approval) -> None:
        value = {"approval": approval.id, "state": approval.state, "by": approval.decided_by, "note": approval.note}
        self._note_about(approval, events.custom("approval.decided", value))

    def _note_about(self, approval: Approval, body: events.Json) -> None:
        self._store.journal.append([Draft(approval.run_id, approval.thread_id, "ceo", "user", body)])


_PARKED = object()


def opening(run: Run, woken: Reasons | None = None) -> list[events.Json]:
    """Return the events every run begins with.

    Args:
        run: The run.
        woken: Why each role was woken, when code decided who works in it.
    """
    bodies = [events.run_started(run.id, run.thread_id), events.custom("world.clock", {"now": run.as_of})]
    if run.request:
        message = f"{run.id}/request"
        bodies += [
            events.text_start(message, "user"),
            events.text_delta(message, run.request),
            events.text_end(message),
        ]
    return [*bodies, events.custom("roles.woken", {"roles": woken})] if woken else bodies


def _interrupt(approval: Approval) -> events.Json:
    """The AG-UI interrupt of an open approval."""
    people = f" (takes {approval.needed} people)" if approval.needed > 1 else ""
    return {
        "id": approval.id,
        "reason": approval.rule,
        "message": f"{approval.role} wants {approval.tool}: {approval.reason}{people}",
        "toolCallId": approval.call_id,
        "expiresAt": approval.expires_at.isoformat(),
    }
