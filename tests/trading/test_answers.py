import importlib.util
from decimal import Decimal
from pathlib import Path

import pytest

from company.errors import (
    BadSymbol,
    DuplicateOrder,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
    RequestTimeout,
    VenueError,
)
from company.trading.answers import answer, charges, number, optional


@pytest.fixture(scope="module")
def ccxt_errors():
    """ccxt's real exception classes, without the seconds that importing all its exchanges takes."""
    found = importlib.util.find_spec("ccxt")
    spec = importlib.util.spec_from_file_location("ccxt.base.errors", Path(found.origin).parent / "base" / "errors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def raising(error):
    raise error


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("InsufficientFunds", InsufficientFunds),
        ("DuplicateOrderId", DuplicateOrder),
        ("OrderImmediatelyFillable", InvalidOrder),
        ("OrderNotFound", OrderNotFound),
        ("BadSymbol", BadSymbol),
        ("RequestTimeout", RequestTimeout),
        ("ExchangeNotAvailable", RequestTimeout),
        ("NetworkError", RequestTimeout),
        ("BadResponse", RequestTimeout),
        ("PermissionDenied", VenueError),
    ],
)
async def test_an_error_of_ccxt_becomes_the_error_that_means_the_same(ccxt_errors, theirs, ours):
    with pytest.raises(VenueError) as raised:
        await answer("kraken", raising(getattr(ccxt_errors, theirs)("order 7 says no")))

    assert type(raised.value) is ours
    assert str(raised.value) == f"kraken: {theirs}: order 7 says no"
    assert not raised.value.retryable


@pytest.mark.parametrize("theirs", ["RateLimitExceeded", "DDoSProtection", "OnMaintenance"])
async def test_a_refusal_before_any_effect_may_be_tried_again(ccxt_errors, theirs):
    with pytest.raises(VenueError) as raised:
        await answer("kraken", raising(getattr(ccxt_errors, theirs)("slow down")))

    assert raised.value.retryable
    assert not isinstance(raised.value, RequestTimeout)


async def test_a_bug_is_not_taken_for_a_venues_answer():
    with pytest.raises(KeyError):
        await answer("kraken", raising(KeyError("price")))


async def test_our_own_errors_pass_unchanged():
    error = OrderNotFound("no such order")

    with pytest.raises(OrderNotFound) as raised:
        await answer("paper-a", raising(error))
    assert raised.value is error


@pytest.mark.parametrize("raw", [1.1, "1.1", Decimal("1.1")])
def test_numbers_of_any_kind_are_read_exactly(raw):
    assert number({"price": raw}, "price", "here") == Decimal("1.1")


@pytest.mark.parametrize("raw", ["n/a", float("nan"), float("inf"), [1]])
def test_what_is_no_number_is_shown_with_its_place(raw):
    with pytest.raises(VenueError, match=r"kraken ticker: 'bid' is .* not a number"):
        optional({"bid": raw}, "bid", "kraken ticker")


def test_a_number_that_is_left_out_is_none_only_where_it_may_be():
    assert optional({"bid": None}, "bid", "here") is None
    with pytest.raises(VenueError, match="here: 'bid' is missing"):
        number({}, "bid", "here")


def test_fees_are_read_from_either_place():
    assert charges({"fee": {"currency": "USDT", "cost": 1}}, "here") == [("USDT", 1)]
    assert charges({"fee": None, "fees": []}, "here") == []
    assert charges({"fees": [{"currency": "BNB", "cost": "0.1"}, {"currency": "BNB", "cost": None}]}, "here") == [
        ("BNB", Decimal("0.1"))
    ]
