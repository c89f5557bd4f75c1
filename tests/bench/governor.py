"""What one check costs: everything that is read and decided before an effect, in a company with a past."""

import statistics
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

PAST, TIMES = 50, 2_000
"""Effects that used the mandate today, and checks that are timed."""


def check_ms() -> float:
    """Return milliseconds of the median check: what holds the role, mandates and their use, open effects, the rules."""
    from company.config import Mandate
    from company.governor import Case, Scope, decide
    from company.governor.hold import what_holds
    from company.governor.standing import Mandates
    from company.home import bundled_directory
    from company.roles import load_roles
    from company.store import Store
    from company.toolkit import Stakes, load_tools

    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    small = Mandate(id="small", tools=("place_order",), max_notional=Decimal(1000))
    role, order = (
        load_roles(bundled_directory() / "roles")["trading"],
        load_tools(bundled_directory() / "tools")["place_order"],
    )
    with tempfile.TemporaryDirectory() as home:
        store = Store.open(Path(home) / "company.db", now=lambda: now)
        run = store.runs.create(
            kind="cycle", thread_id="", request="", person="", number=1, as_of=now, seed=7, identity="i"
        )
        for number in range(PAST):
            store.effects.begin(
                key=f"{number:032x}",
                run_id=run.id,
                role=role.id,
                tool=order.name,
                arguments_hash=f"{number:064x}",
                mandate_id=small.id,
                notional=Decimal(10),
            )
            store.effects.finish(f"{number:032x}", "done", {"value": {}, "sources": []})
        scope, mandates, taken = Scope(run, role, "ceo/trading"), Mandates(given=[small], store=store), []
        for number in range(TIMES):
            began = time.perf_counter()
            with store.transaction():
                stopped, hold = what_holds(store, scope)
                case = Case(
                    tool=order,
                    role=role.id,
                    granted=True,
                    now=now,
                    stopped=stopped,
                    tripped=str(hold or ""),
                    stakes=Stakes(symbol="BTC/USDT", notional=Decimal(100)),
                    unsettled="unknown" if store.effects.unknown(order.name, f"{number:064x}") else "",
                    standings=mandates.covering(role.id, order.name, now=now, own=None),
                )
                assert decide(case).rule == "mandate.small"
            taken.append((time.perf_counter() - began) * 1000)
        store.close()
    return statistics.median(taken)
