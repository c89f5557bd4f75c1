"""The CEO's side of a run: plan, answer, reflect, close.

Delegation is a typed plan that the graph executes; coming back to the CEO is structural. `answer` is review and
answer in one model call: the CEO either answers or, while rounds are left, delegates once more. `close` waits for
people: approvals asked in this run are rows, the run parks until they are decided, and then performs exactly what was
approved.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from company import events
from company.errors import Held, ProviderError, UsageError
from company.events import Json
from company.governor import Governor, Scope, Thinking, Thought, Tripped, unique
from company.graph.handing import acts, handed_on
from company.graph.musing import Musing
from company.graph.planning import Decision, addressed, decide, woken
from company.graph.prompts import Prompts
from company.graph.proving import unproven_of, unproven_of_answer
from company.graph.reminders import kept_of, told
from company.graph.state import CompanyState, RunContext, new_work
from company.home import Company
from company.llm import Mind
from company.memory.reflecting import about, asked_about, read
from company.roles import Assignment, Role
from company.store import Approval, Run

BUDGET = 6_000
"""Characters of reports the CEO reads in one round, shared by the siblings."""


class Ceo:
    """The nodes around the specialists.

    Args:
        company: Roles, models, memory and store.
        governor: The door for tool calls; performs what people approved.
        thinking: The door for model calls.
        prompts: Assembles what the CEO reads.
    """

    def __init__(self, *, company: Company, governor: Governor, thinking: Thinking, prompts: Prompts) -> None:
        self._company, self._governor, self._thinking, self._prompts = company, governor, thinking, prompts
        self._role = company.chief
        self._musing = Musing(company=company, thinking=thinking, prompts=prompts)
        self._ending = "reflect" if company.memory else "close"

    async def plan(self, state: CompanyState, runtime: Runtime[RunContext]) -> Command[Any]:
        """Delegate, or answer at once when nobody is needed."""
        called = woken(state["brief"].get("woken", {}))
        begun: CompanyState = {"brief": await self._brief(runtime.context.run), "round": 0, "read": 0}
        state = {**state, **begun}
        begun["sources"] = _sources(state)
        if (by_code := called or self._named(runtime.context.run)) is not None:
            return self._go_on(state, runtime, by_code, begun)
        talk = self._prompts.planning(self._played(runtime), state["brief"])
        try:
            decision = self._screened(await self._decide(state, runtime, talk, "plan"), state, begun["sources"])
        except (Held, Tripped) as error:
            return self._partial({**state, "reports": []}, runtime, error, {**begun, "degraded": []})
        return self._go_on(state, runtime, decision, begun)

    async def answer(self, state: CompanyState, runtime: Runtime[RunContext]) -> Command[Any]:
        """Once the last sibling has reported, accept the reports and answer, or delegate one more round."""
        reports = state["reports"][state["read"] :]
        if len(reports) < len(state["plan"]):
            return Command()  # the others are still at work
        failures = [f"{report['role']}: {text}" for report in reports for text in report["failures"]]
        arrived: CompanyState = {"degraded": failures, "read": len(state["reports"]), "sources": _sources(state)}
        for report in reports:
            self._governor.note_report(self._scope(runtime), report, state["round"])
        rounds_left = state["round"] <= self._company.settings.run.review_rounds
        talk = self._prompts.answering(self._played(runtime), state["brief"], self._readable(state["reports"]))
        try:
            decision = await self._decide(state, runtime, talk, f"answer{state['round']}", delegate=rounds_left)
            decision = self._screened(decision, state, arrived["sources"])
            if decision.plan is not None and not decision.plan.assignments:  # nobody may be told any of it
                decision = await self._decide(state, runtime, talk, f"answer{state['round']}.again", delegate=False)
        except (Tripped, ProviderError, UsageError) as error:
            return self._partial(state, runtime, error, arrived)
        return self._go_on(state, runtime, decision, arrived)

    async def _brief(self, run: Run) -> Json:
        """Gather what the CEO plans from."""
        query = f"{run.person} said: {run.request}" if run.person else f"cycle {run.number}"
        memories = await self._company.recall(self._role, query, run)
        if not run.person:  # a cycle is planned before anything of strangers is read
            memories = [item for item in memories if not item.tainted]
        self._company.store.journal.append(told(Scope(run, self._role, "ceo"), memories))
        asked = asked_about(run.request) if run.person else ()
        quoted = [item.model_dump(mode="json") for item in memories]
        plain = run.kind == "chat" and self._company.models.needs_no_judgement(run.request)
        return {
            "kind": run.kind,
            "request": run.request,
            "person": run.person,
            "cycle": run.number,
            "as_of": run.as_of.isoformat(),
            "conversation": self._company.conversation(run),
            "memories": quoted,
            "asked": list(asked),
            "told": about([item for item in quoted if _is_fact(item)], asked),
            "noted": bool(run.person and read(run.request).statements),
            "plain": plain,
            "named": self._named(run) is not None,
        }

    def _named(self, run: Run) -> Decision | None:
        """Return the plan of a request that a person addressed to a role: no model is asked who shall do it."""
        team = [role.id for role in self._company.roles.values() if role.reports_to]
        return addressed(run.request, team) if run.person else None

    async def reflect(self, state: CompanyState, runtime: Runtime[RunContext]) -> CompanyState:
        """Let every role keep what it did, and the CEO what it was told."""
        run, company = runtime.context.run, self._company
        found = await company.reflect(run, state.get("reports", []), state["answer"])
        for kept in tuple(found):
            scope = replace(self._scope(runtime), role=company.roles[kept.role])
            if proposals := await self._musing.propose(scope, kept, runtime.context.attempt):
                found = [*found, *await company.propose(run, kept.role, proposals)]
        company.store.journal.append(kept_of(self._scope(runtime), found))
        return {}

    async def close(self, state: CompanyState, runtime: Runtime[RunContext]) -> CompanyState:
        """Perform what people approved; park while a decision is missing."""
        approvals, run = self._company.store.approvals, runtime.context.run
        while pending := [each for each in approvals.for_run(run.id) if each.state in {"open", "approved"}]:
            approved = [approval for approval in pending if approval.state == "approved"]
            for approval in approved:
                await self._settle(approval, runtime)
            if not approved:
                interrupt({"approvals": [approval.id for approval in pending]})
        asked = approvals.for_run(run.id)
        self._follow_up(asked, runtime)
        if asked and run.person:
            found = await self._company.keep_decisions(run, asked)
            self._company.store.journal.append(kept_of(self._scope(runtime), found))
        return {"degraded": [f"{each.id}: {each.result.get('error', '')}" for each in asked if _went_wrong(each)]}

    async def _decide(
        self, state: CompanyState, runtime: Runtime[RunContext], talk: list[Json], step: str, *, delegate: bool = True
    ) -> Decision:
        scope, minds = self._scope(runtime), self._minds(state)
        stem = f"{runtime.context.run.id}/ceo/{step}/{runtime.context.attempt}"

        async def think(talk: list[Json], tools: list[Json], number: int) -> Thought:
            return await self._thinking.think(scope, minds, talk, message_id=f"{stem}.{number}", tools=tools)

        def withdraw(thought: Thought, reason: str) -> None:
            value = {"messageId": thought.message_id, "reason": reason}
            self._company.store.journal.append([scope.draft(events.custom("message.withdrawn", value))])

        if not delegate:
            return Decision(await think(talk, [], 1))
        return await decide(think, withdraw, talk, self._team())

    def _team(self) -> dict[str, list[str]]:
        """Return the other roles with the tools by which each can change something."""
        registry, roles = self._company.registry, self._company.roles.values()
        return {
            role.id: [name for name in role.tools if registry[name].effect != "read"]
            for role in roles
            if role.id != self._role.id
        }

    def _minds(self, state: CompanyState) -> tuple[Mind, ...]:
        models = self._company.models
        return (models.autopilot(self._role, stands_in=True),) if state["brief"]["plain"] else models.minds(self._role)

    def _final(
        self, state: CompanyState, runtime: Runtime[RunContext], thought: Thought, learnt: CompanyState
    ) -> Command[Any]:
        """End with the CEO's words, and say aloud what stood in for what and what no receipt shows."""
        reports = state.get("reports", [])
        reported = [notice for report in reports for notice in report["notices"]]
        claimed = unproven_of(reports)
        claimed += unproven_of_answer(self._company, runtime.context.run, thought.text, known=claimed)
        notices = list(dict.fromkeys([*state.get("notices", []), *reported, *thought.notices, *claimed]))
        if not notices:
            return Command(update={**learnt, "answer": thought.text}, goto=self._ending)
        aside = "\n".join(f"({notice})" for notice in notices)
        self._say(runtime, "notice", aside)
        update = {**learnt, "answer": f"{thought.text}\n\n{aside}", "degraded": [*learnt.get("degraded", []), *claimed]}
        return Command(update=update, goto=self._ending)

    def _go_on(
        self, state: CompanyState, runtime: Runtime[RunContext], decision: Decision, learnt: CompanyState
    ) -> Command[Any]:
        """Fan out to the roles of a plan, or end with the CEO's words; keep what was `learnt` before deciding."""
        if decision.plan is None:
            return self._final(state, runtime, decision.thought, learnt)
        assignments = decision.plan.assignments
        paths = _paths([report["path"] for report in state.get("reports", [])], assignments)
        plan = [assignment.model_dump(mode="json") for assignment in assignments]
        scope, round_number = self._scope(runtime), state.get("round", 0) + 1
        steps = [{**step, "path": path} for step, path in zip(plan, paths, strict=True)]
        snapshot = events.plan_snapshot(f"{scope.agent}/plan{round_number}", steps)
        lanes = [Scope(scope.run, self._company.roles[step["role"]], step["path"]) for step in steps]
        started = [
            lane.draft(events.agent_started(lane.agent, lane.role.id, step["task"], scope.agent))
            for lane, step in zip(lanes, steps, strict=True)
        ]
        self._company.store.journal.append([scope.draft(snapshot), *started])
        plain = state["brief"]["plain"]
        sends = [
            Send("think", new_work(path, step, () if self._acts(step["role"]) else learnt["sources"], plain=plain))
            for path, step in zip(paths, plan, strict=True)
        ]
        update = {**learnt, "plan": plan, "round": round_number, "notices": list(decision.thought.notices)}
        return Command(update=update, goto=sends)

    def _screened(self, decision: Decision, state: CompanyState, sources: Sequence[str]) -> Decision:
        """Return the decision without the words of a model that had read strangers', for roles that act."""
        if decision.plan is None or decision.by_code or not sources:
            return decision
        brief, reports = state["brief"], state.get("reports", [])
        said = [message["content"] for message in brief["conversation"] if message["role"] == "user"]
        said = [*said, brief["request"]] if brief["person"] else []
        screened = handed_on(
            decision.plan.assignments, said=said, reports=reports, roles=self._company.roles, acts=self._acts
        )
        return replace(decision, plan=decision.plan.model_copy(update={"assignments": screened}))

    def _acts(self, role: str) -> bool:
        return acts(self._company.roles[role], self._company.registry)

    def _readable(self, reports: Sequence[Json]) -> list[Json]:
        """Cut reports to the CEO's headroom, shared by the siblings."""
        each = BUDGET // max(len(reports), 1)
        return [{**report, "summary": report["summary"][:each]} for report in reports]

    def _partial(
        self, state: CompanyState, runtime: Runtime[RunContext], error: Exception, arrived: CompanyState
    ) -> Command[Any]:
        """Answer by code from what is there when the CEO's model cannot be asked."""
        lines = [f"{report['role']}: {report['summary']}" for report in state["reports"]]
        claimed = unproven_of(state["reports"])
        lines += [f"({line})" for line in claimed]
        text = "\n".join([f"I could not finish this answer ({error}).", *(["What came in:", *lines] if lines else [])])
        self._say(runtime, "partial", text)
        degraded = [*arrived["degraded"], *claimed, str(error)]
        return Command(update={**arrived, "answer": text, "degraded": degraded}, goto=self._ending)

    async def _settle(self, approval: Approval, runtime: Runtime[RunContext]) -> None:
        role = self._company.roles[approval.role]
        scope = Scope(runtime.context.run, role, approval.path, tuple(approval.sources))
        outcome = await self._governor.perform_approved(scope, approval)
        result = {"status": outcome.status, "value": outcome.value, "error": outcome.error}
        self._company.store.approvals.settle(approval.id, result)

    def _follow_up(self, approvals: Sequence[Approval], runtime: Runtime[RunContext]) -> None:
        if approvals:
            self._say(runtime, "follow-up", "\n".join(_decided(approval) for approval in approvals))

    def _say(self, runtime: Runtime[RunContext], name: str, text: str) -> None:
        scope = self._scope(runtime)
        message_id = f"{scope.agent}/{name}/{runtime.context.attempt}"
        bodies = [
            events.text_start(message_id, agent=scope.agent),
            events.text_delta(message_id, text, scope.agent),
            events.text_end(message_id, scope.agent),
        ]
        self._company.store.journal.append([scope.draft(body) for body in bodies])

    def _played(self, runtime: Runtime[RunContext]) -> Role:
        """Return the chief with the persona of this run."""
        return self._company.casting.play(self._role, runtime.context.run)

    def _scope(self, runtime: Runtime[RunContext]) -> Scope:
        return Scope(runtime.context.run, self._role, "ceo")


