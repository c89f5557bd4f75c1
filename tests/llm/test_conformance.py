"""The conformance check, against endpoints scripted in the test: a good one, bad ones, dead ones, and the autopilot."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk

from company.config import ProviderSettings
from company.errors import UsageError
from company.llm.autopilot import Autopilot
from company.llm.conformance import ROOM, SHORT, Finding, conformance, cost
from company.llm.faults import Fault
from company.llm.mind import Capabilities, LocalMind, Prices, Usage
from company.llm.providers import Providers
from company.llm.routing import Router
from tests import wire

ABLE = Capabilities(context=100_000, max_output=50_000, prices=Prices(Decimal(1), Decimal(10)))
PLAN = {"assignments": [{"role": "research", "task": "find news"}, {"role": "trading", "task": "check orders"}]}


def words(*pieces: str, reason: str = "stop", tokens: tuple[int, int] | None = (20, 4)) -> list[AIMessageChunk]:
    """An answer in words, and its end."""
    return [*(AIMessageChunk(content=piece) for piece in pieces), end(reason, tokens)]


def calls(*asked: tuple[str, Any], tokens: tuple[int, int] | None = (60, 12)) -> list[AIMessageChunk]:
    """An answer of calls; arguments that are text are sent as they are."""
    chunks = [
        tool_call_chunk(
            name=name,
            args=arguments if isinstance(arguments, str) else json.dumps(arguments),
            id=f"c{index}",
            index=index,
        )
        for index, (name, arguments) in enumerate(asked)
    ]
    return [AIMessageChunk(content="", tool_call_chunks=chunks), end("tool_calls", tokens)]


def end(reason: str, tokens: tuple[int, int] | None) -> AIMessageChunk:
    usage = None if tokens is None else {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_tokens": 0}
    return AIMessageChunk(content="", response_metadata={"finish_reason": reason}, usage_metadata=usage)


def good(messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], max_output: int) -> list[AIMessageChunk]:
    """An endpoint that does everything."""
    if max_output == SHORT:
        return words("one, two", reason="length", tokens=(15, SHORT))
    return (
        called(str(messages[-1].content), tools[0]["name"])
        if tools and messages[-1].type == "human"
        else said(messages)
    )


def called(question: str, tool: str) -> list[AIMessageChunk]:
    if tool == "delegate":
        return calls(("delegate", PLAN))
    asked = [("get_price", {"symbol": symbol}) for symbol in ("BTC", "ETH") if symbol in question]
    return calls(*asked) if asked else words("hello")


def said(messages: Sequence[BaseMessage]) -> list[AIMessageChunk]:
    if isinstance(messages[-1], ToolMessage):
        return words("It is 48,217.35 dollars.")
    if messages[0].type == "system":
        return words("Pelican.")
    return words("one, ", "two, ", "three")


@dataclass
class Endpoint:
    """A mind behind a script; `instead` answers the check whose question holds the given words."""

    instead: dict[str, Callable[[], list[AIMessageChunk]]] = field(default_factory=dict)
    capabilities: Capabilities = ABLE
    id: str = "acme:one"
    provider: str = "acme"
    asked: list[int] = field(default_factory=list)

    async def stream(
        self, messages: Sequence[BaseMessage], *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> AsyncIterator[AIMessageChunk]:
        self.asked.append(max_output)
        said = " ".join(str(message.content) for message in messages)
        other = next((answer for part, answer in self.instead.items() if part in said), None)
        for chunk in other() if other else good(messages, tools, max_output):
            yield chunk


def failing(error: Exception) -> Callable[[], list[AIMessageChunk]]:
    def answer() -> list[AIMessageChunk]:
        raise error

    return answer


async def check(mind: Any) -> dict[str, Finding]:
    return {finding.id: finding async for finding in conformance(mind)}


async def test_a_good_endpoint_is_found_good_in_everything() -> None:
    found = await check(Endpoint())
    assert [finding.found for finding in found.values() if not finding.ok] == []
    assert list(found) == [
        "answers", "system", "streams", "usage", "tool", "parallel", "no-tool", "result", "schema", "limit",
    ]  # fmt: skip
    assert found["parallel"].found == "get_price(BTC) and get_price(ETH) in one answer"
    assert found["usage"].found == "20 in, 4 out"
    assert found["limit"].found == "stopped after 16 tokens and said so"
    assert found["streams"].found.startswith("3 pieces, the first after ")


async def test_the_cost_is_the_sum_of_what_the_endpoint_reported() -> None:
    found = (await check(Endpoint())).values()
    used = Usage(input=sum(f.usage.input for f in found), output=sum(f.usage.output for f in found))
    assert used.total > 0
    assert cost(found, ABLE.prices) == ABLE.prices.cost(used)
    assert cost(found, None) is None


async def test_tokens_of_the_cache_and_of_thought_are_read() -> None:
    def answer() -> list[AIMessageChunk]:
        usage = {
            "input_tokens": 100, "output_tokens": 30, "total_tokens": 130,
            "input_token_details": {"cache_read": 40, "cache_creation": 0, "ephemeral_5m_input_tokens": 50},
            "output_token_details": {"reasoning": 25},
        }  # fmt: skip
        return [AIMessageChunk(content="hi"), AIMessageChunk(content="", usage_metadata=usage), end("stop", None)]

    found = await check(Endpoint({"PELICAN": answer}))
    assert found["system"].usage == Usage(input=100, output=30, cached=40, cache_written=50, reasoning=25)


async def test_an_answer_has_room_to_think_but_no_more_than_the_model_can_write() -> None:
    roomy, small = Endpoint(), Endpoint(capabilities=replace(ABLE, max_output=500))
    await check(roomy)
    await check(small)
    assert set(roomy.asked) == {ROOM, SHORT}
    assert set(small.asked) == {500, SHORT}


@pytest.mark.parametrize(
    ("question", "answer", "id", "found"),
    [
        ("PELICAN", words("Paris"), "system", "“Paris”"),
        ("PELICAN", words(), "system", "acme answered without words and without calls"),
        ("fifteen", words("one, two, three"), "streams", "1 pieces"),
        ("BTC now? Use", words("About 60,000."), "tool", "no call, but “About 60,000.”"),
        ("BTC now? Use", calls(("get_price", '{"symbol": "BT')), "tool", "arguments that do not fit: get_price("),
        ("BTC now? Use", calls(("get_weather", {})), "tool", "arguments that do not fit: get_weather("),
        ("ETH", calls(("get_price", {"symbol": "BTC"})), "parallel", "get_price(BTC) in one answer"),
        ("word: hello", calls(("get_price", {"symbol": "hello"})), "no-tool", "get_price(HELLO)"),
        ("word: hello", calls(("get_price", "not json")), "no-tool", "arguments that do not fit: "),
        ("48217.35", words("I cannot know that."), "result", "“I cannot know that.”"),
        ("Hand out", calls(("delegate", {"assignments": [{"role": "a"}]})), "schema", "plan.assignments.0.task: "),
        ("Hand out", calls(("delegate", {"assignments": []})), "schema", "a valid plan with 0 assignments"),
        ("Hand out", words("Sure!"), "schema", "no call, but “Sure!”"),
        ("two hundred", words("one to two hundred"), "limit", "ended after 4 tokens and did not say that 16"),
        ("two hundred", words("no", reason="content_filter"), "limit", "acme declined to answer"),
    ],
)
async def test_what_an_endpoint_fails_at_is_found_there_and_nowhere_else(question, answer, id, found) -> None:
    findings = await check(Endpoint({question: lambda: answer}))
    assert [name for name, finding in findings.items() if not finding.ok] == [id]
    assert findings[id].found.startswith(found)


async def test_an_endpoint_without_usage_is_said_to_be_estimated() -> None:
    found = await check(Endpoint({"ready": lambda: words("ready", tokens=None)}))
    assert not found["usage"].ok
    assert found["usage"].found == "reports no tokens; its cost would be an estimate"


async def test_what_is_declared_and_not_found_says_so() -> None:
    found = await check(Endpoint({"ETH": lambda: calls(("get_price", {"symbol": "BTC"}))}))
    assert found["parallel"].declared is True
    assert found["parallel"].found.endswith("; the table says it can")


async def test_what_is_neither_declared_nor_found_is_in_order() -> None:
    without = replace(ABLE, tools=False, parallel_tools=False)
    refusing = Endpoint(capabilities=without)
    refusal = Fault("rejected", "m does not support tools", provider="acme")
    refusing.instead = dict.fromkeys(["Use the tool", "ETH", "word: hello", "48217", "Hand out"], failing(refusal))
    found = await check(refusing)
    assert all(finding.ok for finding in found.values())
    assert found["tool"].found == "acme does not accept the request: “m does not support tools”; as the table says"


async def test_a_failure_of_the_moment_says_nothing_of_what_the_model_can_do() -> None:
    without = Endpoint(capabilities=replace(ABLE, parallel_tools=False))
    without.instead = {"ETH": failing(Fault("busy", provider="acme"))}
    found = await check(without)
    assert not found["parallel"].ok
    assert found["parallel"].found == "acme is overloaded or failing"


async def test_words_of_an_endpoint_cannot_steer_a_terminal() -> None:
    found = await check(Endpoint({"PELICAN": lambda: words("\x1b]0;pwned\x07\x1b[2J", "x" * 500)}))
    assert found["system"].found.isprintable()
    assert len(found["system"].found) < 70


async def test_what_is_found_beyond_the_table_is_named() -> None:
    found = await check(Endpoint(capabilities=replace(ABLE, parallel_tools=False)))
    assert found["parallel"].ok
    assert found["parallel"].found.endswith("; more than the table says")


async def test_an_error_in_one_check_is_a_finding_and_the_next_still_runs() -> None:
    found = await check(Endpoint({"PELICAN": failing(Fault("busy", provider="acme", status=500))}))
    assert [name for name, finding in found.items() if not finding.ok] == ["system"]
    assert found["system"].found == "acme is overloaded or failing (HTTP 500)"


async def test_an_error_of_a_clients_own_shows_its_name_and_never_its_words() -> None:
    found = await check(Endpoint({"PELICAN": failing(RuntimeError("sent sk-very-secret"))}))
    assert found["system"].found == "RuntimeError in the client"


@pytest.mark.parametrize(
    "error",
    [
        *(Fault(kind, provider="acme") for kind in ("auth", "network", "quota", "unknown_model")),
        UsageError("no key for 'acme'", cure="company key set acme"),
        ConnectionRefusedError("nobody listens"),
    ],
    ids=lambda error: getattr(error, "kind", type(error).__name__),
)
async def test_when_nobody_answers_the_rest_is_skipped_and_not_paid_for(error: Exception) -> None:
    endpoint = Endpoint({"": failing(error)})
    found = list((await check(endpoint)).values())
    assert len(endpoint.asked) == 1
    assert len(found) == 10
    assert not any(finding.ok for finding in found)
    assert all(finding.found == "skipped: the first question failed" for finding in found[1:])


async def test_a_first_answer_that_fails_for_a_moment_skips_nothing() -> None:
    endpoint = Endpoint({"": failing(Fault("busy", provider="acme"))})
    await check(endpoint)
    assert len(endpoint.asked) == 10


async def test_a_local_model_that_ignores_tools_is_checked_like_any_other() -> None:
    found = await check(LocalMind(FakeListChatModel(responses=["ready"]), id="script"))
    assert found["answers"].ok
    assert found["streams"].ok, "it streams by the letter"
    assert {name for name, finding in found.items() if not finding.ok} == {
        "system", "usage", "tool", "parallel", "no-tool", "result", "schema", "limit",
    }  # fmt: skip
    assert "NotImplementedError" in found["tool"].found, "it cannot be offered tools"


async def test_the_autopilot_is_reported_as_it_is(make_role) -> None:
    roles = {"ceo": make_role("{}", "ceo", reports_to=""), "trader": make_role("{}")}
    mind = LocalMind(Autopilot(role=roles["ceo"], roles=roles, router=Router(roles)))
    found = await check(mind)
    assert found["answers"].ok
    assert not found["system"].ok, "it follows its playbook, not what it is told"
    assert not found["tool"].ok
    assert not found["limit"].ok
    assert cost(found.values(), mind.capabilities.prices) == 0


def scripted(asked: wire.Asked) -> wire.Reply:
    """The good endpoint once more, for any provider's wire."""
    last = asked.messages[-1]
    if asked.max_output == SHORT:
        return wire.Reply("one, two, three", finish="length")
    if last["role"] == "tool":
        return wire.Reply("It is 48,217.35 dollars.")
    if asked.system:
        return wire.Reply("PELICAN")
    if asked.tools == ["delegate"]:
        return wire.Reply(calls=(wire.ToolUse("delegate", PLAN),))
    symbols = [symbol for symbol in ("BTC", "ETH") if asked.tools and symbol in last["text"]]
    if symbols:
        return wire.Reply(calls=tuple(wire.ToolUse("get_price", {"symbol": symbol}) for symbol in symbols))
    return wire.Reply("one, two, three", pieces=3, pace=0.045)


