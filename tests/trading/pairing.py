"""An arbitrage that a role takes through the governor, in a process that is killed at a chosen step.

Steps are counted as in `killing`: every change of the desk's books, and the call to a venue before and after it is
carried out. Commands come as lines of JSON on standard input:

    {"home": directory, "step": number}      step 0 lets it live

The answer is how the process ended, as a `Popen` says it, and nothing else survives of it but the home.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from company.config import ApprovalSettings, BudgetSettings, Mandate
from company.governor import Allowance, Call, Governor, Outcome, Scope
from company.home import bundled_directory
from company.roles import Role
from company.store import Store
from company.toolkit import Registry
from company.toolkit.loader import load_tools
from company.trading import Desk, RiskLimits
from company.trading.strategies import Arbitrage, TwoLegs
from company.trading.strategies.legs import look
from company.world import START, PaperWorld, VirtualClock
from tests.trading.faults import Around
from tests.trading.killing import Fate, MortalBooks, mortal

TOOLS = ("trade_arbitrage", "open_pairs", "settle_pair", "place_order", "stops", "sell_stopped")
TRADER = Role(
    id="trading",
    title="Trader",
    reports_to="ceo",
    summary="Trades.",
    tools=TOOLS,
    persona="You trade.",
    source="test",
)
MANDATE = Mandate(id="pairs", tools=("trade_arbitrage", "settle_pair"), max_notional=Decimal(2500))


@cache
def tools() -> Registry:
    return Registry(load_tools(bundled_directory() / "tools")[name] for name in TOOLS)


@dataclass(frozen=True, slots=True)
class House:
    """A home with a desk, and the governor in front of it."""

    store: Store
    desk: Desk
    world: PaperWorld
    governor: Governor

    async def perform(self, tool: str, call: str = "c1", **arguments: Any) -> Outcome:
        run = self.store.runs.get("R1")
        self.store.budgets.release_run(run.id)
        return await self.governor.perform(Scope(run, TRADER, "ceo/trading"), Call(call, tool, arguments))

    def pass_time(self, **span: float) -> None:
        self.world.advance_to(self.world.clock.now() + timedelta(**span))

    def events(self, name: str) -> list[Any]:
        return [event.body["value"] for event in self.store.journal.read(types=(name,))]


@contextmanager
def opened(
    home: Path,
    at: datetime = START,
    *,
    step: int = 0,
    kind: type[Around] = Around,
    limits: RiskLimits | None = None,
    mandates: Sequence[Mandate] = (MANDATE,),
) -> Iterator[House]:
    """Open a home as a fresh process would; its venues all are of a `kind`."""
    fate, clock = Fate(step), VirtualClock(at)
    store = Store.open(home / "company.db", now=clock.now)
    world = PaperWorld(seed=7, books=store.books("world"), clock=clock)
    bent = mortal(kind, fate)
    venues = {name: bent(venue) for name, venue in world.venues.items()}
    desk = Desk(
        venues=venues, clock=clock, books=MortalBooks(store.books("trading"), fate), limits=limits or RiskLimits()
    )
    governor = Governor(
        store=store,
        registry=tools(),
        mandates=mandates,
        allowance=Allowance(budgets=store.budgets, limits=BudgetSettings()),
        clock=clock,
        services={Desk: desk},
        approvals=ApprovalSettings(expires=timedelta(hours=1)),
    )
    try:
        yield House(store, desk, world, governor)
    finally:
        store.close()


async def begin(home: Path) -> None:
    """Make a home with a run, whose books are open."""
    with opened(home) as house:
        house.store.runs.create(
            kind="cycle", thread_id="T1", request="", person="", number=1, as_of=START, seed=7, identity="i"
        )
        await house.desk.reconcile()


async def wait_for_profit(house: House) -> dict[str, str]:
    """Let minutes pass until an arbitrage in bitcoin earns, and return what a role would ask for."""
    plan: TwoLegs | None = None
    while plan is None:
        house.pass_time(minutes=1)
        plan = Arbitrage()(await look(house.desk, "BTC"))
    return asked(plan)


def asked(plan: TwoLegs, **changed: str) -> dict[str, str]:
    """Return the arguments by which a role takes a plan."""
    told = plan.model_dump(mode="json", include={"symbol", "quantity", "buy", "buy_limit", "sell", "sell_limit"})
    return {**told, **changed}


def main() -> None:
    tools()
    for line in sys.stdin:
        said = json.loads(line)
        if (pid := os.fork()) == 0:
            _live(said)
        print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])), flush=True)


def _live(said: Any) -> None:
    try:
        with opened(Path(said["home"]), datetime.fromisoformat(said["at"]), step=said["step"]) as house:
            asyncio.run(house.perform("trade_arbitrage", **said["arguments"]))
        os._exit(0)
    finally:
        os._exit(70)


if __name__ == "__main__":
    main()
