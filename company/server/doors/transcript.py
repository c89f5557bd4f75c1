"""What a person reads of a run: the CEO's words, what the roles are doing, and what waits for a decision.

Both interfaces of OpenAI and both ways to answer, whole or as a stream, are written from the same pieces. A client of
these interfaces can only be given more text, never have some taken back: words that the company withdraws are followed
by a line that says so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from company.events import Event, Json
from company.store import Approval, Store


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer.

    Attributes:
        kind: Part of the answer, or a line about what a role is doing.
        text: The words, with the white space that joins them to those before.
    """

    kind: Literal["answer", "activity"]
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that models of providers took; what the autopilot estimates about itself does not count.

    Attributes:
        input: Tokens read, cached ones included.
        cached: Of `input`, those the provider had in its cache.
        output: Tokens written, reasoning included.
        reasoning: Of `output`, those that are not part of the answer.
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0

    def plus(self, cost: Json) -> "Usage":
        """Return the sum with the value of a `cost` event."""
        if not cost["provider"]:
            return self
        return Usage(
            self.input + cost["inputTokens"],
            self.cached + cost["cachedTokens"],
            self.output + cost["outputTokens"],
            self.reasoning + cost["reasoningTokens"],
        )


class Transcript:
    """Turns the events of one run into what a person reads.

    Args:
        store: Where approvals are.
        role: Whom the message was for, empty for the CEO.
    """

    def __init__(self, store: Store, role: str = "") -> None:
        self._store, self._role = store, role
        self._asked: list[str] = []
        self._mine: set[str] = set()
        self._said = False
        self.usage = Usage()

    def read(self, event: Event) -> list[Piece]:
        """Return what `event` adds."""
        body = event.body
        match event.type:
            case "TEXT_MESSAGE_START" if event.agent == "ceo" and body["role"] == "assistant":
                self._mine.add(body["messageId"])
                return self._say("", apart=True)
            case "TEXT_MESSAGE_CONTENT" if body["messageId"] in self._mine:
                return self._say(body["delta"])
            case "message.withdrawn" if body["value"]["messageId"] in self._mine:
                return self._say("(The words above do not count: another try follows.)", apart=True)
            case "ACTIVITY_SNAPSHOT":
                self._asked += [step["role"] for step in body["content"]["steps"]]
            case "cost":
                self.usage = self.usage.plus(body["value"])
            case "RUN_FINISHED":
                return [piece for line in self._closing(body) for piece in self._say(line, apart=True)]
        return _activity(event)

    def _say(self, text: str, *, apart: bool = False) -> list[Piece]:
        if apart and self._said:
            text = f"\n\n{text}"
        self._said = self._said or bool(text)
        return [Piece("answer", text)] if text else []

    def _closing(self, body: Json) -> list[str]:
        """What an answer ends with: who was asked instead, and what waits for a person."""
        lines = []
        if self._role and set(self._asked) != {self._role}:
            instead = f"gave it to {', '.join(dict.fromkeys(self._asked))}" if self._asked else "answered alone"
            lines.append(f"(This was for {self._role}; the CEO {instead}.)")
        waiting = [self._store.approvals.get(item["id"]) for item in body["outcome"].get("interrupts", ())]
        return [*lines, *([waits(waiting)] if waiting else [])]


def waits(approvals: Sequence[Approval]) -> str:
    """Say what waits for a person, and how to decide it in words."""
    lines = [
        f"- {asked_for(approval, f'`/approve {approval.id}` or `/reject {approval.id}`')}" for approval in approvals
    ]
    return "\n".join(["Waiting for you:", *lines])


def asked_for(approval: Approval, how: str) -> str:
    """Say in one line what a person is asked, and how it is decided."""
    return (
        f"**{approval.id}** {approval.role} wants `{approval.tool}` with `{_code(approval.arguments)}` "
        f"({_why(approval)}){_besides(approval)}: {how}; if nobody "
        f"answers before {approval.expires_at:%Y-%m-%d %H:%M} UTC: refused"
    )


def _why(approval: Approval) -> str:
    """Why a person is asked, and what would be said, in which a stranger may have written lines that look like ours."""
    reason, _, preview = approval.reason.partition("\n")
    return f"{reason}; it is `{_code(preview)}`" if preview else reason


def _besides(approval: Approval) -> str:
    """What else a person should know before deciding about one call."""
    read = f"it had read {', '.join(approval.sources)}" if approval.sources else ""
    same = f"the same call as {approval.repeats}" if approval.repeats else ""
    return "".join(f"; {part}" for part in (read, same, approval.tally) if part)


def _code(data: Json | str) -> str:
    """Return JSON that stays what it is between backticks; it may hold words of strangers."""
    return json.dumps(data, ensure_ascii=False).replace("`", "\\u0060")


def _activity(event: Event) -> list[Piece]:
    """Return the line about what a role is doing, if `event` says so."""
    if event.visibility != "user" or not event.agent.startswith("ceo/"):
        return []
    role = event.agent.partition("/")[2]
    match event.type:
        case "SUBAGENT_STARTED":
            text = f"{role}: {event.body['description']}"
        case "TOOL_CALL_START":
            text = f"{role}: {event.body['toolCallName']}"
        case "SUBAGENT_FINISHED":
            text = f"{role}: reported"
        case _:
            return []
    return [Piece("activity", f"{text}\n")]
