"""What happened in a run, as plain data that a person reads when a case failed."""

from dataclasses import dataclass

from pydantic import ConfigDict

from company.events import Json

_EXACT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan: who is asked, and for what."""

    __pydantic_config__ = _EXACT

    role: str
    task: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The governor's verdict on a call.

    Attributes:
        decision: `allow`, `ask` or `deny`.
        rule: Id of the rule that decided.
        reason: Why, in words.
        sources: Whose words the role had read that counted against it.
    """

    __pydantic_config__ = _EXACT

    decision: str
    rule: str
    reason: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of a run.

    Attributes:
        agent: Path of the agent, `ceo/trading`.
        tool: The tool.
        arguments: Its arguments.
        status: `ok`, `retryable`, `denied`, `unknown`, `failed` or `waiting`; empty when it came to nothing.
        verdict: What the governor decided; None when it was not asked.
        result: The result, or the error, as the model read it, cut after some hundred characters.
    """

    __pydantic_config__ = _EXACT

    agent: str
    tool: str
    arguments: Json
    status: str
    verdict: Judged | None
    result: str


@dataclass(frozen=True, slots=True)
class RunStory:
    """What happened in one run of a case.

    Attributes:
        id: The run, `R1`.
        kind: `cycle`, `chat` or `task`.
        status: How it ended.
        person: Who asked; empty in a cycle.
        request: What was asked; empty in a cycle.
        plan: The steps of all its plans, in order.
        calls: Its tool calls in the order they were proposed.
        answer: What the CEO said at the end.
        problems: Why it failed or what was missing.
    """

    __pydantic_config__ = _EXACT

    id: str
    kind: str
    status: str
    person: str
    request: str
    plan: tuple[Step, ...]
    calls: tuple[ToolCall, ...]
    answer: str
    problems: tuple[str, ...] = ()
