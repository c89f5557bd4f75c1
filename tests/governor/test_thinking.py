"""The door for model calls: priced, capped, streamed into the journal, and paid for what was used."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolCallChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from company import tool
from company.config import BudgetSettings
from company.errors import ProviderError, Stopped, UsageError
from company.governor import STOP_FLAG, Call, Thinking, Tripped
from company.llm import Capabilities, LocalMind, Prices, Usage, conversation
from company.llm.compaction import estimate_tokens

D = Decimal
PRICES = Prices(D(10), D(30))
"""Ten dollars for a million tokens read, thirty for a million written."""
PROMPT = estimate_tokens([conversation.human("How are we doing, all in all?")])
QUESTION = [conversation.human("How are we doing, all in all?")]
ASKED = [HumanMessage("How are we doing, all in all?")]
SCHEMA = {"name": "look", "description": "Look.", "parameters": {"type": "object", "properties": {}}}


class Scripted(BaseChatModel):
    """A model that streams what a test wrote; an exception in the script is raised when its turn comes."""

    script: Sequence[Any]
    asked: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Any:
        return self.bind(tools=list(tools), **options)

    def _generate(self, *arguments: Any, **options: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.script[0])])

    async def _astream(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> Any:
        self.asked.append({"messages": messages, "tools": options.get("tools", [])})
        for part in self.script:
            if isinstance(part, Exception):
                raise part
            yield ChatGenerationChunk(message=part)


def words(*texts: str) -> list[AIMessageChunk]:
    return [AIMessageChunk(content=text) for text in texts]


def usage(read: int, written: int) -> AIMessageChunk:
    tokens = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return AIMessageChunk(content="", usage_metadata=tokens)


def proposal(name: str, arguments: str, *, id: str | None, index: int = 0) -> AIMessageChunk:
    chunk = ToolCallChunk(name=name, args=arguments, id=id, index=index, type="tool_call_chunk")
    return AIMessageChunk(content="", tool_call_chunks=[chunk])


def no_gates(provider: str) -> Any:
    raise AssertionError(f"a mind in this process has no provider, yet {provider!r} was asked for")


@pytest.fixture
def think(house):
    """Ask a scripted model once."""

    async def asked(*script, model=None, prices=PRICES, allowance=None, **options):
        model = model or Scripted(script=script)
        mind = LocalMind(model, "scripted-1", capabilities=Capabilities(100_000, 8_000, prices=prices))
        thinking = Thinking(
            store=house.store, allowance=allowance or house.allowance(), clock=house.clock, gates=no_gates
        )
        return await thinking.think(house.scope(), [mind], QUESTION, message_id="m1", **options)

    return asked


async def test_the_answer_is_streamed_into_the_journal_and_returned_whole(house, think):
    thought = await think(*words("We are ", "doing ", "well."))

    assert (thought.text, thought.calls) == ("We are doing well.", ())
    assert house.types() == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "cost"]
    assert house.bodies("TEXT_MESSAGE_CONTENT")[0]["delta"] == "We are doing well."


async def test_the_model_gets_the_messages_and_the_tools_it_may_propose(think):
    model = Scripted(script=words("yes"))
    await think(model=model)
    await think(model=model, tools=[SCHEMA])

    assert [asked["tools"] for asked in model.asked] == [[], [SCHEMA]]
    assert model.asked[0]["messages"] == ASKED


async def test_tool_calls_come_out_as_proposals_with_their_ids(think):
    thought = await think(
        *words("Let me look."),
        proposal("look", '{"symbol": ', id="t1"),
        proposal("", '"BTC"}', id=None),
        proposal("note", "{}", id="t2", index=1),
    )

    assert thought.text == "Let me look."
    assert thought.calls == (Call("t1", "look", {"symbol": "BTC"}), Call("t2", "note", {}))


async def test_calls_of_a_provider_without_ids_get_ids_of_their_own(think):
    thought = await think(proposal("look", "{}", id=None), proposal("look", "{}", id=None, index=1))

    assert [call.id for call in thought.calls] == ["m1.0", "m1.1"]


@pytest.mark.parametrize("broken", ['{"quantity": 10', '{"quantity": BTC}', "[1]", "quantity=10"])
async def test_a_call_whose_arguments_break_off_is_refused_by_name_and_neither_lost_nor_completed(house, think, broken):
    @tool(effect="read")
    async def look(quantity: int = 1) -> str:
        """Look.

        Args:
            quantity: How much.
        """
        return "seen"

    thought = await think(proposal("look", broken, id="t1"))
    outcome = await house.governor(look).perform(house.scope("look"), thought.calls[0])

    assert thought.calls == (Call("t1", "look", {"unreadable": broken}),)
    assert (outcome.status, outcome.rule) == ("denied", "arguments.invalid")
    assert "unreadable: " in outcome.error


async def test_a_provider_that_does_not_stream_gives_the_same_thought(house, think):
    call = {"name": "look", "args": {"symbol": "BTC"}, "id": "t1", "type": "tool_call"}
    tokens = UsageMetadata(input_tokens=1200, output_tokens=400, total_tokens=1600)
    whole = AIMessage("Let me look.", tool_calls=[call], usage_metadata=tokens)
    thought = await think(model=Scripted(script=[whole], disable_streaming=True))

    assert (thought.text, thought.calls) == ("Let me look.", (Call("t1", "look", {"symbol": "BTC"}),))
    assert house.bodies("TEXT_MESSAGE_CONTENT")[0]["delta"] == "Let me look."
    assert D(house.bodies("cost")[0]["usd"]) == D("0.024")


async def test_named_figures_of_a_message_are_data(think):
    named = AIMessageChunk(content="Up.", additional_kwargs={"figures": {"equity": "5"}})

    assert (await think(named)).figures == {"equity": "5"}


async def test_the_cost_is_what_the_model_says_it_used(house, think):
    await think(*words("well"), usage(1200, 400))

    cost = house.bodies("cost")[0]
    assert (cost["role"], cost["model"], cost["inputTokens"], cost["outputTokens"]) == (
        "trading",
        "scripted-1",
        1200,
        400,
    )
    assert D(cost["usd"]) == D("0.024") == house.used().usd
    assert house.used().tokens == 1600
    assert house.used().calls == 1
    assert house.store.journal.read(types=["cost"])[0].visibility == "debug"


async def test_without_usage_tokens_are_estimated_four_characters_each(house, think):
    await think(*words("x" * 41))

    cost = house.bodies("cost")[0]
    assert (cost["inputTokens"], cost["outputTokens"]) == (PROMPT, 11)


async def test_the_worst_case_is_the_prompt_and_the_longest_answer(house, think):
    worst = PRICES.cost(Usage(PROMPT, 4_096))
    house.budget = BudgetSettings(run_usd=worst)
    assert (await think(*words("fits"))).text == "fits"

    house.run, house.budget = house.start_run(), BudgetSettings(run_usd=worst - D("0.00001"))
    with pytest.raises(Tripped):
        await think(*words("does not fit"))


async def test_the_tools_a_model_is_offered_are_part_of_its_prompt(house, think):
    await think(*words("yes"))
    await think(*words("yes"), tools=[SCHEMA])

    alone, offered = (cost["inputTokens"] for cost in house.bodies("cost"))
    assert offered - alone >= len(str(SCHEMA)) // 4


@pytest.mark.parametrize("budget", [{"run_usd": D("0.01")}, {"run_tokens": 100}, {"day_usd": D("0.01")}])
async def test_a_call_that_may_not_fit_is_refused_before_the_model_is_asked(house, think, budget):
    house.budget = BudgetSettings(**budget)
    model = Scripted(script=words("too late"))

    with pytest.raises(Tripped):
        await think(model=model)
    assert model.asked == []
    assert house.types() == ["budget.tripped"]
    assert house.used().calls == 0


async def test_the_limit_of_a_command_holds_model_calls_too(house, think):
    allowance, model = house.allowance(), Scripted(script=words("too late"))
    allowance.limit_spending(D("0.01"))

    with pytest.raises(Tripped, match="this command"):
        await think(model=model, allowance=allowance)
    assert model.asked == []


async def test_a_model_without_a_price_is_refused_and_told_how_to_get_one(house, think):
    model = Scripted(script=words("for free?"))

    with pytest.raises(UsageError, match="'scripted-1' has no known price, so its cost cannot be capped") as caught:
        await think(model=model, prices=None)
    assert '[models.facts."scripted-1"]' in caught.value.cure
    assert model.asked == []
    assert house.used().calls == 0


async def test_a_stop_flag_keeps_the_model_from_being_asked(house, think):
    house.store.flags.set(STOP_FLAG, "fire")
    model = Scripted(script=words("too late"))

    with pytest.raises(Stopped, match="fire"):
        await think(model=model)
    assert (model.asked, house.types(), house.used().calls) == ([], [], 0)


async def test_an_answer_that_breaks_off_is_closed_paid_and_leaves_nothing_reserved(house, think):
    with pytest.raises(ProviderError, match="connection lost"):
        await think(*words("x" * 400), ProviderError("connection lost"))

    assert house.types()[-2:] == ["TEXT_MESSAGE_END", "cost"]
    cost = house.bodies("cost")[0]
    assert (cost["inputTokens"], cost["outputTokens"]) == (PROMPT, 100)
    assert house.used().usd == D(cost["usd"]) == PRICES.cost(Usage(PROMPT, 100))
    assert house.store.budgets.release_run(house.run.id) == 0


async def test_working_words_are_for_the_curious_only(house, think):
    await think(*words("hm"), debug=True)

    assert {event.visibility for event in house.store.journal.read()} == {"debug"}
