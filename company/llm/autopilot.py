"""The offline mind: a chat model that follows the roles' own playbooks.

It speaks the interface of every other chat model, tool calls and streaming included, so the same graph, governor and
journal run with it or with a real one. It has no state: each call reads the whole conversation, finds the turn's
opening, walks the steps that belong to it (company/llm/playbook.py) and says what comes next.

A role in an autonomous cycle follows its `playbook`; with a request it follows the nearest of its `handles`. The CEO
plans first, one `delegate` call with all assignments, and answers once the reports are there. What no handle is near to
is not guessed at: it says so, and lists what it can do.
"""

import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr

from company.llm import phrases
from company.llm.missing import Unavailable
from company.llm.playbook import Invocation, Position, walk
from company.llm.routing import Match, Router
from company.llm.talk import Talk, read_talk
from company.roles import DELEGATE, Assignment, Delegate, Plan, Role, Step

_WORDS = re.compile(r"(?:\s*\S+){1,3}\s*|\s+")
_EVERYONE = (Delegate.model_validate({"delegate": "all", "task": "Work by your playbook.", "standing": True}),)


@dataclass(frozen=True, slots=True)
class _Reply:
    text: str = ""
    calls: tuple[Invocation, ...] = ()
    figures: dict[str, str] = field(default_factory=dict)


