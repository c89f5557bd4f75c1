"""What a model may say as a number: a size that money can have, or it is told so."""

from decimal import Decimal

import pytest

from company.errors import ToolError
from company.trading.arguments import read_limit, read_number, read_positive

OUTSIZED = ["1e18", "-1e18", "1e999990", "1e999999999", "1e-25", "-1e-999990"]


@pytest.mark.parametrize("raw", OUTSIZED)
def test_a_number_that_no_money_has_is_refused_with_what_may_be_given(raw):
    with pytest.raises(ToolError, match="from 1e-24 to 1e18"):
        read_number(raw, "quantity")


@pytest.mark.parametrize(
    ("raw", "number"), [("0", "0"), (" 5 ", "5"), ("1e9", "1000000000"), ("9.9e17", "9.9e17"), ("1e-24", "1e-24")]
)
def test_a_number_of_a_usual_size_is_read_exactly(raw, number):
    assert read_number(raw, "quantity") == Decimal(number)


@pytest.mark.parametrize("raw", ["0x10", "nan", "-inf", "sNaN", "", "1,5", True, None, [], {}, b"1"])
def test_what_is_no_number_is_refused(raw):
    with pytest.raises(ToolError, match="give a number"):
        read_number(raw, "quantity")


@pytest.mark.parametrize("raw", ["0", "-0", "-1"])
def test_what_must_be_above_zero_is(raw):
    with pytest.raises(ToolError, match="above 0"):
        read_positive(raw, "quantity")


@pytest.mark.parametrize("raw", OUTSIZED)
@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_an_outsized_order_is_denied_and_ends_no_run(office, side, raw):
    desk = office.desk
    with pytest.raises(ToolError):
        await desk.place("BTC", side, raw, key="q", reason="test")
    with pytest.raises(ToolError):
        await desk.place("BTC", side, "0.01", key="p", reason="test", type="limit", price=raw)
    with pytest.raises(ToolError):
        await desk.place("BTC", side, "0.01", key="e", reason="test", evidence={"score": raw})
    assert await desk.open_orders() == []


def test_a_market_order_has_no_limit():
    assert read_limit(None) is None
