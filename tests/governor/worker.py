"""A process of its own: performs one call through the governor and prints its outcome.

    worker.py HOUSE hang | before | after | live

`hang` calls a tool that sleeps for a minute. The others shout: `before` and `after` say when, seen from the effect, the
process dies; `live` lets it live.
"""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from company import Context, tool
from company.config import ApprovalSettings, BudgetSettings
from company.governor import Allowance, Call, Governor, Scope
from company.roles import Role
from company.store import Store
from company.toolkit import Registry, tool_of
from company.world import VirtualClock

HOUSE, MODE = Path(sys.argv[1]), sys.argv[2]
STREET = HOUSE / "street.txt"


def die_if(mode: str) -> None:
    if mode == MODE:
        os._exit(9)


@tool(effect="read", timeout=0.05)
def hang() -> str:
    """Hang."""
    time.sleep(60)
    return "late"


async def heard(context: Context) -> str | None:
    lines = STREET.read_text().splitlines() if STREET.exists() else []
    return dict(line.split(" ", 1) for line in lines).get(context.key)


@tool(effect="write", lookup=heard)
async def shout(text: str, context: Context) -> str:
    """Shout.

    Args:
        text: What.
    """
    die_if("before")
    with STREET.open("a") as street:
        street.write(f"{context.key} {text}\n")
        street.flush()
    die_if("after")
    return text


async def main() -> None:
    clock = VirtualClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    store = Store.open(HOUSE / "state.db", now=clock.now)
    run = store.runs.get("R1")
    store.budgets.release_run(run.id)
    governor = Governor(
        store=store,
        registry=Registry(found for function in (hang, shout) if (found := tool_of(function))),
        mandates=(),
        allowance=Allowance(budgets=store.budgets, limits=BudgetSettings()),
        clock=clock,
        services={},
        approvals=ApprovalSettings(expires=timedelta(seconds=60)),
    )
    role = Role(
        id="trading",
        title="Trader",
        reports_to="ceo",
        summary="Trades.",
        tools=("hang", "shout"),
        persona="You trade.",
        source="test",
    )
    call = Call("c1", "hang", {}) if MODE == "hang" else Call("c1", "shout", {"text": "hello"})
    outcome = await governor.perform(Scope(run, role, "ceo/trading"), call)
    store.close()
    print(json.dumps({"status": outcome.status, "rule": outcome.rule, "value": outcome.value}))


asyncio.run(main())
