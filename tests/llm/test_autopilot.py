"""The offline mind behind the interface of every chat model."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import Runnable

from company.config import Settings
from company.llm import Models
from company.llm.phrases import NOTICE
from company.roles import Plan, Role

MakeRole = Callable[..., Role]
Play = Callable[..., Any]

CEO = """
reports_to: ""
handles:
  - say: [hello, good morning]
    do: [{answer: Hello.}]
  - say: ["how are we doing?"]
    do:
      - {delegate: trader, task: 'what do we hold?', expects: positions}
      - {answer: "{{ reports.trader.title }} says: {{ reports.trader.summary }} ({{ reports.trader.figures.equity }})"}
  - say: ["what do you remember about me?"]
    do: [{answer: "{{ memories | map(attribute='text') | join('; ') }}"}]
playbook:
  - {delegate: trader, task: "Cycle {{ cycle }}: trade.", standing: true}
  - {delegate: all, task: Work., standing: true}
  - answer: >-
      {{ reports | length }} reports, waiting: {{ waiting | join(', ') }}.
      {{ reports.trader.figures.equity }}, {{ reports.clerk.summary }}
"""
TRADER = """
handles:
  - say: [buy 0.1 BTC, sell 2 ether]
    slots:
      side: {buy: [], sell: []}
      quantity: number
      symbol: {BTC/USDT: [btc, bitcoin], ETH/USDT: [ether]}
    do:
      - {call: place, with: {symbol: "{{ symbol }}", side: "{{ side }}", quantity: "{{ quantity }}"}, as: order}
      - {report: "{{ side }} {{ order.filled }} {{ symbol }}: {{ request }}"}
  - say: ["what do we hold?"]
    do:
      - {call: positions, as: held}
      - {report: "We hold {{ held | join(', ') }}.", figures: {equity: "{{ 12.5 | money }}"}}
playbook:
  - {call: overview, as: market}
  - {call: positions, as: held}
  - for: row in market
    do: [{call: size, with: {symbol: "{{ row.symbol }}", score: "{{ row.score }}"}, as: sized}]
  - {report: "Sized {{ sized | map(attribute='quantity') | join(' and ') }}, hold {{ held | length }}."}
