"""The CEO's decision: a typed plan, or an answer in words.

A plan that does not hold goes back once with what is wrong, then a smaller shape is asked for, then the run is told
(company/llm/ladder.py). Models that hand in one call a role, or write the plan as words, are understood. The words of a
try that came to nothing, and words that are a plan, are no message to a person and are withdrawn.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from company.events import Json
from company.governor import Outcome, Thought
from company.graph import messages
from company.llm import AUTOPILOT
from company.llm.ladder import StructuredFailure, plan_rungs, structured
from company.roles import DELEGATE, Assignment, Plan

Think = Callable[[list[Json], list[Json], int], Awaitable[Thought]]
"""Asks the CEO's model: conversation, tools on offer, number of the try from 1."""

_ADDRESS = re.compile(r"@([\w-]+)[:,]?\s+(\S.*)", re.S)

Withdraw = Callable[[Thought, str], None]
"""Takes back the words of a thought; says why."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the CEO decided.

    Attributes:
        thought: The model's last answer.
        plan: Who does what; None when the words of `thought` are the answer.
        by_code: No model had a part in the plan: code made it from the person's words and the role files, as the
            autopilot does.
    """

    thought: Thought
    plan: Plan | None = None
    by_code: bool = False


def addressed(request: str, roles: Collection[str]) -> Decision | None:
    """Return the plan of a request that names its role, such as `@trading: what do we hold?`; None when it names none.

    Args:
        request: What a person said.
        roles: Ids of the roles work can be given to.
    """
    found = _ADDRESS.fullmatch(request)
    if found is None or found[1] not in roles:
        return None
    assignment = Assignment(role=found[1], task=found[2], expects="An answer to the request.")
    return Decision(Thought(""), Plan(assignments=(assignment,), note="the person named the role"), by_code=True)


def woken(roles: Mapping[str, Sequence[str]]) -> Decision | None:
    """Return the plan of a cycle in which code decided who works; None when it did not.

    Args:
        roles: Why each role was woken, by id; none in a cycle that the CEO plans.
    """
    if not roles:
        return None
    assignments = tuple(
        Assignment(
            role=role,
            task=f"You were woken: {'; '.join(reasons)}. Do your standing work.",
            expects="What you found, and what you did about it.",
            standing=True,
        )
        for role, reasons in roles.items()
    )
    return Decision(Thought(""), Plan(assignments=assignments, note="woken by code"), by_code=True)


async def decide(think: Think, withdraw: Withdraw, talk: list[Json], roles: Mapping[str, Sequence[str]]) -> Decision:
    """Ask the CEO for a plan or an answer.

    Args:
        think: Asks the model once.
        withdraw: Takes back words that were no message.
        talk: The conversation so far.
        roles: Ids of the roles work can be given to, each with the tools by which it can change something.

    Raises:
        StructuredFailure: The model handed in nothing that can be carried out.
    """
    tries: list[Thought] = []

    async def ask(schema: Json, problem: str | None) -> Json | str:
        nonlocal talk
        if problem:
            _take_back(tries[-1], withdraw, problem)
            talk = [*talk, *_sent_back(tries[-1], problem)]
        tries.append(await think(talk, [_delegation(schema)], len(tries) + 1))
        return _merged(tries[-1]) if tries[-1].calls else tries[-1].text

    try:
        plan = await structured(ask, plan_rungs(list(roles), roles), words=lambda _: None)
    except StructuredFailure as failure:
        _take_back(tries[-1], withdraw, str(failure))
        raise
    if plan is not None and not tries[-1].calls:
        _take_back(tries[-1], withdraw, "the words were a plan")
    notices = tuple(dict.fromkeys(notice for thought in tries for notice in thought.notices))
    return Decision(replace(tries[-1], notices=notices), plan, by_code=tries[-1].model == AUTOPILOT)


def _take_back(thought: Thought, withdraw: Withdraw, reason: str) -> None:
    if thought.text:
        withdraw(thought, reason)


def _delegation(schema: Json) -> Json:
    return {
        "name": DELEGATE,
        "description": "Hand tasks to roles that work on them in parallel. Use it only when somebody is needed.",
        "parameters": schema,
    }


def _merged(thought: Thought) -> Json:
    """Read several calls as one plan: some models make one for each role. One that holds no plan speaks for all."""
    given = [call.arguments for call in thought.calls]
    parts = [arguments.get("assignments") for arguments in given]
    for arguments, part in zip(given, parts, strict=True):
        if not isinstance(part, list):
            return arguments
    whole: Json = {name: value for arguments in reversed(given) for name, value in arguments.items()}
    return {**whole, "assignments": [step for part in parts if isinstance(part, list) for step in part]}


def _sent_back(thought: Thought, problem: str) -> list[Json]:
    """Tell the model what is wrong, as the result of its calls or in words."""
    denied = [messages.tool(Outcome(call, "denied", "plan.invalid", error=problem)) for call in thought.calls]
    return [messages.ai(thought), *(denied or [messages.human(problem, note=True)])]
