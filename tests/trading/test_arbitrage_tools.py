"""Arbitrage as a role takes it: through the governor, only when it earns, and finished whatever a venue does."""

import json
from collections import Counter
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.errors import InsufficientFunds, RequestTimeout, ToolError
from company.home import bundled_directory
from company.trading import Desk, RiskLimits
from company.trading.strategies.taking import Asked, take
from tests.trading import pairing
from tests.trading.faults import Around
from tests.trading.pairing import MANDATE, House, begin, wait_for_profit

CEO = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: all
    task: Work the book.
    standing: true
  - answer: "{% for report in reports.values() %}{{ report.summary }} {% endfor %}"
---
You lead.
"""


class RefusesSales(Around):
    async def create_order(self, *order: Any) -> Any:
        if order[-1]["clientOrderId"].endswith("-s"):
            raise InsufficientFunds("the margin desk is at lunch")
        return await super().create_order(*order)


class LosesSales(Around):
    """Sales never arrive, and nobody is told."""

    async def create_order(self, *order: Any) -> Any:
        if order[-1]["clientOrderId"].endswith("-s"):
            self.sent += 1
            raise RequestTimeout("no answer in 10 s")
        return await super().create_order(*order)


class LosesReplies(Around):
    async def create_order(self, *order: Any) -> Any:
        await super().create_order(*order)
        raise RequestTimeout("no answer in 10 s")


@pytest.fixture
async def open_house(tmp_path: Path) -> Any:
    """Open a house at a moment at which an arbitrage earns: `house, asked = await open_house(kind=RefusesSales)`."""
    with ExitStack() as stack:

        async def _open(**options: Any) -> tuple[House, dict[str, str]]:
            await begin(tmp_path)
            house = stack.enter_context(pairing.opened(tmp_path, **options))
            return house, await wait_for_profit(house)

        yield _open


async def bitcoin(house: House) -> Decimal:
    return sum((row.total for row in await house.desk.balances() if row.currency == "BTC"), Decimal(0))


async def test_an_arbitrage_that_earns_is_taken_inside_its_mandate_and_both_legs_are_told(open_house: Any) -> None:
    house, asked = await open_house()

    outcome = await house.perform("trade_arbitrage", **asked)

    report = outcome.value
    assert (outcome.status, outcome.rule) == ("ok", "mandate.pairs")
    assert (report["matched"], report["remedy"], report["open"]) == (asked["quantity"], "none", "0")
    assert Decimal(report["cash"]) > 0
    assert [order["side"] for order in house.events("trade.filled")] == ["buy", "sell"]
    assert {row["strategy"] + row["role"] for _, row in house.desk.newest_orders(9)} == {"arbitragetrading"}
    worth = Decimal(asked["quantity"]) * (Decimal(asked["buy_limit"]) + Decimal(asked["sell_limit"]))
    assert house.store.effects.get(outcome.receipt).notional == worth
    assert (await house.perform("open_pairs", call="c2")).value == []


async def test_what_does_not_earn_is_denied_with_the_figures_and_nothing_is_sent(open_house: Any) -> None:
    house, asked = await open_house()
    swapped = {**asked, "buy": asked["sell"], "sell": asked["buy"], "buy_limit": "99999", "sell_limit": "1"}

    outcome = await house.perform("trade_arbitrage", **swapped)

    assert (outcome.status, outcome.rule) == ("denied", "risk.no_profit")
    assert "a unit costs" in outcome.error
    assert " bp" in outcome.error
    assert [event["rule"] for event in house.events("risk.clamped")] == ["risk.no_profit"]
    assert house.desk.newest_orders(1) == []


async def test_what_no_longer_earns_when_it_is_sent_is_refused_and_the_denial_is_kept(open_house: Any) -> None:
    house, told = await open_house()
    legs = {"buy": (told["buy"], told["buy_limit"]), "sell": (told["sell"], told["sell_limit"])}
    asked = await Asked.read(house.desk, told["symbol"], told["quantity"], **legs)
    house.pass_time(minutes=1)

    with pytest.raises(ToolError, match=r"risk\.no_profit"):
        await take(house.desk, asked, key="k", role="trading")

    denied = house.desk.decisions(2)
    assert [(one.key, one.side, one.outcome, one.strategy) for one in reversed(denied)] == [
        ("k-b", "buy", "denied", "arbitrage"),
        ("k-s", "sell", "denied", "arbitrage"),
    ]
    assert house.desk.newest_orders(1) == []
    assert house.desk.pairs.open() == []


async def test_no_more_is_taken_than_was_asked_for(open_house: Any) -> None:
    house, asked = await open_house()

    outcome = await house.perform("trade_arbitrage", **{**asked, "quantity": "0.005"})

    assert outcome.value["matched"] == "0.005"


async def test_nothing_is_bought_above_the_limit_that_was_asked_for(open_house: Any) -> None:
    house, asked = await open_house()

    outcome = await house.perform("trade_arbitrage", **{**asked, "buy_limit": "60"})

    assert (outcome.status, outcome.rule) == ("denied", "arguments.invalid")
    assert "nothing can be taken: the best ask is" in outcome.error
    assert house.desk.newest_orders(1) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"buy": "paper-x"}, "venue 'paper-x' does not trade BTC/USDT"),
        ({"sell": ""}, "name two different venues"),
        ({"quantity": "0"}, "quantity"),
        ({"sell_limit": "-1"}, "sell_limit"),
    ],
)
async def test_what_makes_no_sense_is_told_to_the_role(open_house: Any, changed: dict[str, str], said: str) -> None:
    house, asked = await open_house()

    outcome = await house.perform("trade_arbitrage", **{**asked, **changed})

    assert outcome.status == "denied"
    assert said in outcome.error


async def test_the_desks_limits_hold_each_leg(open_house: Any) -> None:
    house, asked = await open_house(limits=RiskLimits(restricted=("BTC",)))

    outcome = await house.perform("trade_arbitrage", **asked)

    assert (outcome.status, outcome.rule) == ("denied", "risk.restricted")
    assert house.desk.newest_orders(1) == []


async def test_a_person_who_is_asked_reads_both_legs_and_what_they_earn(open_house: Any) -> None:
    house, asked = await open_house(mandates=[MANDATE.model_copy(update={"max_notional": Decimal(10)})])

    outcome = await house.perform("trade_arbitrage", **asked)

    assert outcome.status == "waiting"
    (approval,) = house.store.approvals.open()
    assert f"at {asked['buy']} for {asked['buy_limit']} or less" in approval.reason
    assert "USDT after both fees" in approval.reason


async def test_a_refused_sale_is_undone_at_once_and_told(open_house: Any) -> None:
    house, asked = await open_house(kind=RefusesSales)
    before = await bitcoin(house)

    outcome = await house.perform("trade_arbitrage", **asked)

    assert (outcome.status, outcome.value["remedy"], outcome.value["open"]) == ("ok", "unwind", "0")
    assert outcome.value["matched"] == "0"
    assert await bitcoin(house) == before
    assert [order["side"] for order in house.events("trade.filled")] == ["buy", "sell"]


async def test_lost_replies_of_both_legs_are_looked_up_and_nothing_is_sent_twice(open_house: Any) -> None:
    house, asked = await open_house(kind=LosesReplies)

    outcome = await house.perform("trade_arbitrage", **asked)

    assert (outcome.status, outcome.value["remedy"]) == ("ok", "none")
    assert sum(venue.sent for venue in house.desk.markets.venues.values()) == 2


async def test_a_leg_that_may_be_on_its_way_leaves_the_pair_open_until_it_is_known_and_then_it_is_finished(
    open_house: Any,
) -> None:
    house, asked = await open_house(kind=LosesSales)
    before = await bitcoin(house)

    outcome = await house.perform("trade_arbitrage", **asked)
    (pair,) = (await house.perform("open_pairs", call="c2")).value
    soon = await house.perform("settle_pair", call="c3", pair=pair["pair"])
    house.pass_time(minutes=3)
    later = await house.perform("settle_pair", call="c4", pair=pair["pair"])

    assert outcome.status == "unknown"
    assert (pair["symbol"], pair["buy"], pair["sell"]) == ("BTC/USDT", asked["buy"], asked["sell"])
    assert (soon.value["remedy"], soon.value["known"], soon.rule) == ("wait", False, "mandate.pairs")
    assert (later.value["remedy"], later.value["open"]) == ("unwind", "0")
    assert await bitcoin(house) == before
    assert (await house.perform("open_pairs", call="c5")).value == []
    assert sum(venue.sent for venue in house.desk.markets.venues.values()) == 3
    told = [order["clientOrderId"][-2:] for order in house.events("trade.filled")]
    assert Counter(told) == {"-b": 1, "-u": 1}


async def test_a_pair_that_is_finished_is_not_finished_again(open_house: Any) -> None:
    house, asked = await open_house()
    pair = (await house.perform("trade_arbitrage", **asked)).value["pair"]

    outcome = await house.perform("settle_pair", call="c2", pair=pair)

    assert outcome.status == "denied"
    assert "there is no unfinished pair" in outcome.error


async def test_the_head_of_trading_looks_in_every_cycle_and_takes_an_arbitrage_in_the_one_in_which_it_earns(
    write_company: Any, opened: Any, tmp_path: Path
) -> None:
    bundled = bundled_directory()
    settings = (bundled / "company.toml").read_text().replace('step = "1h"', 'step = "4m"')
    settings = settings.replace('roles = ["security"]\n', "")
    trader = (bundled / "roles" / "trading.md").read_text()
    directory = write_company({"company.toml": settings, "roles/ceo.md": CEO, "roles/trading.md": trader})

    with opened(tmp_path / "home", directory) as engine:
        runs = [await engine.advance(run.id) async for run in engine.cycles(2)]
        desk = engine.company.services[Desk]
        taken = [(row["side"], row["at"]) for _, row in desk.newest_orders(9) if row["strategy"] == "arbitrage"]

        assert {run.status for run in runs} == {"done"}
        assert sorted(taken) == [("buy", "2026-01-31T00:04:00+00:00"), ("sell", "2026-01-31T00:04:00+00:00")]
        assert "Arbitrage in BTC/USDT" in json.dumps(runs[1].outcome)
        assert (await desk.audit()).agrees
