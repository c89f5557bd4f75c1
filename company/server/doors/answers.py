"""What a person reads of a run: the CEO's words, what the roles are doing, and what waits for a decision.

Both interfaces of OpenAI and both ways to answer, whole or as a stream, are written from the same pieces. A client of
these interfaces can only be given more text, never have some taken back: words that the company withdraws are followed
by a line that says so.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from company.engine import Engine
from company.errors import UsageError
from company.events import Event, Json
from company.server.doors.following import run_events
from company.server.doors.openai_errors import OpenAiError
from company.server.driving import Driver
from company.store import Approval, Run, Store


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


class Answer(Protocol):
    """Something that is being answered."""

    @property
    def run(self) -> str:
        """The run that answers, empty when none does."""

    @property
    def usage(self) -> Usage:
        """Tokens so far; complete when the pieces are."""

    def pieces(self) -> AsyncIterator[Piece]:
        """Give the answer as it comes, once.

        Raises:
            OpenAiError: The run failed, was stopped, or the server ends.
        """

    async def abandon(self) -> None:
        """The client went away; work that only it waited for is stopped."""


class Ready:
    """An answer that was there before it was asked for; nothing works on it.

    Args:
        text: The answer.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.usage, self.run = Usage(), ""

    async def pieces(self) -> AsyncIterator[Piece]:
        """Give the answer."""
        yield Piece("answer", self._text)

    async def abandon(self) -> None:
        """Do nothing: nothing is under way."""


class Turn:
    """A run that answers a message.

    Args:
        engine: Runs the company.
        driver: Drives the run, and says when the server ends.
        run: The run.
        person: Who asked; the run is stopped in this name when the client goes away.
        role: Whom the message was for, empty for the CEO.
        after: Number of the last event that does not belong to the answer.
    """

    def __init__(
        self, engine: Engine, driver: Driver, run: Run, *, person: str, role: str = "", after: int = 0
    ) -> None:
        self._engine, self._driver, self._person, self._after = engine, driver, person, after
        self._transcript = Transcript(engine.company.store, role)
        self._ended = False
        self.run = run.id

    @property
    def usage(self) -> Usage:
        """Tokens so far; complete when the pieces are."""
        return self._transcript.usage

    async def pieces(self) -> AsyncIterator[Piece]:
        """Give the answer as it comes, once.

        Raises:
            OpenAiError: The run failed, was stopped, or the server ends.
        """
        store = self._engine.company.store
        last = None
        async for last in run_events(store, self._driver, self.run, after=self._after):
            for piece in self._transcript.read(last):
                yield piece
        self._ended = not self._driver.closing
        _require_good_end(self.run, last)

    async def abandon(self) -> None:
        """Stop the run, unless it ended; when the server ends, it goes on at the next start."""
        if not (self._ended or self._driver.closing):
            with suppress(UsageError):  # it ended in this very moment
                await self._engine.cancel(self.run, by=self._person)


def _require_good_end(run_id: str, last: Event | None) -> None:
    if last is None or last.type not in {"RUN_FINISHED", "RUN_ERROR"}:
        what = f"the server is ending; {run_id} goes on at its next start, ask for it there"
        raise OpenAiError(503, what, final=True)
    if last.type == "RUN_ERROR":
        raise OpenAiError(500, f"{run_id} failed: {last.body['message']}", code="run_failed", final=True)
    if last.body["outcome"]["type"] == "cancelled":
        reason = last.body["result"]["reason"]
        raise OpenAiError(409, f"{run_id} was stopped: {reason}", code="run_stopped", final=True)


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
        f"- **{approval.id}** {approval.role} wants `{approval.tool}` with `{_code(approval.arguments)}` "
        f"({approval.reason}); until "
        f"{approval.expires_at:%Y-%m-%d %H:%M} UTC: `/approve {approval.id}` or `/reject {approval.id}`"
        for approval in approvals
    ]
    return "\n".join(["Waiting for you:", *lines])


def _code(arguments: Json) -> str:
    """Return JSON that stays what it is between backticks; arguments may hold words of strangers."""
    return json.dumps(arguments, ensure_ascii=False).replace("`", "\\u0060")


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