def _is_fact(memory: Json) -> bool:
    return memory["kind"] in ("semantic", "relationship")


def _sources(state: CompanyState) -> list[str]:
    """Name the documents of strangers that the CEO has read: in the conversation, memories and reports."""
    brief = state["brief"]
    said = [source for message in brief["conversation"] for source in message.get("sources", ())]
    recalled = [f"memory {item['id']}" for item in brief["memories"] if item["tainted"]]
    recalled += [source for item in brief["memories"] for source in item["sources"]]
    reported = [source for report in state.get("reports", []) for source in report["sources"]]
    return list(unique([*said, *recalled, *reported]))


def _paths(taken: Sequence[str], assignments: Sequence[Assignment]) -> list[str]:
    """Name each assignment's lane: `ceo/trading`, and `ceo/trading~2` for a second one in the same run."""
    paths = list(taken)
    for assignment in assignments:
        lane = f"ceo/{assignment.role}"
        count = sum(path.split("~")[0] == lane for path in paths)
        paths.append(lane if not count else f"{lane}~{count + 1}")
    return paths[len(taken) :]


def _went_wrong(approval: Approval) -> bool:
    return approval.state == "done" and approval.result["status"] not in {"ok", "waiting"}


def _decided(approval: Approval) -> str:
    """Say in one line what a person decided and what came of it."""
    what = f"{approval.id} {approval.tool}"
    if approval.state != "done":
        return f"{what}: {approval.state}" + (f" by {approval.people}" if approval.people else "")
    result = approval.result or {}
    return f"{what}: approved by {approval.people}, {result.get('status', 'unknown')}"
