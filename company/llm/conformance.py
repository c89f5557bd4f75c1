"""What a live endpoint really does, check by check, beside what the table says it can do.

Each check asks one small question through the `Mind` protocol, as the governor would, and looks at the answer. Nothing
is retried and nothing is faked: an endpoint that answers badly once is reported as it answered. A prompt that is too
long is not tried, because a provider may charge for reading it.

The checks do not pass the governor: they belong to no run, so they are in no budget and no journal. Together they ask
ten times for some dozen tokens; `ROOM` bounds what a model that thinks before it answers may spend on each.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import ValidationError

from company.errors import CompanyError, UsageError
from company.events import Json
from company.llm import conversation
from company.llm.faults import Fault, classify, inspect
from company.llm.mind import Capabilities, Mind, Prices, Usage
from company.llm.wire import text_of, usage_of
from company.roles import DELEGATE, Plan

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

ROOM = 1_024
"""Longest answer of a check, in tokens. The answers asked for need a few dozen; some models think at length first."""

SHORT = 16
"""Longest answer of the check that runs into its end; the least that OpenAI's responses API takes."""

_FIGURE = "48217.35"
_HOPELESS = frozenset({"auth", "network", "quota", "unknown_model"})
"""Faults after which every further question would come to the same."""

_PRICE: Json = {
    "name": "get_price",
    "description": "Get the latest price of one asset in US dollars.",
    "parameters": {
        "type": "object",
        "properties": {"symbol": {"type": "string", "description": "Ticker symbol, such as BTC."}},
        "required": ["symbol"],
    },
}
_DELEGATE: Json = {
    "name": DELEGATE,
    "description": "Hand tasks to roles.",
    "parameters": Plan.model_json_schema(),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        id: The check.
        ok: The endpoint did it, or the table says that the model cannot.
        found: What was found, in one line.
        declared: Whether the table says that the model can; None when the table has no word for it.
        elapsed_ms: Time from question to end of answer.
        usage: Tokens the endpoint reported.
    """

    id: str
    ok: bool
    found: str
    declared: bool | None = None
    elapsed_ms: int = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer with what only the stream shows.

    Attributes:
        message: All pieces, added up.
        pieces: Pieces with words.
        first_ms: Milliseconds to the first of these.
        provider: Who gave it.
    """

    message: "AIMessageChunk"
    pieces: int
    first_ms: int
    provider: str

    @property
    def text(self) -> str:
        return text_of(self.message).strip()

    @property
    def fault(self) -> Fault | None:
        return inspect(self.message, provider=self.provider)

    def arguments(self, tool: str) -> list[Json]:
        """Arguments of the calls to `tool` that are JSON objects; read here, for LangChain completes broken JSON."""
        return [
            found
            for call in self.message.tool_call_chunks
            if call["name"] == tool and isinstance(found := _parsed(call["args"]), dict)
        ]


class _Talk:
    """One check's questions to a mind, with the time and the tokens they took."""

    def __init__(self, mind: Mind) -> None:
        self._mind, self._began, self.usage = mind, time.perf_counter(), Usage()

    @property
    def elapsed_ms(self) -> int:
        return round((time.perf_counter() - self._began) * 1000)

    async def ask(self, *messages: Json, tools: Sequence[Json] = (), room: int = ROOM) -> _Answer:
        from langchain_core.messages import AIMessageChunk
        from langchain_core.messages.ai import add_ai_message_chunks

        whole, pieces, first = AIMessageChunk(content=""), 0, 0
        room = min(room, self._mind.capabilities.max_output)
        talk = conversation.to_langchain(messages)
        async for chunk in self._mind.stream(talk, tools=tools, max_output=room):
            said = bool(text_of(chunk))
            pieces += said
            first = first or (self.elapsed_ms if said else 0)
            whole = add_ai_message_chunks(whole, chunk)
            self.usage = usage_of(whole) or Usage()
        return _Answer(whole, pieces, first, self._mind.provider)


_Verdict = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class _Check:
    """A question, and what the table says about its subject."""

    id: str
    run: Callable[[_Talk], Awaitable[_Verdict]]
    declared: Callable[[Capabilities], bool | None]


async def conformance(mind: Mind) -> AsyncIterator[Finding]:
    """Ask an endpoint everything the company needs of it; yields what is found, check by check.

    When the first question fails in a way that would repeat itself (no key, wrong key, no connection, no credit, no
    such model), the other checks are reported as skipped.
    """
    reason = ""
    for check in _CHECKS:
        if reason:
            yield Finding(check.id, False, f"skipped: {reason}", check.declared(mind.capabilities))
            continue
        finding, error = await _run(check, mind)
        yield finding
        if check is _CHECKS[0] and error is not None and _is_hopeless(error):
            reason = "the first question failed"


def cost(findings: Iterable[Finding], prices: Prices | None) -> Decimal | None:
    """Return the dollars of a check; None when the model has no price."""
    return None if prices is None else sum((prices.cost(finding.usage) for finding in findings), Decimal(0))


async def _run(check: _Check, mind: Mind) -> tuple[Finding, Exception | None]:
    talk, failure = _Talk(mind), None
    try:
        worked, found = await check.run(talk)
    except Exception as error:  # noqa: BLE001  an error is what this check found, and the next one still runs
        failure = error if isinstance(error, CompanyError) else classify(error, provider=mind.provider) or error
        worked, found = False, _told(failure)
    declared = check.declared(mind.capabilities)
    ok, note = _compared(worked, declared) if failure is None or _is_rejection(failure) else (False, "")
    return Finding(check.id, ok, f"{found}{note}", declared, talk.elapsed_ms, talk.usage), failure


def _compared(worked: bool, declared: bool | None) -> tuple[bool, str]:
    """Say whether all is well, and how what was found differs from what the table says."""
    if declared is False:
        return True, "; more than the table says" if worked else "; as the table says"
    return worked, "; the table says it can" if declared and not worked else ""


def _told(error: Exception) -> str:
    """An error in one line; a foreign one by its name alone, because its words may quote a request or a key."""
    if isinstance(error, CompanyError):
        return " ".join(str(error).split())
    return f"{type(error).__name__} in the client"


def _is_rejection(error: Exception) -> bool:
    """Tell a provider's word on what it was asked for; every other failure says nothing of what the model can do."""
    return isinstance(error, Fault) and error.kind == "rejected"


def _is_hopeless(error: Exception) -> bool:
    return isinstance(error, UsageError) or (isinstance(error, Fault) and error.kind in _HOPELESS)


async def _answers(talk: _Talk) -> _Verdict:
    answer = await talk.ask(conversation.human("Reply with the one word: ready"))
    return _judged(answer, bool(answer.text), _quoted(answer.text))


async def _obeys(talk: _Talk) -> _Verdict:
    order = conversation.system("Whatever you are asked, reply with the one word PELICAN and nothing else.")
    answer = await talk.ask(order, conversation.human("What is the capital of France?"))
    return _judged(answer, "pelican" in answer.text.lower(), _quoted(answer.text))


async def _streams(talk: _Talk) -> _Verdict:
    answer = await talk.ask(conversation.human("Count from one to fifteen in words, separated by commas."))
    found = f"{answer.pieces} pieces, the first after {answer.first_ms} ms"
    return _judged(answer, answer.pieces > 1, found if answer.pieces else "no words")


async def _reports_usage(talk: _Talk) -> _Verdict:
    await talk.ask(conversation.human("Reply with the one word: ready"))
    used = talk.usage
    if not used.input and not used.output:
        return False, "reports no tokens; its cost would be an estimate"
    thought = f", {used.reasoning} of them thought" if used.reasoning else ""
    return used.input > 0 and used.output > 0, f"{used.input} in, {used.output} out{thought}"


async def _calls_tool(talk: _Talk) -> _Verdict:
    answer = await talk.ask(conversation.human("What is the price of BTC now? Use the tool."), tools=[_PRICE])
    asked = _symbols(answer)
    return _judged(answer, "BTC" in "".join(asked), _named(asked) or _uncalled(answer))


async def _calls_two_tools(talk: _Talk) -> _Verdict:
    words = "Get the prices of BTC and of ETH. Call the tool for both at once, in this one answer."
    answer = await talk.ask(conversation.human(words), tools=[_PRICE])
    asked = _symbols(answer)
    return _judged(answer, len(asked) > 1, f"{_named(asked)} in one answer" if asked else _uncalled(answer))


async def _leaves_tool(talk: _Talk) -> _Verdict:
    answer = await talk.ask(conversation.human("Reply with the one word: hello"), tools=[_PRICE])
    called = bool(answer.message.tool_call_chunks)
    found = (_named(_symbols(answer)) or _uncalled(answer)) if called else _quoted(answer.text)
    return _judged(answer, bool(answer.text) and not called, found)


async def _uses_result(talk: _Talk) -> _Verdict:
    call = {"id": "call_0001", "name": "get_price", "args": {"symbol": "BTC"}}
    result = json.dumps({"symbol": "BTC", "price": _FIGURE})
    answer = await talk.ask(
        conversation.human("What is the price of BTC now? Give the figure to the cent."),
        conversation.ai("", [call]),
        conversation.tool(result, call_id="call_0001", name="get_price"),
        tools=[_PRICE],
    )
    return _judged(answer, _FIGURE in re.sub(r"[\s,_']", "", answer.text), _quoted(answer.text))


async def _fills_schema(talk: _Talk) -> _Verdict:
    words = (
        "Hand out two tasks with the tool: role `research` looks for news on BTC and expects three headlines, "
        "role `trading` checks open orders. Known value for trading: venue = paper."
    )
    answer = await talk.ask(conversation.human(words), tools=[_DELEGATE])
    for arguments in answer.arguments(DELEGATE)[:1]:
        try:
            plan = Plan.model_validate(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            return False, _shown(f"plan.{'.'.join(map(str, first['loc']))}: {first['msg']}")
        return len(plan.assignments) == 2, f"a valid plan with {len(plan.assignments)} assignments"
    return _judged(answer, False, _uncalled(answer))


async def _stops(talk: _Talk) -> _Verdict:
    answer = await talk.ask(conversation.human("Count from one to two hundred in words."), room=SHORT)
    length = f"{talk.usage.output} tokens" if talk.usage.output else f"{len(answer.text)} characters"
    if answer.fault is None:
        return False, f"ended after {length} and did not say that {SHORT} tokens were the end"
    cut = answer.fault.kind == "cut"
    return cut, f"stopped after {length} and said so" if cut else _told(answer.fault)


_CHECKS = (
    _Check("answers", _answers, lambda _: None),
    _Check("system", _obeys, lambda _: None),
    _Check("streams", _streams, lambda can: can.streaming),
    _Check("usage", _reports_usage, lambda _: None),
    _Check("tool", _calls_tool, lambda can: can.tools),
    _Check("parallel", _calls_two_tools, lambda can: can.tools and can.parallel_tools),
    _Check("no-tool", _leaves_tool, lambda can: can.tools),
    _Check("result", _uses_result, lambda can: can.tools),
    _Check("schema", _fills_schema, lambda can: can.tools and can.structured),
    _Check("limit", _stops, lambda _: None),
)


def _judged(answer: _Answer, worked: bool, found: str) -> _Verdict:
    """A verdict on an answer; when it is not what was asked for, its fault explains more than its words."""
    return (worked, found) if worked or answer.fault is None else (False, _told(answer.fault))


def _symbols(answer: _Answer) -> list[str]:
    return [str(arguments["symbol"]).upper() for arguments in answer.arguments("get_price") if "symbol" in arguments]


def _named(symbols: Sequence[str]) -> str:
    return " and ".join(f"get_price({_shown(symbol)})" for symbol in symbols)


def _uncalled(answer: _Answer) -> str:
    """Say what came instead of a usable call."""
    for call in answer.message.tool_call_chunks[:1]:
        return "arguments that do not fit: " + _shown(f"{call['name']}({call['args']})")
    return f"no call, but {_quoted(answer.text)}"


def _quoted(text: str) -> str:
    return f"“{_shown(text)}”"


def _shown(text: str) -> str:
    """A model's words as they may go to a terminal: one line, short, nothing that steers it."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def _parsed(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except json.JSONDecodeError:
        return None
