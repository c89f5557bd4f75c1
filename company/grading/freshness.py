"""Prices that tools gave, held against the paper world's own price at that moment.

Company time stands still within a run, so the moment of a price is the company time of its run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from company.grading.evidence import Evidence
from company.grading.strict import Strict, ToolNames
from company.grading.transcript import tool_uses
from company.home import Company
from company.store import Run

_BPS = Decimal(10_000)

Prices = Mapping[str, Mapping[str, Decimal]]
"""By run, then by symbol."""


class PricesWanted(Strict):
    """Prices that must be those of the moment.

    Attributes:
        tools: The tools whose prices are looked at; each must have given one. A price is a field `price` beside a
            `symbol`, anywhere in a result.
        within_bps: Largest distance from the world's price, in basis points; venues stray from it by up to ten.
    """

    tools: ToolNames
    within_bps: Annotated[int, Field(gt=0)] = 10


def prices_current(evidence: Evidence, wanted: PricesWanted) -> Iterable[str]:
    """Each price that these tools gave is the paper world's at that moment."""
    given = [use for use in tool_uses(evidence.events) if use.status == "ok" and use.tool in wanted.tools]
    for tool in wanted.tools:
        if not any(_prices(use.value) for use in given if use.tool == tool):
            yield f"{tool} gave no price"
    for use in given:
        for symbol, price in _prices(use.value):
            real = evidence.truth.prices[use.run_id][symbol]
            if abs(price / real - 1) * _BPS > wanted.within_bps:
                yield f"{use.tool} gave {price} for {symbol} in {use.run_id}, it was {real}"


def real_prices(company: Company, runs: Sequence[Run]) -> Prices:
    """Return the world's price of every symbol at the company time of each run."""
    market = company.world.market
    return {run.id: {symbol: market.price(symbol, run.as_of) for symbol in market.symbols} for run in runs}


def _prices(value: Any) -> list[tuple[str, Decimal]]:
    return list(_found(value))


def _found(value: Any) -> Iterator[tuple[str, Decimal]]:
    if isinstance(value, dict):
        if "symbol" in value and value.get("price") is not None:
            yield value["symbol"], Decimal(str(value["price"]))
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _found(part)
