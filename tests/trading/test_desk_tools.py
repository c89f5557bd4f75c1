import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from company import Context, ToolError
from company.events import CUSTOM_NAMES, plain
from company.toolkit.loader import load_tools
from company.trading import Desk

FILES = (
    "exchange.py", "market.py", "risk.py", "portfolio.py", "strategies.py", "books.py", "arbitrage.py", "stops.py",
)  # fmt: skip
HERE = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tools(tmp_path):
    for name in FILES:
        shutil.copy(HERE / name, tmp_path / name)
    return load_tools(tmp_path)


@pytest.fixture
def call(office, tools):
    """Call a tool as the governor does: arguments from JSON, result to JSON."""
    events = []

    async def run(name, *, key="run-1.step-2.call-3", **arguments):
        tool = tools[name]
        context = Context(
            role="trading",
            run_id="run-1",
            person="",
            key=key,
            clock=office.clock,
            services={Desk: office.desk},
            emit=lambda event, value: events.append((event, plain(value))),
        )
        read = tool.arguments.model_validate_json(json.dumps(arguments))
        given = {field: getattr(read, field) for field in tool.arguments.model_fields}
        result = await tool.function(**given, **{tool.context_parameter: context})
        run.context = context
        return json.loads(tool.result.dump_json(result))

    run.events = events
    return run


READS = [
    ("ticker", {"symbol": "BTC"}),
    ("order_book", {"symbol": "BTC", "depth": 10}),
    ("candles", {"symbol": "BTC", "limit": 24}),
    ("balances", {}),
    ("open_orders", {}),
    ("indicators", {"symbol": "BTC"}),
    ("market_overview", {}),
    ("correlations", {}),
    ("size_position", {"symbol": "BTC", "side": "buy", "conviction": 0.8}),
    ("exposure", {}),
    ("value_at_risk", {}),
    ("risk_limits", {}),
    ("positions", {}),
    ("profit_and_loss", {}),
    ("signals", {"symbol": "BTC"}),
    ("consensus", {"symbol": "BTC"}),
    ("state_vector", {"symbol": "BTC", "timeframe": "15m"}),
    ("arbitrage", {"symbol": "BTC"}),
    ("reconciliation", {}),
    ("decisions", {"limit": 5}),
    ("open_pairs", {}),
    ("stops", {}),
]
EFFECTS = {"place_order", "cancel_order", "trade_arbitrage", "settle_pair", "sell_stopped"}


@pytest.mark.parametrize(("name", "arguments"), READS)
async def test_a_reading_tool_gives_a_compact_result_without_exponents(call, tools, name, arguments):
    text = json.dumps(await call(name, **arguments))

    assert len(text) < 4000
    assert "E-" not in text
    assert "E+" not in text
    assert (tools[name].effect, tools[name].trust) == ("read", "trusted")


async def test_every_tool_of_the_desk_is_tried_here(tools):
    assert set(tools) == {name for name, _ in READS} | EFFECTS


async def test_a_sized_order_is_placed_and_told_in_events(call):
    sizing = await call("size_position", symbol="ETH", side="buy", conviction=0.9)
    report = await call("place_order", symbol="ETH", side="buy", quantity=sizing["quantity"], reason="score 0.9")

    (placed, order), (filled, trade) = call.events
    assert (placed, filled) == ("order.placed", "trade.filled")
    assert order["clientOrderId"] == trade["clientOrderId"] == "run-1.step-2.call-3"
    assert trade["quantity"] == sizing["quantity"] == report["filled"]
    assert Decimal(trade["notional"]) == pytest.approx(Decimal(trade["quantity"]) * Decimal(trade["price"]), abs=1)
    assert Decimal(trade["fee"]) > 0
    assert {name for name, _ in call.events} <= CUSTOM_NAMES


async def test_a_resting_order_tells_no_trade_and_its_cancel_is_told(call):
    report = await call("place_order", symbol="SOL", side="buy", quantity=1, reason="dip", type="limit", price=100)
    cancelled = await call("cancel_order", order_id=report["order_id"])

    assert [name for name, _ in call.events] == ["order.placed", "order.cancelled"]
    assert cancelled["status"] == "canceled"


async def test_a_stop_waits_and_is_told_with_its_type(call):
    report = await call(
        "place_order", symbol="BTC", side="sell", quantity=0.05, reason="protect", type="stop", trigger=60_000
    )

    assert (report["type"], report["trigger"], report["status"]) == ("stop", "60000", "open")
    assert [(name, told["type"]) for name, told in call.events] == [("order.placed", "stop")]


async def test_the_lookup_finds_the_order_of_a_call_and_tells_it(call, tools):
    report = await call("place_order", symbol="SOL", side="buy", quantity=1, reason="test")
    told = list(call.events)
    call.events.clear()

    found = await tools["place_order"].lookup(call.context)

    assert found.order_id == report["order_id"]
    assert call.events == told


async def test_the_lookup_of_a_call_that_placed_nothing_is_empty(call, tools):
    await call("positions")

    assert await tools["place_order"].lookup(call.context) is None
    assert call.events == []


async def test_a_denied_order_tells_the_rule_and_no_event(call):
    with pytest.raises(ToolError, match=r"risk\.per_trade"):
        await call("place_order", symbol="ETH", side="buy", quantity=50, reason="greed")

    assert call.events == []


async def test_every_rule_that_cuts_a_size_is_an_event_with_its_figures(call):
    sizing = await call("size_position", symbol="BTC", side="buy", conviction=0.5)

    [(name, told)] = call.events
    assert name == "risk.clamped"
    assert told == {
        "tool": "size_position", "symbol": "BTC/USDT", "side": "buy", "approved": False,
        "rule": "risk.min_conviction", "limit": "0.6", "value": "0.5",
    }  # fmt: skip
    assert [told["rule"]] == [clamp["rule"] for clamp in sizing["clamps"]]


async def test_a_bound_of_the_caller_is_no_limit_of_the_desk(call):
    sizing = await call("size_position", symbol="BTC", side="buy", conviction=0.9, at_most=500)

    assert [clamp["rule"] for clamp in sizing["clamps"]] == ["risk.wanted"]
    assert call.events == []


async def test_every_rule_that_denies_an_order_is_an_event_of_its_assessment(call, tools):
    await call("positions")

    stakes = await tools["place_order"].assess("ETH", "buy", Decimal(10), context=call.context)

    assert [name for name, _ in call.events] == ["risk.clamped"] * len(stakes.denials)
    assert [told["rule"] for _, told in call.events] == [denial.rule for denial in stakes.denials]
    assert call.events[0][1]["rule"] == "risk.per_trade"
    assert Decimal(call.events[0][1]["value"]) > Decimal(call.events[0][1]["limit"])


async def test_orders_are_irreversible_and_can_be_looked_up(tools):
    place, cancel = tools["place_order"], tools["cancel_order"]

    assert (place.effect, place.idempotent, place.lookup is not None) == ("irreversible", True, True)
    assert (cancel.effect, cancel.idempotent) == ("write", True)
