"""Minds of packages: their models are asked by LangChain's interface, and held to what the house holds."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage

from company.config import Settings
from company.errors import ProviderError, UsageError
from company.llm import Models, ProviderRequest
from company.llm.faults import Fault, inspect
from company.llm.mind import Capabilities, Mind, Usage
from company.llm.providers import Providers
from company.llm.wire import text_of, usage_of
from company.roles import Role
from tests.llm import plugged_models
from tests.wire import Fault as Trouble
from tests.wire import Reply, ToolUse, WireServer
from tests.wire.scripts import fixed

ABLE = Capabilities(context=8_000, max_output=4_000)
DOCS = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
KEY = "cracker-0123456789"
OUR_ID = "trading.playbook[4].do[0]#2"
TALK = [SystemMessage("You lead."), HumanMessage("hi", additional_kwargs={"brief": {"person": "ANNA-IN-DATA"}})]
TICKER = {
    "name": "ticker",
    "description": "Price of a symbol.",
    "parameters": {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
}


def point(factory: str) -> EntryPoint:
    return EntryPoint("acme-kind", f"tests.llm.plugged_models:{factory}", "company.providers")


def mind(factory: str = "named", model: str = "good", *, options: Any = None, **fields: Any) -> Mind:
    settings = Settings.model_validate({"providers": {"acme": {"kind": "acme-kind", **fields}}})
    providers = Providers(settings.providers, lambda _: KEY, {"acme-kind": point(factory)})
    return providers.mind(f"acme:{model}", capabilities=ABLE, options=options or {})


async def heard(mind: Mind, talk: Any = TALK, **asked: Any) -> AIMessageChunk:
    pieces = [piece async for piece in mind.stream(talk, **{"max_output": 500, **asked})]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return whole


async def failed(mind: Mind, **asked: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        await heard(mind, **asked)
    return caught.value


@pytest.fixture(autouse=True)
def _forget() -> None:
    plugged_models.Model.asked.clear()
    plugged_models.Closing.closed.clear()
    plugged_models.REQUESTS.clear()


async def test_an_answer_arrives_whole_counted_and_properly_ended() -> None:
    answer = await heard(mind())

    assert text_of(answer) == "We are well."
    assert usage_of(answer) == Usage(40, 7)
    assert inspect(answer, provider="acme") is None


async def test_what_is_asked_is_words_calls_and_results_and_the_longest_answer() -> None:
    call = {"name": "ticker", "args": {"symbol": "BTC"}, "id": OUR_ID, "type": "tool_call"}
    talk = [*TALK, AIMessage("", tool_calls=[call]), ToolMessage("7", tool_call_id=OUR_ID)]

    await heard(mind(), talk, tools=[TICKER], max_output=9_000)

    (asked,) = plugged_models.Model.asked
    assert [message.type for message in asked["messages"]] == ["system", "human", "ai", "tool"]
    assert "ANNA-IN-DATA" not in str(asked["messages"])
    assert OUR_ID not in str(asked["messages"])
    assert asked["max_tokens"] == ABLE.max_output
    assert asked["tools"] == [{"type": "function", "function": TICKER}]


async def test_a_model_that_does_not_stream_gives_the_same_answer_in_one_piece() -> None:
    answer = await heard(mind(model="whole"))

    assert text_of(answer) == "Let me look."
    assert [(call["name"], call["args"]) for call in answer.tool_call_chunks] == [("ticker", '{"symbol": "BTC"}')]
    assert usage_of(answer) == Usage(40, 7)
    assert inspect(answer, provider="acme") is None


async def test_a_model_that_cannot_be_given_tools_is_a_setting_to_correct() -> None:
    with pytest.raises(UsageError, match="'acme' cannot be given tools") as caught:
        await heard(mind(model="whole"), tools=[TICKER])

    assert 'write `tools = false` in [models.facts."acme:whole"]' in caught.value.cure


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("slow", {"timeout": "1s", "silence": "5s"}, "not over after 1 s"),
        ("mute", {"timeout": "5s", "silence": "1s"}, "nothing came for 1 s"),
        ("clinging", {"timeout": "5s", "silence": "1s"}, "nothing came for 1 s"),
    ],
)
async def test_time_and_silence_of_the_settings_hold_also_for_a_model_that_does_not_let_go(
    model: str, fields: dict[str, str], said: str
) -> None:
    began = time.monotonic()

    fault = await failed(mind(model=model, **fields))

    assert (fault.kind, fault.unaccounted) == ("silent", True)
    assert said in str(fault)
    assert time.monotonic() - began < 3


async def test_who_stops_listening_ends_the_call() -> None:
    async with aclosing(mind(model="mute").stream(TALK, max_output=500)) as pieces:
        assert text_of(await anext(pieces)) == "One moment. "
        before = len(asyncio.all_tasks())

    assert len(asyncio.all_tasks()) == before - 1


def unauthorised() -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/v1")
    return httpx.HTTPStatusError("no", request=request, response=httpx.Response(401, request=request))


@pytest.mark.parametrize(
    ("error", "kind", "retryable", "unaccounted"),
    [
        (RuntimeError("the parrot is dead"), "unexplained", False, True),
        (KeyError("choices"), "unexplained", False, True),
        (SystemExit(3), "unexplained", False, True),
        (ProviderError("the cage is locked"), "unexplained", False, True),
        (ProviderError("the cage is full", retryable=True), "busy", True, False),
        (TimeoutError(), "silent", True, True),
        (ConnectionRefusedError("no"), "network", True, False),
        (unauthorised(), "auth", False, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_an_error_is_what_the_house_knows_it_for_else_unexplained_and_paid_in_full(
    error: BaseException, kind: str, retryable: bool, unaccounted: bool
) -> None:
    plugged_models.RAISED.append(error)

    fault = await failed(mind("raising"))

    assert (fault.kind, fault.retryable, fault.unaccounted) == (kind, retryable, unaccounted)


async def test_an_unexplained_error_is_quoted_without_what_looks_like_a_key_or_a_prompt() -> None:
    text = 'sk-test-0123456789abcdef refused {"messages": [{"content": "what we hold"}]}'
    plugged_models.RAISED.append(RuntimeError(text))

    fault = await failed(mind("raising"))

    assert "acme failed in a way that only its package can explain: “RuntimeError: … refused”" in str(fault)
    assert fault.__context__ is None


async def test_a_model_that_cancels_itself_holds_up_nobody() -> None:
    assert (await failed(mind(model="giving_up"))).kind == "unexplained"


async def test_tokens_that_cannot_be_are_a_broken_answer() -> None:
    fault = await failed(mind(model="counting_down"))

    assert (fault.kind, fault.unaccounted) == ("broken", True)


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("retrying", "'acme' retries by itself"),
        ("nothing", "makes a dict, which is no LangChain chat model"),
        ("broken", "cannot make the model 'good': RuntimeError: no luck with [secret]"),
        ("wanting", "the key [secret] is of another plan"),
        ("no_function", "is no function that makes a chat model"),
        ("absent", "cannot be loaded: AttributeError"),
    ],
)
def test_a_factory_that_makes_nothing_usable_is_refused_without_the_key(factory: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        mind(factory)

    assert said in caught.value.what
    assert "[providers.acme]" in caught.value.where
    assert KEY not in str(caught.value)
    assert caught.value.cure
    assert caught.value.__context__ is None


def test_the_factory_is_told_what_the_settings_say() -> None:
    mind("noting", "m-1", base_url="http://127.0.0.1:1", timeout="9s", max_parallel=2, options={"tone": "dry"})

    request = ProviderRequest("acme", "http://127.0.0.1:1", 9.0, 60.0, 2, {"tone": "dry"})
    (asked,) = plugged_models.REQUESTS
    assert asked == (request, "m-1", KEY)


def test_an_option_that_would_get_past_the_budget_is_refused() -> None:
    with pytest.raises(UsageError, match="options may not set 'max_tokens'"):
        mind(options={"max_tokens": 99_999})


def test_each_event_loop_has_a_chat_model_of_its_own() -> None:
    noted = mind("noting")

    for _ in range(2):
        asyncio.run(heard(noted))
        asyncio.run(heard(noted))

    assert len(plugged_models.REQUESTS) == 4


def test_a_chat_model_is_closed_when_its_loop_ends() -> None:
    closing = mind("closing")

    for _ in range(2):
        asyncio.run(heard(closing))

    assert plugged_models.Closing.closed == [asked["loop"] for asked in plugged_models.Model.asked]


async def test_prompts_go_to_no_tracing_service(monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith import utils

    tracing: list[Any] = []

    async def _looking() -> AsyncIterator[AIMessageChunk]:
        tracing.append(utils.tracing_is_enabled())
        yield AIMessageChunk(content="I see nothing.")

    monkeypatch.setattr(plugged_models, "_looking", _looking, raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    utils.get_env_var.cache_clear()
    try:
        assert utils.tracing_is_enabled()
        await heard(mind(model="looking"))
        assert utils.tracing_is_enabled()
    finally:
        utils.get_env_var.cache_clear()

    assert tracing == [False]


def test_a_kind_that_nobody_brings_is_refused_when_its_model_is_asked_for() -> None:
    settings = Settings.model_validate({"providers": {"acme": {"kind": "acme-kind"}}})

    with pytest.raises(UsageError, match="there is no kind of provider 'acme-kind'"):
        Providers(settings.providers, lambda _: KEY).mind("acme:m", capabilities=ABLE, options={})


def test_a_package_is_imported_only_when_a_model_of_it_is_asked_for() -> None:
    code = """if True:
        import sys
        from importlib.metadata import EntryPoint
        from company.config import Settings
        from company.llm.providers import Providers

        section = {"kind": "acme-kind", "key_env": ""}
        settings = Settings.model_validate({"providers": {"acme": section}})
        kinds = {"acme-kind": EntryPoint("acme-kind", "tests.llm.plugged_models:good", "company.providers")}
        providers = Providers(settings.providers, lambda _: None, kinds)
        print("tests.llm.plugged_models" in sys.modules)
        """

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_a_model_without_a_price_is_refused_before_its_package_is_imported(make_role: Any) -> None:
    role: Role = make_role("playbook: [{report: Hello.}]")
    data = {"models": {"smart": "acme:m"}, "providers": {"acme": {"kind": "acme-kind"}}}
    unknown = EntryPoint("acme-kind", "no_such_module:make", "company.providers")

    models = Models(settings=Settings.model_validate(data), roles={"trader": role}, kinds={"acme-kind": unknown})

    with pytest.raises(UsageError, match="'acme:m' has no known price"):
        models.check()


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Mind]]:
    """The package of docs/models.md, at the address of a server."""
    section = DOCS.partition("\n## A provider from a package\n")[2]
    (tmp_path / "acme_gateway.py").write_text(section.partition("```python\n")[2].partition("```")[0], "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    kinds = {"gateway": EntryPoint("gateway", "acme_gateway:make", "company.providers")}

    def _gateway(url: str) -> Mind:
        settings = Settings.model_validate({"providers": {"ours": {"kind": "gateway", "base_url": f"{url}/v1"}}})
        providers = Providers(settings.providers, lambda _: KEY, kinds)
        return providers.mind("ours:m-large", capabilities=ABLE, options={"temperature": 0.1})

    yield _gateway
    sys.modules.pop("acme_gateway", None)


def test_the_package_of_the_documentation_answers_in_one_event_loop_after_the_other(gateway: Any) -> None:
    use = ToolUse("ticker", {"symbol": "BTC/USDT"})

    with WireServer(fixed(Reply("Let me look.", calls=(use,)), Reply("It is seven."))) as server:
        mind = gateway(server.url)
        first = asyncio.run(heard(mind, tools=[TICKER]))
        second = asyncio.run(heard(mind))

    assert (text_of(first), text_of(second)) == ("Let me look.", "It is seven.")
    assert [call["name"] for call in first.tool_call_chunks] == ["ticker"]
    assert all(inspect(answer, provider="ours") is None for answer in (first, second))
    assert usage_of(second)
    assert [asked.max_output for asked in server.asked] == [500, 500]
    assert [asked.tools for asked in server.asked] == [["ticker"], []]


async def test_errors_of_a_client_that_the_house_knows_are_read_as_those_of_the_built_in_kinds(gateway: Any) -> None:
    with WireServer(fixed(Trouble("auth"), Trouble("rate"))) as server:
        mind = gateway(server.url)
        kinds = [(await failed(mind)).kind for _ in range(2)]

    assert kinds == ["auth", "rate"]
    assert len(server.asked) == 2