WIRES = {
    "chat": ("openai", "/v1", {"api": "chat"}),
    "responses": ("openai", "/v1", {"api": "responses"}),
    "anthropic": ("anthropic", "", {}),
    "ollama": ("ollama", "", {}),
}


async def check_over_http(name: str, script: wire.Script) -> tuple[dict[str, Finding], int]:
    """Check a scripted endpoint through the provider's own client; returns what was found and the requests made."""
    kind, path, extra = WIRES[name]
    with wire.WireServer(script) as server:
        settings = ProviderSettings(kind=kind, base_url=f"{server.url}{path}", **extra)
        providers = Providers({"acme": settings}, lambda _: "sk-secret-key-1")
        found = await check(providers.mind("acme:one", capabilities=ABLE, options={}))
        await providers.aclose()
    return found, len(server.asked)


@pytest.mark.parametrize("name", WIRES)
async def test_over_http_a_good_endpoint_is_found_good_in_everything(name: str) -> None:
    found, requests = await check_over_http(name, scripted)
    assert [finding for finding in found.values() if not finding.ok] == []
    assert requests == 10
    assert all(finding.usage.total > 0 for finding in found.values())


@pytest.mark.parametrize("name", WIRES)
async def test_over_http_a_refused_key_skips_the_rest(name: str) -> None:
    found, requests = await check_over_http(name, lambda _: wire.Fault("auth"))
    assert requests == 1
    assert found["answers"].found.startswith("acme refuses the key")
    assert "sk-secret" not in "".join(finding.found for finding in found.values())


@pytest.mark.parametrize("name", WIRES)
async def test_over_http_an_answer_that_breaks_off_is_found_and_the_next_check_runs(name: str) -> None:
    def script(asked: wire.Asked) -> wire.Reply | wire.Fault:
        return wire.Fault("cut") if asked.system else scripted(asked)

    found, requests = await check_over_http(name, script)
    assert [finding.id for finding in found.values() if not finding.ok] == ["system"]
    assert requests == 10
