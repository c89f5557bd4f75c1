"""Looks at a company and its world after the runs and writes down what is there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from company.events import Event
from company.grading.alarms import attacks_of
from company.grading.briefing import prompts_of
from company.grading.evidence import Evidence, Truth
from company.grading.freshness import real_prices
from company.grading.markets import fills_of, ledgers_of, standings_of
from company.grading.press import grounds_of, injected, printed
from company.grading.remains import remembered, reminders, sent
from company.grading.trades import Holdings, Trade
from company.home import Company
from company.ports import Traffic, Venue, decimal_of
from company.store import Effect, Run
from company.world import PaperTraffic

_BEFORE = timedelta(days=1)
"""How far before the first run an attack may have begun that is still seen."""

_STATES: tuple[Literal["done", "unknown", "intent", "failed"], ...] = ("done", "unknown", "intent", "failed")


async def collect(company: Company, runs: Sequence[Run], holdings: Sequence[Holdings]) -> Evidence:
    """Return the evidence of a company whose runs have ended or wait for a person."""
    store = company.store
    events, fills = list(store.journal.all()), await fills_of(company)
    return Evidence(
        runs=tuple(runs),
        events=tuple(events),
        journal=store.journal.verify(),
        effects=tuple(_effects(company)),
        approvals=tuple(approval for run in runs for approval in store.approvals.for_run(run.id)),
        trades=await _trades(company),
        holdings=tuple(holdings),
        mandates=company.settings.mandates,
        irreversible=frozenset(tool.name for tool in company.registry.values() if tool.effect == "irreversible"),
        truth=_truth(company, runs, events),
        prompts=prompts_of(company),
        sent=sent(company),
        memories=remembered(company, runs),
        given=reminders(company, runs),
        fills=fills,
        standings=standings_of(company, fills, runs),
        ledgers=await ledgers_of(company, fills),
        grounds=grounds_of(company),
    )


async def holdings_after(company: Company, run: Run) -> Holdings:
    """Return what all venues hold now, at the mid price of the first venue."""
    venues, quote = company.world.venues.values(), company.settings.company.quote
    totals: dict[str, Decimal] = {}
    for venue in venues:
        for currency, amount in (await venue.fetch_balance())["total"].items():
            totals[currency] = totals.get(currency, Decimal(0)) + decimal_of(amount)
    cash, reference = totals.pop(quote, Decimal(0)), next(iter(venues))
    positions = {name: amount * await _mid(reference, f"{name}/{quote}") for name, amount in totals.items() if amount}
    return Holdings(run.id, cash + sum(positions.values(), Decimal(0)), positions)


async def _mid(venue: Venue, symbol: str) -> Decimal:
    ticker = await venue.fetch_ticker(symbol)
    return (decimal_of(ticker["bid"]) + decimal_of(ticker["ask"])) / 2


def _effects(company: Company) -> list[Effect]:
    return [effect for state in _STATES for effect in company.store.effects.in_state(state)]


async def _trades(company: Company) -> tuple[Trade, ...]:
    trades = [trade for venue in company.world.venues.values() for trade in await _filled(venue)]
    return tuple(sorted(trades, key=lambda trade: trade.at))


async def _filled(venue: Venue) -> list[Trade]:
    """Return the venue's orders that were filled, wholly or in part."""
    fills = {fill["order"]: fill["symbol"] for fill in await venue.fetch_my_trades()}
    orders = [await venue.fetch_order(number, symbol) for number, symbol in fills.items()]
    return [
        Trade(
            venue=venue.id,
            symbol=order["symbol"],
            side=order["side"],
            quantity=decimal_of(order["filled"]),
            notional=decimal_of(order["cost"]),
            key=order["clientOrderId"],
            at=datetime.fromtimestamp(order["timestamp"] / 1000, UTC),
        )
        for order in orders
    ]


def _truth(company: Company, runs: Sequence[Run], events: Sequence[Event]) -> Truth:
    traffic: PaperTraffic = company.services[Traffic]
    kinds: dict[str, set[str]] = {}
    for campaign in traffic.campaigns(runs[0].as_of - _BEFORE, company.clock.now()):
        for source in campaign.sources:
            kinds.setdefault(source, set()).add(campaign.kind)
    return Truth(
        attackers={source: frozenset(found) for source, found in kinds.items()},
        injected=injected(company, runs),
        prices=real_prices(company, runs),
        news=printed(company, runs),
        attacks=attacks_of(company, events),
    )