class Autopilot(BaseChatModel):
    """One role's mind without a model.

    The messages it reads are described in company/llm/talk.py. The last message of a turn carries the report's named
    figures in `additional_kwargs["figures"]`.

    Args:
        role: Whose mind it is.
        roles: Everybody, the CEO first.
        router: Knows the handles of `roles`.
        introduce: It says once in a conversation that no model is at work.
    """

    _role: Role = PrivateAttr()
    _roles: Mapping[str, Role] = PrivateAttr()
    _router: Router = PrivateAttr()
    _introduce: bool = PrivateAttr()

    def __init__(self, *, role: Role, roles: Mapping[str, Role], router: Router, introduce: bool = True) -> None:
        super().__init__()
        self._role, self._roles, self._router, self._introduce = role, roles, router, introduce

    @property
    def _llm_type(self) -> str:
        return "autopilot"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"role": self._role.id}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools; a playbook step whose tool is not offered counts as failed."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def next_calls(self, messages: Sequence[BaseMessage]) -> tuple[Invocation, ...]:
        """Return the calls the procedure makes next, without LangChain's callbacks, which cost ten times as much."""
        return self._reply(read_talk(messages), None).calls

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        reply = self._reply(read_talk(messages), kwargs.get("tools"))
        message = AIMessage(
            content=reply.text,
            tool_calls=[tool_call(name=call.tool, args=call.arguments, id=call.id) for call in reply.calls],
            additional_kwargs=_extra(reply),
            usage_metadata=_usage(messages, reply),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, **kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        reply = self._reply(read_talk(messages), kwargs.get("tools"))
        for words in _WORDS.findall(reply.text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=words))
        last = AIMessageChunk(
            content="",
            tool_call_chunks=[
                tool_call_chunk(name=call.tool, args=json.dumps(call.arguments), id=call.id, index=number)
                for number, call in enumerate(reply.calls)
            ],
            additional_kwargs=_extra(reply),
            usage_metadata=_usage(messages, reply),
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=last)

    def _reply(self, talk: Talk, tools: Sequence[dict[str, Any]] | None) -> _Reply:
        offered = None if tools is None else [tool["function"]["name"] for tool in tools]
        if talk.assignment is None and not self._role.reports_to:
            return self._lead(talk, offered or [])
        return self._work(talk, self._role.tools if offered is None else offered)

    def _work(self, talk: Talk, offered: Sequence[str]) -> _Reply:
        """A role's turn: its playbook, or the handle nearest to its task."""
        names: dict[str, Any] = {"request": talk.request}
        if talk.assignment is None or not talk.assignment.standing:
            known = talk.assignment.slots if talk.assignment else {}
            match = self._router.nearest(talk.request, role=self._role.id, known=known)
            if match is None:
                return _Reply(phrases.cannot(talk.request, [self._role]))
            if match.missing:
                return _Reply(phrases.ask(match))
            return self._follow(talk, match.handle.do, f"{match.path}.do", names | match.slots, offered)
        return self._follow(talk, self._role.playbook, "playbook", names, offered)

    def _follow(
        self, talk: Talk, steps: Sequence[Step], path: str, names: Mapping[str, Any], offered: Sequence[str]
    ) -> _Reply:
        position = self._position(talk, steps, path, names, offered)
        if position.calls:
            return _Reply(calls=position.calls)
        return _Reply(position.text or phrases.nothing_to_do(self._role), figures=position.figures)

    def _lead(self, talk: Talk, offered: Sequence[str]) -> _Reply:
        """The CEO's turn: plan, then answer from the reports."""
        if talk.autonomous:
            return self._command(talk, self._role.playbook or _EVERYONE, "playbook", {}, offered)
        if talk.brief.get("named"):
            return _Reply(phrases.joined(talk.reports or {}, self._roles))
        request, match = self._understood(talk)
        if phrases.is_told(talk.brief, match):
            reply = _Reply(phrases.told(talk.brief))
        elif match is None and talk.brief.get("noted"):
            reply = _Reply(phrases.noted())
        elif match is None:
            reply = _Reply(phrases.cannot(request, self._roles.values()))
        elif match.missing:
            reply = _Reply(phrases.ask(match))
        elif match.role is self._role:
            reply = self._command(talk, match.handle.do, f"{match.path}.do", match.slots, offered)
        else:
            reply = self._hand_over(talk, request, match, offered)
        if reply.calls or not self._introduce or talk.was_said(phrases.NOTICE):
            return reply
        return _Reply(f"{reply.text}\n\n{phrases.NOTICE}", figures=reply.figures)

    def _understood(self, talk: Talk) -> tuple[str, Match | None]:
        """Route the request; words that only complete the request before are read together with it."""
        match = self._router.nearest(talk.request)
        if match is None and talk.asked_before:
            before = self._router.nearest(talk.asked_before)
            if before is not None and before.missing:
                request = f"{talk.asked_before} {talk.request}"
                return request, self._router.nearest(request)
        return talk.request, match

    def _command(
        self, talk: Talk, steps: Sequence[Step], path: str, slots: Mapping[str, Any], offered: Sequence[str]
    ) -> _Reply:
        reports = phrases.readable(talk.reports or {}, self._roles)
        waiting = list(itertools.chain.from_iterable(report["waiting"] for report in (talk.reports or {}).values()))
        names = {
            "request": talk.request,
            "cycle": talk.brief.get("cycle", 0),
            "memories": talk.brief.get("memories", []),
            "team": phrases.team(self._roles),
            "reports": reports,
            "waiting": waiting,
        }
        answering = talk.reports is not None or DELEGATE not in offered
        position = self._position(talk, steps, path, {**names, **slots}, offered, reported=answering)
        if position.calls:
            return _Reply(calls=position.calls)
        if position.assignments and not answering:
            return _planned(f"{self._role.id}.{path}", position.assignments, "the steps of my playbook")
        return _Reply(position.text or phrases.joined(talk.reports or {}, self._roles))

    def _hand_over(self, talk: Talk, request: str, match: Match, offered: Sequence[str]) -> _Reply:
        if talk.reports is not None or DELEGATE not in offered:
            return _Reply(phrases.joined(talk.reports or {}, self._roles))
        slots = {name: str(value) for name, value in match.slots.items() if value is not None}
        expects = "An answer to the request, with the figures of your tools."
        assignment = Assignment(role=match.role.id, task=request, expects=expects, slots=slots)
        note = f"nearest is {match.role.id}: “{match.handle.say[0]}” ({match.similarity:.2f})"
        return _planned(f"{self._role.id}.{match.role.id}.{match.path}", (assignment,), note)

    def _position(
        self,
        talk: Talk,
        steps: Sequence[Step],
        path: str,
        names: Mapping[str, Any],
        offered: Sequence[str],
        *,
        reported: bool = False,
    ) -> Position:
        """Walk the steps; a call whose tool is not offered is answered here: it failed."""
        results = dict(talk.results)
        team = [role.id for role in self._roles.values() if role.playbook and role.id != self._role.id]
        while True:
            position = walk(self._role, steps, path, results=results, names=names, team=team, reported=reported)
            refused = [call for call in position.calls if call.tool not in offered]
            if not refused:
                return position
            results |= {call.id: Unavailable("failed", f"{call.tool} is not offered here") for call in refused}


def _planned(call_id: str, assignments: Sequence[Assignment], note: str) -> _Reply:
    plan = Plan(assignments=tuple(assignments), note=note).model_dump(mode="json")
    return _Reply(calls=(Invocation(call_id, DELEGATE, plan),))


def _extra(reply: _Reply) -> dict[str, Any]:
    return {"figures": reply.figures} if reply.figures else {}


def _usage(messages: Sequence[BaseMessage], reply: _Reply) -> UsageMetadata:
    """Estimate tokens as a quarter of the characters, so that metering has something to count."""
    read = -(-sum(len(message.text) + len(json.dumps(_calls(message))) for message in messages) // 4)
    written = -(-(len(reply.text) + sum(len(json.dumps(call.arguments)) for call in reply.calls)) // 4)
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


def _calls(message: BaseMessage) -> list[Any]:
    return [call["args"] for call in message.tool_calls] if isinstance(message, AIMessage) else []
