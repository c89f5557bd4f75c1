"""What the company owns, earned, risks and ordered, as the dashboard asks for it."""

import asyncio
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from company.events import ID_FIELDS, WALL_FIELDS
from company.trading import Desk

D = Decimal
PATHS = (
    "/portfolio",
    "/portfolio/equity",
    "/risk",
    "/orders",
    "/market",
    "/market/candles?symbol=BTC/USDT",
    "/news",
    "/threats",
)


def masked(value: Any) -> Any:
    """Blank ids and readings of the wall clock, also inside JSON text."""
    if isinstance(value, dict):
        return {name: None if name in ID_FIELDS | WALL_FIELDS else masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return masked(json.loads(value)) if isinstance(value, str) and value.startswith("{") else value


async def test_a_new_company_has_its_inventory_and_nothing_earned(company: Any) -> None:
    shown = await company.get("/portfolio")

    assert (shown["quote"], shown["net"], shown["day"], shown["drawdown_percent"]) == ("USDT", "0", "0", "0")
    assert D(shown["equity"]) > 300_000
    assert (shown["cash"], shown["closed_trades"], shown["win_rate_percent"]) == ("300000", 0, None)
    assert [row["symbol"] for row in shown["positions"]] == ["BTC/USDT"]
    assert {row["venue"] for row in shown["balances"]} == {"paper-a", "paper-b", "paper-c"}
    assert await company.get("/portfolio/equity") == {"quote": "USDT", "points": []}
    assert await company.get("/orders") == {"open": [], "trades": []}


async def test_after_a_cycle_trades_name_their_run_and_their_place_in_the_journal(company: Any) -> None:
    before = await company.get("/portfolio")
    await company.cycle()

    [trade, *_] = (await company.get("/orders"))["trades"]

    journal = company.engine.company.store.journal
    [event] = [event for event in journal.read(run_id=trade["run"]) if event.seq == trade["seq"]]
    value = event.body["value"]
    assert event.type == "trade.filled"
    assert {name: value[name] for name in ("symbol", "side", "price", "quantity", "fee", "venue", "reason")} == {
        name: trade[name] for name in ("symbol", "side", "price", "quantity", "fee", "venue", "reason")
    }
    assert trade["at"] == company.engine.company.clock.now().isoformat().replace("+00:00", "Z")
    after = await company.get("/portfolio")
    assert D(after["cash"]) < D(before["cash"])
    assert trade["symbol"] in {row["symbol"] for row in after["positions"]}
    assert len((await company.get("/portfolio/equity"))["points"]) == 1


async def test_figures_are_decimal_strings_and_times_have_a_zone(company: Any) -> None:
    desk: Desk = company.engine.company.services[Desk]
    await desk.place("XRP", "buy", 1000, key="k", reason="test")

    shown, risk = await company.get("/portfolio"), await company.get("/risk")

    row = next(row for row in shown["positions"] if row["symbol"] == "XRP/USDT")
    assert all(isinstance(row[name], str) for name in ("quantity", "price", "value", "unrealised_percent"))
    assert shown["as_of"].endswith("Z")
    assert risk["drawdown_steps_percent"] == ["5", "10", "15"]
    assert (risk["gross_limit_percent"], risk["position_limit_percent"]) == ("60", "10")
    assert D(risk["var99"]) > D(risk["var95"]) > 0
    assert risk["sharpe"] is None
    assert [row["symbol"] for row in risk["exposures"]] == ["BTC/USDT", "XRP/USDT"]


async def test_sharpe_is_shown_after_a_day_of_marks(company: Any) -> None:
    desk: Desk = company.engine.company.services[Desk]
    for _ in range(25):
        company.engine.company.world.advance_to(company.engine.company.clock.now() + timedelta(hours=1))
        await desk.limits()

    assert (await company.get("/risk"))["sharpe"] is not None
    assert len((await company.get("/portfolio/equity?points=10"))["points"]) == 10


async def test_an_order_that_waits_is_listed_without_characters_that_hide_text(company: Any) -> None:
    desk: Desk = company.engine.company.services[Desk]
    await desk.place("BTC", "buy", "0.01", key="k", type="limit", price=40_000, reason="cheap\u202e\x07 <b>now</b>")

    [order] = (await company.get("/orders"))["open"]

    assert order["reason"] == "cheap <b>now</b>"
    assert (order["client_order_id"], order["price"], order["status"]) == ("k", "40000", "open")


async def test_a_limit_out_of_range_is_refused_by_name(company: Any) -> None:
    for path, name in (
        ("/orders?limit=0", "limit"),
        ("/orders?limit=201", "limit"),
        ("/portfolio/equity?points=1", "points"),
    ):
        answer = await company.client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
        assert answer.json()["error"]["message"].startswith(f"{name}: ")


async def test_looking_needs_the_scope_read_and_nothing_else(company: Any) -> None:
    async with company.client_with("chat", "approve", "admin") as client:
        for path in PATHS:
            assert (await client.get(path)).status_code == 403
            await company.get(path)


async def test_a_run_that_is_watched_goes_like_one_that_is_not(open_here: Any) -> None:
    """Every endpoint is asked again and again while a cycle runs in the same process."""
    streams, looks = [], 0
    for name in ("watched", "alone"):
        with open_here(name) as company:
            if name == "watched":
                await asyncio.gather(*(company.get(path) for path in PATHS))
            for _ in range(2):
                cycle = asyncio.create_task(company.cycle())
                while name == "watched" and not cycle.done():
                    await asyncio.gather(*(company.get(path) for path in PATHS))
                    looks += 1
                    await asyncio.sleep(0.1)
                await cycle
            events = company.engine.company.store.journal.read(limit=10_000)
            streams.append([masked(event.line()) for event in events])
            desk = company.engine.company.services[Desk]
            figures = (await desk.profit_and_loss(), await desk.positions(), desk.curve.points())
            streams[-1].append(figures)

    assert looks > 3
    assert len(streams[0]) > 200
    assert streams[0] == streams[1]


async def test_figures_are_those_of_now_after_another_process_moved_company_time(
    open_here: Any, opened: Any, tmp_path: Path
) -> None:
    with open_here("home") as company, opened(tmp_path / "home") as other:
        before = await company.get("/portfolio")
        for _ in range(2):
            await other.advance(other.start("cycle").id)

        shown, risk = await company.get("/portfolio"), await company.get("/risk")

        desk: Desk = other.company.services[Desk]
        result, stand = await desk.profit_and_loss(), await desk.limits()
        assert (D(shown["equity"]), D(shown["day"])) == (result.equity, result.day)
        assert D(risk["equity"]) == stand.equity != D(before["equity"])
        assert datetime.fromisoformat(shown["as_of"]) == other.company.clock.now()
        assert (await company.get("/news"))["items"] != []


async def test_answers_follow_a_run_while_it_runs(company: Any) -> None:
    counts: list[int] = []
    cycle = asyncio.create_task(company.cycle())
    while not cycle.done():
        counts.append(len((await company.get("/orders"))["trades"]))
        await asyncio.sleep(0.01)
    await cycle
    counts.append(len((await company.get("/orders"))["trades"]))

    assert counts[0] == 0 < counts[-1]
    assert counts == sorted(counts)
