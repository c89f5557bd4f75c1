"""Tools over strategies, books and feeds: what a role is told, and whose name an order may go under."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from company import Context, ToolError
from company.events import plain
from company.toolkit.loader import load_tools
from company.trading import Desk
from company.trading.features import FEATURES
from company.trading.feeds import Failure, Feeds, PriceReport, Reading
from company.trading.strategies.views import SINGLE

HERE = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tools(tmp_path):
    for name in ("exchange.py", "strategies.py", "books.py", "feeds.py"):
        shutil.copy(HERE / name, tmp_path / name)
    return load_tools(tmp_path)


@pytest.fixture
def call(office, tools):
    """Call a tool as the governor does; what it distrusts is in `call.distrusted`."""
    distrusted = []

    async def run(name, *, key="k-1", **arguments):
        tool = tools[name]
        context = Context(
            role="trading", run_id="run-1", person="", key=key, clock=office.clock, services={Desk: office.desk},
            distrust=distrusted.append, emit=lambda event, value: plain(value),
        )  # fmt: skip
        read = tool.arguments.model_validate_json(json.dumps(arguments))
        given = {field: getattr(read, field) for field in tool.arguments.model_fields}
        result = await tool.function(**given, **{tool.context_parameter: context})
        return json.loads(tool.result.dump_json(result))

    run.distrusted = distrusted
    return run


async def a_wish(office, call, side):
    """Let time go on until the consensus on some symbol wishes for a side; the paper world is seeded."""
    for _ in range(120):
        for symbol in await office.desk.symbols():
            view = await call("consensus", symbol=symbol)
            if view["signal"] and view["signal"]["side"] == side:
                return view
        office.pass_time(hours=1)
    raise AssertionError(f"no consensus to {side} in five days")


async def test_every_single_strategy_is_heard_and_the_ensemble_is_not_among_them(call):
    told = await call("signals", symbol="btc")

    assert [one["strategy"] for one in told["strategies"]] == [one.name for one in SINGLE]
    assert "ensemble" not in {one["strategy"] for one in told["strategies"]}
    assert {"momentum", "mean_reversion", "scalping", "dca", "crossover"} <= {
        one["strategy"] for one in told["strategies"]
    }


async def test_signals_are_those_that_the_consensus_was_made_of(office, call):
    view = await a_wish(office, call, "buy")

    told = await call("signals", symbol=view["symbol"])

    assert told["at"] == view["at"]
    wishing = [one["signal"] for one in told["strategies"] if one["signal"]]
    assert any(signal["side"] == "buy" and signal["evidence"] for signal in wishing)


async def test_the_state_vector_has_every_feature_or_names_it_as_missing(call):
    told = await call("state_vector", symbol="ETH")

    assert {*told["features"], *told["missing"]} == set(FEATURES)
    assert "funding" in told["missing"]
    assert {"spread", "imbalance", "rsi"} <= set(told["features"])
    assert all(-1 <= Decimal(value) <= 1 for value in told["features"].values())


async def test_an_arbitrage_that_does_not_earn_after_fees_is_none_and_says_so(call):
    told = await call("arbitrage", symbol="BTC")

    assert told["plan"] is None
    assert told["venues"] == ["paper-a", "paper-b", "paper-c"]
    assert "after both fees" in told["reason"]


async def test_an_order_under_a_strategys_name_keeps_that_strategys_own_evidence(office, call):
    view = await a_wish(office, call, "buy")

    await call("place_order", symbol=view["symbol"], side="buy", quantity=_small(view), reason="r", strategy="ensemble")

    [decision] = await call("decisions", limit=1)
    assert (decision["strategy"], decision["role"]) == ("ensemble", "trading")
    votes = view["signal"]["evidence"]
    assert {name: decision["evidence"][name] for name in votes} == votes
    rows = (await office.desk.attribution()).rows
    assert ("ensemble", "trading", 1) in {(row.strategy, row.role, row.trades) for row in rows}


async def test_an_order_that_the_strategy_does_not_wish_for_is_refused_and_not_sent(office, call):
    view = await a_wish(office, call, "buy")

    with pytest.raises(ToolError, match=r"'ensemble' does not wish to sell .* it wishes to buy.*leave `strategy` out"):
        await call(
            "place_order", symbol=view["symbol"], side="sell", quantity=_small(view), reason="r", strategy="ensemble"
        )
    with pytest.raises(ToolError, match="there is no strategy 'luck'; there are ensemble, crossover"):
        await call("place_order", symbol="BTC", side="buy", quantity="0.01", reason="r", strategy="luck")

    assert office.desk.newest_orders(5) == []


async def test_the_same_call_again_finds_its_order_also_when_the_strategy_changed_its_mind(office, call):
    view = await a_wish(office, call, "buy")
    order = {"symbol": view["symbol"], "side": "buy", "quantity": _small(view), "reason": "r", "strategy": "ensemble"}
    first = await call("place_order", **order)
    office.pass_time(hours=1)
    for _ in range(240):
        if (await call("consensus", symbol=view["symbol"]))["signal"] is None:
            break
        office.pass_time(hours=1)

    again = await call("place_order", **order)

    assert again["order_id"] == first["order_id"]
    assert len(office.desk.newest_orders(5)) == 1


async def test_an_order_without_a_strategy_is_the_roles_own(office, call):
    await call("place_order", symbol="BTC", side="buy", quantity="0.01", reason="asked for")

    [decision] = await call("decisions", limit=1)
    assert (decision["strategy"], decision["role"]) == ("unattributed", "trading")


async def test_decisions_and_strange_orders_bring_the_label_of_what_their_author_had_read(office, call):
    await office.desk.place("BTC", "buy", "0.01", key="k-0", reason="a rumour", sources=("news n-1",))

    await call("decisions")

    assert call.distrusted == ["news n-1"]


async def test_books_that_agree_are_said_to_and_a_foreign_order_is_named(office, call):
    assert (await call("reconciliation"))["agrees"] is True
    await office.venues["paper-b"].create_order("ETH/USDT", "limit", "buy", Decimal("0.1"), Decimal(2000))
    office.desk = office.reopen()  # an open desk asks only when an order of its own is not at its end

    told = await call("reconciliation")

    assert told["agrees"] is False
    assert [order["venue"] for order in told["reconciliation"]["foreign"]] == ["paper-b"]


NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
STALE = Reading(
    state="stale", symbol="BTC/USDT", value=Decimal("65000.5"), provider="coingecko", listing="bitcoin/usd",
    asked_at=NOW, as_of=NOW - timedelta(minutes=9), age=timedelta(minutes=9), reason="the price is 9 min old",
    failures=(Failure("kraken", "down", "<b>words of a stranger</b>"),),
)  # fmt: skip


def test_a_stale_price_is_told_with_its_age_and_never_with_the_words_of_a_provider():
    told = PriceReport.of(STALE).model_dump(mode="json")

    assert (told["state"], told["price"], told["provider"], told["age_seconds"]) == (
        "stale",
        "65000.5",
        "coingecko",
        "540",
    )
    assert told["passed_over"] == ["kraken: down"]
    assert "stranger" not in json.dumps(told)


async def test_a_missing_price_is_a_price_of_none(tools):
    class Nothing:
        async def price(self, symbol):
            return Reading(
                state="missing", symbol=symbol, value=None, provider="", listing="", asked_at=NOW, as_of=None, age=None
            )

    context = Context(role="trading", run_id="r", person="", key="k", clock=None, services={Feeds: Nothing()})

    told = await tools["market_data"].function(symbol="NOPE/USDT", context=context)

    assert (told.state, told.price, told.age_seconds) == ("missing", None, None)


def _small(view):
    """A quantity worth about 100 USDT."""
    prices = {"BTC/USDT": "0.002", "ETH/USDT": "0.03", "SOL/USDT": "0.7", "BNB/USDT": "0.2", "XRP/USDT": "50"}
    return prices[view["symbol"]]
