"""A process that dies at the worst moment, between an effect and the row that says so."""

from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from company.home import open_store
from company.store import Effect

Command = Callable[..., CompletedProcess[str]]
WriteCompany = Callable[[Mapping[str, str]], Path]

CEO = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: trader
    task: Buy.
    standing: true
  - answer: "{{ reports.trader.summary }}"
---
You lead.
"""
TRADER = """
---
id: trader
title: Trader
reports_to: ceo
summary: Buys.
tools: [buy]
playbook:
  - call: buy
    with: {symbol: BTC/USDT}
    as: order
  - report: "{{ 'bought ' ~ order.filled if order is ok else 'nothing is known' }}"
---
You buy.
"""
BUY = '''
import os
from decimal import Decimal
from pathlib import Path

from company import Context, tool
from company.trading import Desk, OrderReport


def die_once() -> None:
    mark = Path(__file__).with_name("died")
    if not mark.exists():
        mark.touch()
        os._exit(9)


async def placed(context: Context) -> OrderReport | None:
    return await context.get(Desk).find(context.key)


@tool(effect="write"{options})
async def buy(symbol: str, context: Context) -> OrderReport:
    """Buy a little.

    Args:
        symbol: What.
    """
    {before}
    report = await context.get(Desk).place(symbol, "buy", Decimal("0.01"), key=context.key, reason="test")
    {after}
    return report
'''


def _company(write_company: WriteCompany, options: str, *, before: str = "", after: str = "") -> Path:
    tool = BUY.format(options=options, before=before or "pass", after=after or "pass")
    settings = "[memory]\nenabled = false\n"
    return write_company(
        {"company.toml": settings, "roles/ceo.md": CEO, "roles/trader.md": TRADER, "tools/buying.py": tool}
    )


def _trace(home: Path) -> tuple[list[Effect], list[str], list[bool]]:
    """Return the effects, the client ids of all orders, and what look-ups found."""
    store = open_store(home)
    try:
        effects = [
            effect for state in ("intent", "done", "failed", "unknown") for effect in store.effects.in_state(state)
        ]
        world = store.books("world")
        orders = [order for v in ("paper-a", "paper-b", "paper-c") for _, order in world.items(f"{v}.order")]
        looked_up = [event.body["value"]["found"] for event in store.journal.read(types={"effect.reconciled"})]
    finally:
        store.close()
    return effects, [order["client_id"] for order in orders], looked_up


def test_an_order_whose_process_died_before_its_result_was_kept_is_found_and_not_sent_again(
    write_company: WriteCompany, run_company: Command, tmp_path: Path
) -> None:
    directory, home = _company(write_company, ", lookup=placed", after="die_once()"), tmp_path / "home"
    died = run_company("run", "--cycles", "1", "--dir", str(directory), home=home)
    [intent], orders, _ = _trace(home)
    assert (died.returncode, intent.state, orders) == (9, "intent", [intent.key])

    resumed = run_company("resume", "R1", "--dir", str(directory), home=home)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    [effect], orders, looked_up = _trace(home)
    assert (effect.state, orders, looked_up) == ("done", [intent.key], [True])
    assert "bought 0.01" in resumed.stdout


def test_an_order_whose_process_died_before_it_was_sent_is_sent_once(
    write_company: WriteCompany, run_company: Command, tmp_path: Path
) -> None:
    directory, home = _company(write_company, ", lookup=placed", before="die_once()"), tmp_path / "home"
    died = run_company("run", "--cycles", "1", "--dir", str(directory), home=home)
    [intent], orders, _ = _trace(home)
    assert (died.returncode, intent.state, orders) == (9, "intent", [])

    resumed = run_company("run", "--cycles", "1", "--dir", str(directory), home=home)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    effects, orders, looked_up = _trace(home)
    assert [effect.state for effect in effects] == ["done", "done"]  # the cycle that was left, and the next one
    assert (sorted(orders), looked_up) == (sorted(effect.key for effect in effects), [False])


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_effect_that_cannot_be_looked_up_is_not_repeated_before_a_person_was_asked(
    moment: str, write_company: WriteCompany, run_company: Command, tmp_path: Path
) -> None:
    directory, home = _company(write_company, "", **{moment: "die_once()"}), tmp_path / "home"
    assert run_company("run", "--cycles", "1", "--dir", str(directory), home=home).returncode == 9
    _, sent, _ = _trace(home)

    resumed = run_company("resume", "R1", "--dir", str(directory), home=home)
    [effect], orders, _ = _trace(home)
    assert (effect.state, orders) == ("unknown", sent)
    assert "1 approval waiting" in resumed.stdout
    assert "nobody knows whether it happened" in run_company("approvals", "--dir", str(directory), home=home).stdout
