"""Stops as a role uses them: through the governor, with a purchase, and under a mandate that sells nothing else."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from company.config import Mandate
from tests.trading.pairing import House, begin, opened

MANDATES = (
    Mandate(id="trade", tools=("place_order",), max_notional=Decimal(2_000)),
    Mandate(id="stops", tools=("sell_stopped",), max_calls_day=9),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, mandates=MANDATES) as house:
        yield house


async def bought(house: House, tmp_path: Path, *, below: str = "0.998") -> str:
    """Buy with a stop a little below the price, and return the stop."""
    await begin(tmp_path)
    stop = f"{(await house.desk.ticker('BTC')).price * Decimal(below):.2f}"
    said = {"symbol": "BTC", "side": "buy", "quantity": "0.02", "venue": "paper-b", "reason": "entry", "trigger": stop}
    assert (await house.perform("place_order", **said)).status == "ok"
    return stop


async def test_what_has_not_reached_its_stop_is_not_sold_under_the_mandate_of_stops(
    house: House, tmp_path: Path
) -> None:
    await bought(house, tmp_path, below="0.9")

    early = await house.perform("sell_stopped", call="c2", symbol="BTC", venue="paper-b")
    other = await house.perform("sell_stopped", call="c3", symbol="BTC", venue="paper-a")

    assert (early.status, early.rule) == ("denied", "risk.stop_not_reached")
    assert (other.status, other.rule) == ("denied", "arguments.invalid")
    assert "BTC/USDT at 'paper-a' has no stop; one has BTC/USDT at paper-b" in other.error
    assert len(house.desk.newest_orders(9)) == 1


async def test_what_has_reached_its_stop_is_sold_inside_the_mandate_once_and_told(house: House, tmp_path: Path) -> None:
    stop = await bought(house, tmp_path)
    for _ in range(400):
        house.pass_time(minutes=15)
        [watched] = (await house.perform("stops", call="look")).value
        if Decimal(watched["reached"]):
            break

    sold = await house.perform("sell_stopped", call="c2", symbol="BTC", venue="paper-b")
    again = await house.perform("sell_stopped", call="c2", symbol="BTC", venue="paper-b")

    assert (watched["stop"], watched["quantity"]) == (stop.rstrip("0").rstrip("."), "0.02")
    assert (sold.status, sold.rule, sold.value["filled"]) == ("ok", "mandate.stops", "0.02")
    assert again.value == sold.value
    assert [order["side"] for order in house.events("trade.filled")] == ["buy", "sell"]
    assert (await house.perform("stops", call="c4")).value == []
