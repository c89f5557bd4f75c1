"""What one order costs, from the decision to the acknowledgement: through the governor's door, with no model.

The company is the default one, on a real SQLite home. Each order passes what every order of a role passes: the rules,
the mandate, the risk limits, the effect ledger, the desk's intent, the paper venue's matching and its ledger, and the
journal rows of call and result, all committed when the clock is stopped.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.home import Company
    from company.store import Run

WARM, TIMES, ORDERS = 20, 200, 10
"""Orders before the clock counts, orders that count, and orders of one run."""

STEP = timedelta(minutes=1)


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Return name, value, bar and whether more is better."""
    taken = sorted(asyncio.run(_orders()))
    yield "desk.pipeline_p95_ms", statistics.quantiles(taken, n=20)[-1], 10.0, False


async def _orders() -> list[float]:
    """Milliseconds of each order: purchases, which more limits look at than at sales, in a market that moves on."""
    from company.config import Mandate
    from company.engine import Engine
    from company.governor import Call, Scope
    from company.home import CompanyDirectory, bundled_directory, open_company

    bundled, taken = bundled_directory(), []
    with tempfile.TemporaryDirectory() as home:
        company = open_company(CompanyDirectory(bundled, bundled), Path(home), environment=os.environ)
        engine = Engine(company)
        company.store.mandates.add(Mandate(id="bench", tools=("place_order",)), by="bench")
        for number in range(WARM + TIMES):
            if number % ORDERS == 0:
                scope = Scope(_run(company), company.roles["trading"], "ceo/trading")
                company.world.advance_to(company.clock.now() + STEP)
            wish = {"symbol": "SOL/USDT", "side": "buy", "quantity": f"0.1{number:03}", "reason": "bench"}
            began = time.perf_counter()
            outcome = await engine.governor.perform(scope, Call(f"call{number}", "place_order", wish))
            taken.append((time.perf_counter() - began) * 1000)
            assert outcome.status == "ok", outcome
        engine.close()
        company.close()
    return taken[WARM:]


def _run(company: "Company") -> "Run":
    """A run of its own, as `company` gives one to a single task."""
    clock, seed, identity = company.clock, company.seed, company.identity
    shape = {"kind": "task", "thread_id": "", "request": "", "person": "", "number": 0}
    return company.store.runs.create(**shape, as_of=clock.now(), seed=seed, identity=identity)
