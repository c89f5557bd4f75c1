"""Fees: what the venues charged, what their schedules say, and what the company says it paid."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

from company.grading.evidence import Evidence
from company.grading.trades import Fill
from company.grading.transcript import ToolUse, tool_uses

_CENT = Decimal("0.01")


def fees_charged(evidence: Evidence, wanted: Literal[True]) -> Iterable[str]:
    """Every fill paid its venue's fee, every order tells its fee, and the books hold all fees that were paid."""
    if not evidence.fills:
        yield "nothing was filled, so no fee is shown"
    for fill in evidence.fills:
        due = fill.cost * fill.rate
        if abs(fill.fee - due) > _CENT:
            yield f"{fill.venue} took {fill.fee:.2f} of order {fill.key}, its schedule says {due:.2f}"
    uses = [use for use in tool_uses(evidence.events) if use.status == "ok"]
    yield from (fault for use in uses if use.tool == "place_order" for fault in _untold(use, evidence.fills))
    yield from _unbooked(uses, evidence.fills)


def _untold(use: ToolUse, fills: Sequence[Fill]) -> Iterable[str]:
    """Hold the fee that an order tells to those of its fills; a resting order may have filled since."""
    taken = sum((fill.fee for fill in fills if fill.key == use.receipt), Decimal(0))
    told = Decimal(use.value["fee"] or 0)
    if use.value["status"] == "closed" and abs(told - taken) > _CENT:
        yield f"place_order tells a fee of {told} in {use.run_id}, its fills paid {taken}"


def _unbooked(uses: Sequence[ToolUse], fills: Sequence[Fill]) -> Iterable[str]:
    """Hold the fees in the books to all that were charged, where the books were read after the last order."""
    acts = [use.seq for use in uses if use.receipt]
    read = [use for use in uses if use.tool == "profit_and_loss" and use.seq > max(acts, default=0)]
    taken = sum((fill.fee for fill in fills), Decimal(0))
    for use in read[-1:]:
        booked = Decimal(use.value["fees"])
        if abs(booked - taken) > _CENT:
            yield f"the books hold fees of {booked}, the venues took {taken}"
