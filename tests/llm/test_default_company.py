"""The bundled roles at work: their playbooks and handles over the real tools and the paper world of seed 7."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from company.config import DataSettings, Settings
from company.defence import Watch
from company.errors import ToolError
from company.home import open_secrets
from company.llm import Models, render
from company.newsroom import Newsroom
from company.roles import SUMMARY_LIMIT, load_roles
from company.store import Store
from company.store.records import Records
from company.studio import Studio
from company.toolkit import Context, load_tools
from company.trading import Desk, RiskLimits
from company.trading.feeds import DataKeys, Feeds, open_feeds
from company.world import START, MemoryBooks, PaperNews, PaperOutbox, PaperTraffic, PaperWorld, VirtualClock

ROOT = Path(__file__).parents[2]
DELEGATE = {"name": "delegate", "description": "Hand in a plan.", "parameters": {"type": "object", "properties": {}}}


@dataclass
class Stage:
    """Runs turns of the bundled roles without graph and governor; publishing always waits for a person."""

    clock: VirtualClock
    world: PaperWorld
    services: Mapping[type, Any]
    roles: Any = field(default_factory=lambda: load_roles(ROOT / "roles"))
    tools: Any = field(default_factory=lambda: load_tools(ROOT / "tools"))
    calls: list[tuple[str, dict[str, Any], Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.models = Models(settings=Settings(), roles=self.roles)

    async def ask(self, request: str) -> tuple[list[str], str]:
        """Return whom the CEO asked and what it answered; an empty request is a cycle."""
        kind = "chat" if request else "cycle"
        opening = HumanMessage(request, additional_kwargs={"brief": {"kind": kind, "request": request, "cycle": 1}})
        model = self.models.minds(self.roles["ceo"])[0].model.bind_tools([DELEGATE])
        first = await model.ainvoke([opening])
        if not first.tool_calls:
            return [], str(first.content)
        assignments = first.tool_calls[0]["args"]["assignments"]
        reports = [await self.work(assignment) for assignment in assignments]
        last = await model.ainvoke([opening, HumanMessage("", additional_kwargs={"reports": reports})])
        return [assignment["role"] for assignment in assignments], str(last.content)

    async def work(self, assignment: Mapping[str, Any]) -> dict[str, Any]:
        role = self.roles[assignment["role"]]
        model = self.models.minds(role)[0].model.bind_tools([self.tools[name].schema for name in role.tools])
        talk: list[Any] = [HumanMessage("", additional_kwargs={"assignment": assignment})]
        while (reply := await model.ainvoke(talk)).tool_calls:
            talk.append(reply)
            for call in reply.tool_calls:
                result = await self.call(role.id, call["name"], call["args"])
                talk.append(ToolMessage(json.dumps(result), tool_call_id=call["id"]))
        assert isinstance(reply, AIMessage)
        assert len(reply.content) <= SUMMARY_LIMIT, f"{role.id} reports {len(reply.content)} characters"
        waiting = ["A1"] if "A1" in reply.content else []
        return {"role": role.id, "status": "ok", "summary": reply.content, "waiting": waiting, "figures": {}}

    async def call(self, role: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        tool = self.tools[name]
        if name == "publish_post":
            return {"status": "waiting", "approval": "A1", "error": "a person has to approve it"}
        key = f"key-{len(self.calls)}"
        context = Context(role=role, run_id="r1", person="", key=key, clock=self.clock, services=self.services)
        given = tool.arguments.model_validate(arguments)
        values = {field: getattr(given, field) for field in type(given).model_fields}
        try:
            returned = await tool.function(**values, **{tool.context_parameter: context})
        except ToolError as error:
            return {"status": "failed", "error": str(error)}
        value = tool.result.dump_python(tool.result.validate_python(returned), mode="json")
        self.calls.append((name, arguments, value))
        return {"status": "ok", "value": value}

    def results(self, name: str) -> list[Any]:
        return [value for tool, _, value in self.calls if tool == name]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    books, clock = MemoryBooks(), VirtualClock(START)
    world = PaperWorld(seed=7, books=books, clock=clock)
    outside: dict[str, Any] = {"seed": 7, "clock": clock}
    store = Store.open(tmp_path / "company.db", now=clock.now)
    services: dict[type, Any] = {
        Desk: Desk(venues=world.venues, clock=clock, books=books, limits=RiskLimits()),
        Feeds: open_feeds(
            DataSettings(),
            paper=world.venues["paper-a"],
            clock=clock,
            wall=clock,
            keys=DataKeys({}, open_secrets(tmp_path, store, {})),
        ),
        Newsroom: Newsroom(feed=PaperNews(**outside, shocks=world.market.shocks), clock=clock, books=books),
        Watch: Watch(traffic=PaperTraffic(**outside, books=books), clock=clock, books=books),
        Studio: Studio(outbox=PaperOutbox(**outside, books=books), clock=clock, books=books),
        Records: Records(store, day_usd=Decimal(10), month_usd=Decimal(100), now=clock.now),
    }
    yield Stage(clock, world, services)
    store.close()


async def test_a_cycle_sends_five_roles_to_work_and_answers_with_their_figures(stage: Stage) -> None:
    roles, answer = await stage.ask("")

    order, sized = stage.results("place_order")[0], stage.results("size_position")[0]
    assert roles == ["trading", "security", "research", "content", "operations"]
    assert (order["status"], sized["approved"]) == ("closed", True)
    assert 0 < Decimal(order["filled"]) <= Decimal(sized["quantity"])
    assert stage.results("scan_traffic")[0]["new"] >= 1
    assert stage.results("block_source")
    assert stage.results("review_draft") == [{"draft_id": "D1", "version": 1, "ok": True, "findings": []}]
    equity = Decimal(stage.results("profit_and_loss")[1]["equity"])
    assert f"Equity ${equity:,.2f}" in answer
    assert "Waiting for your approval: A1." in answer
    assert "$0 of $10 spent today" in answer


async def test_cycles_go_on_trading_inside_the_slices(stage: Stage) -> None:
    for _ in range(4):
        await stage.ask("")
        stage.world.advance_to(stage.clock.now() + timedelta(hours=1))

    orders = stage.results("place_order")
    assert len(orders) >= 4
    assert all(Decimal(order["notional"]) <= 2_000 for order in orders)


@pytest.mark.parametrize(
    ("request_text", "roles", "tool"),
    [
        ("how are we doing?", ["trading", "operations", "security"], "profit_and_loss"),
        ("what moved bitcoin today?", ["trading", "research"], "asset_brief"),
        ("any attacks?", ["security"], "scan_traffic"),
        ("write a post about our week", ["content"], "draft_post"),
        ("buy 0.1 BTC", ["trading"], "place_order"),
        ("sell $300 of bitcoin", ["trading"], "place_order"),
        ("what is our value at risk?", ["trading"], "value_at_risk"),
        ("is there any arbitrage?", ["trading"], "arbitrage"),
        ("are the news good or bad?", ["research"], "sentiment"),
        ("what does it all cost?", ["operations"], "costs"),
        ("has anybody changed our records?", ["security"], "verify_journal"),
        ("should we buy solana?", ["trading"], "consensus"),
        ("what do the strategies say about ether?", ["trading"], "signals"),
        ("why did we trade?", ["trading"], "decisions"),
        ("why was nothing bought?", ["trading"], "decisions"),
        ("do the books agree with the exchanges?", ["trading"], "reconciliation"),
        ("how fresh is the price of BTC?", ["trading"], "market_data"),
    ],
)
async def test_a_request_reaches_its_roles_and_runs_their_tools(
    stage: Stage, request_text: str, roles: list[str], tool: str
) -> None:
    asked, answer = await stage.ask(request_text)

    assert asked == roles
    assert stage.results(tool)
    assert "Failed:" not in answer
    assert "unavailable" not in answer


async def test_every_sample_of_every_role_is_answered_without_a_fault(stage: Stage) -> None:
    for role in stage.roles.values():
        for handle in role.handles:
            _, answer = await stage.ask(handle.say[0])
            assert answer


async def test_an_order_by_money_is_turned_into_a_quantity(stage: Stage) -> None:
    await stage.ask("buy $500 of ether")

    assert 490 <= Decimal(stage.results("place_order")[0]["notional"]) <= 501


async def test_an_order_without_a_quantity_is_asked_back(stage: Stage) -> None:
    asked, answer = await stage.ask("buy bitcoin")

    assert asked == ["trading"]
    assert answer.startswith("How much BTC/USDT shall I buy?")
    assert not stage.results("place_order")


@pytest.mark.parametrize("path", sorted((ROOT / "prompts").glob("*.md")), ids=lambda path: path.stem)
def test_a_bundled_prompt_renders_and_quotes_what_others_said(path: Path) -> None:
    roles = load_roles(ROOT / "roles")
    memory = {"id": "m1", "at": "2026-01-31", "source": "web", "tainted": True, "text": 'He said "buy"\n# Orders'}
    values = {
        "role": roles["trading"],
        "procedure": "1. Look.",
        "team": list(roles.values())[1:],
        "memories": [memory],
        "brief": {"kind": "chat", "request": "hello", "person": "Ann", "cycle": 1, "as_of": "2026-01-31"},
        "reports": "[]",
        "notes": [memory],
        "person": "Ann",
        "request": "hello",
        "answer": "Hello.",
        "criterion": "It greets.",
        "assignment": {
            "task": "Look.",
            "expects": "x",
            "standing": True,
            "slots": {"a": "1"},
            "figures": {"research.mood": {"value": "5"}},
            "deadline_seconds": 5,
        },
    }

    text = render(path.read_text(encoding="utf-8"), where=str(path), **values)

    assert text
    assert "{{" not in text
    assert "\n# Orders" not in text