"""
CLERK = "playbook: [{report: Filed.}]"
ANSWERS = {
    "overview": {
        "status": "ok",
        "value": [{"symbol": "BTC/USDT", "score": "0.50"}, {"symbol": "ETH/USDT", "score": 0.25}],
    },
    "positions": {"status": "ok", "value": ["BTC", "ETH"]},
    "size": {"status": "ok", "value": {"quantity": "0.010"}},
    "place": {"status": "ok", "value": {"filled": "0.1"}},
}


@pytest.fixture
def roles(make_role: MakeRole) -> dict[str, Role]:
    return {"ceo": make_role(CEO, "ceo"), "clerk": make_role(CLERK, "clerk"), "trader": make_role(TRADER)}


@pytest.fixture
def mind(roles: dict[str, Role]) -> Callable[..., Runnable[Any, AIMessage]]:
    models = Models(settings=Settings(), roles=roles)

    def bound_to(role: str, *extra: str) -> Runnable[Any, AIMessage]:
        names = [*roles[role].tools, *extra]
        return models.minds(roles[role])[0].model.bind_tools(
            [{"name": n, "description": n, "parameters": {"type": "object", "properties": {}}} for n in names]
        )

    return bound_to


def task(text: str, **more: Any) -> HumanMessage:
    return HumanMessage("Your assignment", additional_kwargs={"assignment": {"role": "trader", "task": text, **more}})


def brief(request: str, **more: Any) -> HumanMessage:
    return HumanMessage(request, additional_kwargs={"brief": {"kind": "chat", "request": request, **more}})


def cycle(number: int) -> HumanMessage:
    return HumanMessage("Run.", additional_kwargs={"brief": {"kind": "cycle", "request": "", "cycle": number}})


def reported(**summaries: str) -> HumanMessage:
    reports = [
        {
            "role": role,
            "status": "ok",
            "summary": text,
            "waiting": ["A1"] if role == "trader" else [],
            "figures": {"equity": "12.50"},
        }
        for role, text in summaries.items()
    ]
    return HumanMessage("Reports", additional_kwargs={"reports": reports})


def answer(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return ANSWERS[name]


def plan_of(message: AIMessage) -> Plan:
    assert [call["name"] for call in message.tool_calls] == ["delegate"]
    return Plan.model_validate(message.tool_calls[0]["args"])


async def test_a_standing_assignment_follows_the_playbook(mind: Any, play: Play) -> None:
    talk = await play(mind("trader"), [SystemMessage("law"), task("trade", standing=True)], answer)

    calls = [[(call["name"], call["args"]) for call in m.tool_calls] for m in talk if isinstance(m, AIMessage)]
    assert calls == [
        [("overview", {}), ("positions", {})],
        [("size", {"symbol": "BTC/USDT", "score": "0.50"}), ("size", {"symbol": "ETH/USDT", "score": "0.25"})],
        [],
    ]
    assert talk[-1].content == "Sized 0.010 and 0.010, hold 2."


async def test_a_request_follows_the_nearest_handle_with_its_slots(mind: Any, play: Play) -> None:
    talk = await play(mind("trader"), [task("please sell 3 ether")], answer)

    assert talk[1].tool_calls[0]["args"] == {"symbol": "ETH/USDT", "side": "sell", "quantity": "3"}
    assert talk[1].tool_calls[0]["id"] == "trader.handles[0].do[0]"
    assert talk[-1].content == "sell 0.1 ETH/USDT: please sell 3 ether"


async def test_slots_of_the_assignment_win(mind: Any) -> None:
    reply = await mind("trader").ainvoke([task("buy 0.1 BTC", slots={"quantity": "7"})])

    assert reply.tool_calls[0]["args"]["quantity"] == "7"


async def test_a_task_no_handle_is_near_to_is_refused_honestly(mind: Any) -> None:
    reply = await mind("trader").ainvoke([task("paint the fence green")])

    assert not reply.tool_calls
    assert reply.content.startswith("I have no procedure for “paint the fence green”.")
    assert "buy 0.1 BTC" in reply.content


async def test_a_missing_slot_is_asked_for(mind: Any) -> None:
    reply = await mind("trader").ainvoke([task("sell ether")])

    assert reply.content == "I need the quantity for that. For example: “buy 0.1 BTC”."


async def test_a_tool_that_is_not_offered_counts_as_failed(mind: Any, roles: dict[str, Role]) -> None:
    model = (
        Models(settings=Settings(), roles=roles)
        .procedure(roles["trader"])
        .bind_tools([{"name": "overview", "description": "x"}])
    )

    first = await model.ainvoke([task("trade", standing=True)])
    done = [
        task("trade", standing=True),
        first,
        ToolMessage(json.dumps({"status": "ok", "value": []}), tool_call_id=first.tool_calls[0]["id"]),
    ]

    assert [call["name"] for call in first.tool_calls] == ["overview"]
    assert "Failed: positions (positions is not offered here)." in (await model.ainvoke(done)).content


async def test_a_failed_result_is_reported_and_never_filled_in(mind: Any, play: Play) -> None:
    def failing(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"status": "failed", "error": "venue is\ndown"} if name == "overview" else ANSWERS[name]

    talk = await play(mind("trader"), [task("trade", standing=True)], failing)

    assert talk[-1].content == ("Sized not done, hold 2.\n\nFailed: overview (venue is down).")


async def test_figures_travel_with_the_last_message(mind: Any, play: Play) -> None:
    talk = await play(mind("trader"), [task("what do we hold?")], answer)

    assert talk[-1].content == "We hold BTC, ETH."
    assert talk[-1].additional_kwargs == {"figures": {"equity": "$12.50"}}


async def test_in_a_cycle_the_ceo_delegates_to_everybody_at_once(mind: Any) -> None:
    plan = plan_of(await mind("ceo", "delegate").ainvoke([SystemMessage("law"), cycle(3)]))

    assert [(a.role, a.task, a.standing) for a in plan.assignments] == [
        ("trader", "Cycle 3: trade.", True),
        ("clerk", "Work.", True),
    ]


async def test_the_ceo_answers_from_the_reports(mind: Any) -> None:
    reply = await mind("ceo", "delegate").ainvoke([cycle(3), reported(trader="Bought.", clerk="Filed.")])

    assert reply.content == "2 reports, waiting: A1. 12.50, Filed."


async def test_a_report_that_did_not_come_is_named_not_invented(mind: Any) -> None:
    reply = await mind("ceo").ainvoke([cycle(3), reported(clerk="Filed.")])

    assert reply.content == "1 reports, waiting: . not done, Filed."


async def test_a_request_for_a_role_is_handed_over_with_its_words_and_slots(mind: Any) -> None:
    plan = plan_of(await mind("ceo", "delegate").ainvoke([brief("buy 0.2 bitcoin please")]))

    assert [(a.role, a.task, a.standing) for a in plan.assignments] == [("trader", "buy 0.2 bitcoin please", False)]
    assert plan.assignments[0].slots == {"side": "buy", "quantity": "0.2", "symbol": "BTC/USDT"}
    assert "trader" in plan.note


async def test_the_words_of_a_request_are_not_read_as_a_template(mind: Any) -> None:
    plan = plan_of(await mind("ceo", "delegate").ainvoke([brief("buy 0.2 bitcoin {{ 7 * 7 }}")]))

    assert plan.assignments[0].task == "buy 0.2 bitcoin {{ 7 * 7 }}"


async def test_the_ceos_own_handle_can_delegate_and_word_the_answer(mind: Any) -> None:
    asked = brief("how are we doing today?")
    plan = plan_of(await mind("ceo", "delegate").ainvoke([asked]))
    reply = await mind("ceo", "delegate").ainvoke([asked, reported(trader="All is well.")])

    assert [(a.role, a.task, a.expects) for a in plan.assignments] == [("trader", "what do we hold?", "positions")]
    assert reply.content == f"Trader says: All is well. (12.50)\n\n{NOTICE}"


async def test_a_greeting_needs_nobody(mind: Any) -> None:
    reply = await mind("ceo", "delegate").ainvoke([brief("hello there")])

    assert not reply.tool_calls
    assert reply.content == f"Hello.\n\n{NOTICE}"


async def test_what_it_is_it_says_once_in_a_conversation(mind: Any) -> None:
    first = await mind("ceo", "delegate").ainvoke([brief("hello")])
    second = await mind("ceo", "delegate").ainvoke([HumanMessage("hello"), first, brief("good morning")])

    assert NOTICE in first.content
    assert second.content == "Hello."


async def test_what_is_nobodys_business_gets_the_list_of_what_can_be_asked(mind: Any) -> None:
    reply = await mind("ceo", "delegate").ainvoke([brief("what is 17 times 23?")])

    assert "I have no procedure" in reply.content
    assert "- Trader: “buy 0.1 BTC”" in reply.content


async def test_an_answer_to_a_question_back_completes_the_request(mind: Any) -> None:
    model = mind("ceo", "delegate")
    question = await model.ainvoke([brief("sell ether")])
    plan = plan_of(await model.ainvoke([HumanMessage("sell ether"), question, brief("1.5")]))

    assert question.content.startswith("I need the quantity")
    assert plan.assignments[0].slots == {"side": "sell", "quantity": "1.5", "symbol": "ETH/USDT"}


async def test_memories_of_the_brief_are_quoted(mind: Any) -> None:
    reply = await mind("ceo").ainvoke([brief("what do you remember about me?", memories=[{"text": "likes tea"}])])

    assert reply.content.startswith("likes tea")


async def test_results_of_an_earlier_turn_do_not_count(mind: Any, play: Play) -> None:
    talk = await play(mind("trader"), [task("what do we hold?")], answer)

    reply = await mind("trader").ainvoke([*talk, task("what do we hold?")])

    assert [call["name"] for call in reply.tool_calls] == ["positions"]


@pytest.mark.parametrize("opening", [task("trade", standing=True), task("buy 0.1 BTC"), brief("hello")])
async def test_a_stream_adds_up_to_the_message(mind: Any, opening: HumanMessage) -> None:
    model = mind("ceo" if "brief" in opening.additional_kwargs else "trader")
    whole = await model.ainvoke([opening])
    chunks = [chunk async for chunk in model.astream([opening])]
    again = [chunk.content async for chunk in model.astream([opening])]

    added = chunks[0]
    for chunk in chunks[1:]:
        added += chunk
    assert isinstance(added, AIMessageChunk)
    assert (added.content, added.tool_calls, added.usage_metadata) == (
        whole.content,
        whole.tool_calls,
        whole.usage_metadata,
    )
    assert added.additional_kwargs == whole.additional_kwargs
    assert all(len(str(chunk.content).split()) <= 3 for chunk in chunks)
    assert again == [chunk.content for chunk in chunks]


async def test_tokens_are_estimated_so_that_they_can_be_metered(mind: Any) -> None:
    reply = await mind("ceo").ainvoke([SystemMessage("x" * 400), brief("hello")])

    assert reply.usage_metadata["input_tokens"] >= 100
    assert reply.usage_metadata["output_tokens"] == -(-len(reply.content) // 4)


def messages_of(talk: list[BaseMessage]) -> list[tuple[str, Any]]:
    return [(str(m.content), [(c["id"], c["args"]) for c in getattr(m, "tool_calls", [])]) for m in talk]


async def test_a_conversation_cut_after_any_message_goes_on_the_same(mind: Any, play: Play) -> None:
    model = mind("trader")
    whole = await play(model, [task("trade", standing=True)], answer)

    for cut in range(1, len(whole)):
        if isinstance(whole[cut], AIMessage):
            assert messages_of(await play(model, whole[:cut], answer)) == messages_of(whole)

    ids = [call["id"] for message in whole if isinstance(message, AIMessage) for call in message.tool_calls]
    assert len(ids) == len(set(ids))
