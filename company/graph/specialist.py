"""A specialist's loop: think, act, think, ... report.

New work begins with the standing procedure's opening reads, which code runs and hands over as data, so that a model
usually needs one call; a crash repeats them, which reads may be. `think` asks the model once; `act` performs what it
proposed, through the governor. The two are separate super-steps on purpose: the ids of proposed calls are durable
before the first effect, so a crash cannot make a second order under a new id. Reads of one step run side by side,
effects one after the other in the order proposed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from company import events
from company.errors import ProviderError, UsageError
from company.governor import Call, Governor, Outcome, Scope, Thinking, Thought, Tripped, unique
from company.governor.claims import judge
from company.governor.execution import UNDECLARED
from company.graph import messages
from company.graph.handing import acts, stated
from company.graph.prompts import Prompts
from company.graph.proving import grounds_of_work
from company.graph.reminders import told
from company.graph.state import RunContext, Work
from company.home import Company
from company.llm import Mind
from company.roles import SUMMARY_LIMIT, Assignment, Report, Role

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

MAX_STEPS = 25
"""Model calls one assignment may make."""

FAILURES = frozenset({"failed", "unknown", "retryable"})


class Specialist:
    """The nodes of a role's loop.

    Args:
        company: Roles, tools, models, memory and store.
        governor: The door for tool calls.
        thinking: The door for model calls.
        prompts: Assembles what a role reads.
    """

    def __init__(self, *, company: Company, governor: Governor, thinking: Thinking, prompts: Prompts) -> None:
        self._company, self._governor, self._thinking, self._prompts = company, governor, thinking, prompts

    async def think(self, state: Work, runtime: Runtime[RunContext]) -> Command[Any]:
        """Ask the role's model once, of new work after its opening reads; go on to act, or hand in the report."""
        async with runtime.context.places:
            if not state["messages"]:
                state = await self._begin(state, runtime)
                try:
                    self._thinking.refuse_if_held(self._scope(state, runtime))
                    state = await self._open(state, runtime)
                except UsageError as error:
                    return self._hand_in(state, self._scope(state, runtime), "", [str(error)])
            return await self._ask(state, runtime)

    async def act(self, state: Work, runtime: Runtime[RunContext]) -> Command[Any]:
        """Perform the calls of the last thought."""
        last = state["messages"][-1]
        calls = tuple(Call(call["id"], call["name"], call["args"]) for call in last["calls"])
        state = {**state, "messages": state["messages"][:-1]}
        async with runtime.context.places:
            acted = await self._perform(state, runtime, Thought(last["content"], calls))
        return Command(goto=Send("think", acted))

    async def _begin(self, state: Work, runtime: Runtime[RunContext]) -> Work:
        """Put together what the role reads first."""
        scope = self._scope(state, runtime)
        assignment = Assignment.model_validate(state["assignment"])
        memories = await self._company.recall(scope.role, assignment.task, scope.run)
        if acts(scope.role, self._company.registry):  # it can still ask for them with a tool, and is labelled then
            memories = [item for item in memories if not item.tainted]
        self._company.store.journal.append(told(scope, memories))
        talk = [
            messages.system(self._prompts.specialist(self._company.casting.play(scope.role, scope.run))),
            self._prompts.assignment(assignment, memories),
        ]
        taint = unique([*state["taint"], *(label for item in memories for label in item.labels)])
        return {**state, "messages": talk, "taint": list(taint)}

    async def _ask(self, state: Work, runtime: Runtime[RunContext]) -> Command[Any]:
        scope = self._scope(state, runtime)
        if state["steps"] >= MAX_STEPS:
            return self._hand_in(state, scope, "", [f"stopped after {MAX_STEPS} model calls"])
        try:
            thought = await self._thinking.think(
                scope,
                self._minds(scope.role, state),
                state["messages"],
                tools=self._schemas(scope.role),
                message_id=f"{scope.agent}/{runtime.context.attempt}.{state['steps']}",
                debug=True,
            )
        except (Tripped, ProviderError, UsageError) as error:
            return self._hand_in(state, scope, "", [str(error)])
        state = {
            **state,
            "messages": [*state["messages"], messages.ai(thought)],
            "steps": state["steps"] + 1,
            "mind": thought.model,
            "notices": [*state["notices"], *thought.notices],
        }
        if thought.calls:
            return Command(goto=Send("act", state))
        figures = thought.figures or stated(thought.text, scope.role.figures)
        return self._hand_in(state, scope, thought.text, [], figures)

    async def _perform(self, work: Work, runtime: Runtime[RunContext], thought: Thought) -> Work:
        outcomes = await self._outcomes(work, runtime, thought.calls)
        talk = [*work["messages"], messages.ai(thought), *(messages.tool(outcome) for outcome in outcomes)]
        return {
            **work,
            "messages": talk,
            "taint": list(unique([*work["taint"], *_sources(outcomes)])),
            "waiting": [*work["waiting"], *(o.approval for o in outcomes if o.approval)],
            "receipts": [*work["receipts"], *({"tool": o.call.tool, "key": o.receipt} for o in outcomes if o.receipt)],
            "failures": [*work["failures"], *(f"{o.call.tool}: {o.error}" for o in outcomes if _failed(o))],
        }

    async def _outcomes(self, work: Work, runtime: Runtime[RunContext], calls: Sequence[Call]) -> list[Outcome]:
        scope = self._scope(work, runtime)
        reads = [call for call in calls if self._reads(call.tool)]
        outcomes = await asyncio.gather(*(self._governor.perform(scope, call) for call in reads))
        done = {outcome.call.id: outcome for outcome in outcomes}
        taint = unique([*work["taint"], *_sources(outcomes)])
        for call in calls:
            if call.id not in done:
                done[call.id] = await self._governor.perform(replace(scope, taint=taint), call)
        return [done[call.id] for call in calls]

    def _hand_in(
        self,
        work: Work,
        scope: Scope,
        text: str,
        failures: Sequence[str],
        figures: Mapping[str, str] | None = None,
    ) -> Command[Any]:
        failed = [*work["failures"], *failures]
        standing = judge(
            text,
            self._company.registry,
            grounds_of_work(work["messages"], self._company.roles),
            proof=work["assignment"].get("proof", ()),
            unfinished=bool(work["waiting"] or failed),
        )
        report = Report(
            role=scope.role.id,
            path=work["path"],
            task=work["assignment"]["task"],
            status="waiting" if work["waiting"] else "degraded" if failed else "ok",
            completion=standing.completion,
            summary=(text or "; ".join(failed))[:SUMMARY_LIMIT],
            figures=dict(figures or {}),
            receipts=[f"{receipt['tool']} {receipt['key'][:8]}" for receipt in work["receipts"]],
            unproven=standing.unproven,
            waiting=work["waiting"],
            failures=failed,
            tainted=bool(work["taint"]),
            sources=work["taint"],
            informed=work["informed"],
            notices=work["notices"],
        ).model_dump(mode="json")
        self._company.store.journal.append(
            [scope.draft(events.custom("report", report)), scope.draft(events.agent_finished(scope.agent))]
        )
        return Command(update={"reports": [report]}, goto="answer")

    async def _open(self, state: Work, runtime: Runtime[RunContext]) -> Work:
        """Run what the role's procedure begins with, as far as it only reads."""
        procedure = self._company.models.procedure(self._company.roles[state["assignment"]["role"]])
        talk: list[BaseMessage] = []
        for _ in range(MAX_STEPS):
            talk += messages.to_langchain(state["messages"][len(talk) :])
            found = procedure.next_calls(talk)
            calls = tuple(Call(call.id, call.tool, call.arguments) for call in found)
            if not calls or not all(self._reads(call.tool) for call in calls):
                break
            state = await self._perform(state, runtime, Thought("", calls))
        return state

    def _minds(self, role: Role, work: Work) -> tuple[Mind, ...]:
        """Return who may think on: whoever thought last, and what comes after it in the chain.

        The autopilot does not take over work in which a model has proposed an effect: it would follow the playbook from
        the start and do the same once more under ids of its own.
        """
        if work["plain"]:
            return (self._company.models.autopilot(role, stands_in=True),)
        minds = self._company.models.minds(role)
        names = [mind.id for mind in minds]
        first = names.index(work["mind"]) if work["mind"] in names else 0
        acted = any(
            not self._reads(call["name"]) for said in work["messages"] if said["type"] == "ai" for call in said["calls"]
        )
        return (minds[first], *(mind for mind in minds[first + 1 :] if mind.provider or not acted))

    def _reads(self, tool: str) -> bool:
        registry = self._company.registry
        return tool in registry and registry[tool].effect == "read" and not registry[tool].asks

    def _schemas(self, role: Role) -> list[dict[str, Any]]:
        return [self._company.registry[name].schema for name in role.tools]

    def _scope(self, work: Work, runtime: Runtime[RunContext]) -> Scope:
        role = self._company.roles[work["assignment"]["role"]]
        return Scope(
            run=runtime.context.run,
            role=role,
            path=work["path"],
            taint=unique(work["taint"]),
            informed=unique(work["informed"]),
            turn=work["steps"],
        )


def _sources(outcomes: Sequence[Outcome]) -> list[str]:
    return [source for outcome in outcomes for source in outcome.sources]


def _failed(outcome: Outcome) -> bool:
    """Tell whether a call broke; one that a rule denied did not, unless its tool reached beyond its manifest."""
    return outcome.status in FAILURES or outcome.rule.startswith(UNDECLARED)
