"""What is read from the venues and from the paper world, of a company that really traded."""

import os
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from company.engine import Engine
from company.governor import Call, Scope
from company.grading.alarms import attacks_of
from company.grading.inspection import collect
from company.grading.markets import fills_of, ledgers_of, standings_of
from company.home import CompanyDirectory, bundled_directory, open_company
from company.ports import Traffic
from company.world import OPENING


@pytest.fixture
def engine(tmp_path):
    bundled = bundled_directory()
    company = open_company(CompanyDirectory(bundled, bundled), tmp_path, environment=os.environ, seed=7)
    engine = Engine(company)
    yield engine
    engine.close()
    company.close()


@pytest.fixture
def perform(engine):
    """Bring a call to the governor in a run of its own."""

    async def _perform(role, tool, **arguments):
        company = engine.company
        last = company.store.runs.last()
        run = company.store.runs.create(
            kind="task",
            thread_id="",
            request="",
            person="",
            number=0,
            as_of=company.next_time(last.as_of if last else None, step=last is not None),
            seed=company.seed,
            identity=company.identity,
        )
        company.advance_to(run.as_of)
        await engine.governor.perform(Scope(run, company.roles[role], f"ceo/{role}", ()), Call("c1", tool, arguments))
        return company.store.runs.set_status(run.id, "done")

    return _perform


def order(side, quantity, symbol="BTC/USDT"):
    return {"symbol": symbol, "side": side, "quantity": quantity, "reason": "a test"}


async def test_standing_is_worked_out_from_fills_and_the_worlds_prices(engine, perform):
    runs = [
        await perform("trading", "place_order", **order("buy", "0.05")),
        await perform("trading", "place_order", **order("sell", "0.02")),
    ]
    company = engine.company
    fills = await fills_of(company)
    bought, sold = standings_of(company, fills, runs)
    price, later = (company.world.market.price("BTC/USDT", run.as_of) for run in runs)
    cash, coins = OPENING["USDT"] * 3, OPENING["BTC"] * 3
    assert (bought.side, sold.side) == ("buy", "sell")
    assert bought.equity == bought.day_equity == cash + coins * price
    assert bought.positions == {"BTC": (coins + Decimal("0.05")) * price}
    assert bought.together == pytest.approx(bought.positions["BTC"])
    assert sold.equity == cash - fills[0].cost - fills[0].fee + (coins + Decimal("0.05")) * later
    assert sold.positions == {"BTC": (coins + Decimal("0.03")) * later}
    assert sold.day_equity == bought.day_equity
    assert sold.drawdown == max(0, 1 - sold.equity / bought.equity)


async def test_value_that_moves_together_counts_correlated_coins(engine, perform):
    run = await perform("trading", "place_order", **order("buy", "1", "ETH/USDT"))
    (bought,) = standings_of(engine.company, await fills_of(engine.company), [run])
    assert bought.positions["ETH"] < bought.together < sum(bought.positions.values())


async def test_ledgers_add_up_to_nothing_and_explain_every_balance(engine, perform):
    await perform("trading", "place_order", **order("buy", "0.05"))
    fills = await fills_of(engine.company)
    for found in await ledgers_of(engine.company, fills):
        assert set(found.sums.values()) == {Decimal(0)}
        assert found.unexplained == {}


async def test_fill_that_was_never_booked_is_unexplained(engine, perform):
    await perform("trading", "place_order", **order("buy", "0.05"))
    (fill,) = await fills_of(engine.company)
    found = {one.venue: one for one in await ledgers_of(engine.company, [])}[fill.venue]
    assert found.unexplained == {"BTC": Decimal("0.05"), "USDT": -fill.cost - fill.fee}


async def test_evidence_knows_which_news_and_attacks_were_real(engine, perform):
    runs = [await perform("research", "headlines", limit=30), await perform("security", "scan_traffic")]
    evidence = await collect(engine.company, runs, [])
    assert {item.kind for item in evidence.truth.news.values()} >= {"background", "competitor"}
    assert evidence.truth.injected
    known = evidence.truth.attackers
    assert evidence.truth.attacks
    assert all(attack.kind in known[attack.source] for attack in evidence.truth.attacks)


async def test_only_attacks_in_scanned_traffic_count(engine, perform):
    run = await perform("security", "scan_traffic")
    evidence = await collect(engine.company, [run], [])
    traffic, now = engine.company.services[Traffic], run.as_of.timestamp()
    read = Counter(
        (campaign.kind, entry.address)
        for campaign in traffic.campaigns(run.as_of - timedelta(days=1), run.as_of)
        for entry in campaign.entries()
        if now - 6 * 3600 - 1 < entry.second <= now - 1  # the first scan looks back six hours
    )
    assert {(attack.kind, attack.source): attack.requests for attack in evidence.truth.attacks} == read
    assert attacks_of(engine.company, []) == ()
