"""A venue of a package: its mistakes become errors of ours, and nothing it cannot look up is sent."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from company.errors import (
    BadSymbol,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
    ProviderError,
    RequestTimeout,
    UsageError,
    VenueError,
)
from company.trading.venues import Keys, PackageVenue, Terms

BTC = "BTC/USDT"
KEYS = Keys("the-key-of-ann", "the-secret-of-ann")
MARKET = {"symbol": BTC, "base": "BTC", "quote": "USDT", "precision": {"amount": "0.001", "price": "0.5"}}
KINDS = ("free", "used", "total")


class Shop:
    """What a package brings; `says` replaces an answer, by the name of the method."""

    finds_by_client_order_id: Any = True

    def __init__(self) -> None:
        self.id = "shop"
        self.says: dict[str, Any] = {}
        self.asked: list[tuple[str, Any]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.closed = 0

    async def _said(self, name: str, usual: Any, *given: Any) -> Any:
        self.asked.append((name, given))
        answer = self.says.get(name, usual)
        if isinstance(answer, BaseException):
            raise answer
        return await answer() if callable(answer) else answer

    async def load_markets(self, reload: bool = False) -> Any:
        return await self._said("load_markets", {BTC: MARKET})

    async def fetch_ticker(self, symbol: str) -> Any:
        return await self._said("fetch_ticker", {"symbol": symbol, "bid": 1, "ask": 2})

    async def fetch_order_book(self, symbol: str, limit: Any = None) -> Any:
        return await self._said("fetch_order_book", {"bids": [[1, 1]], "asks": [[2, 1]]})

    async def fetch_ohlcv(self, symbol: str, timeframe: str = "1m", since: Any = None, limit: Any = None) -> Any:
        return await self._said("fetch_ohlcv", [[1, 1, 1, 1, 1, 1]])

    async def fetch_balance(self) -> Any:
        return await self._said("fetch_balance", {kind: {"USDT": 5} for kind in KINDS})

    async def create_order(
        self, symbol: str, type: str, side: str, amount: Any, price: Any = None, params: Any = None
    ) -> Any:
        order = {"id": "7", "clientOrderId": params["clientOrderId"], "symbol": symbol, "status": "open"}
        self.orders[order["clientOrderId"]] = order
        return await self._said("create_order", order, symbol, type, side, amount, price, params)

    async def cancel_order(self, id: str, symbol: Any = None) -> Any:
        return await self._said("cancel_order", {"id": id, "status": "canceled"}, id)

    async def fetch_order(self, id: Any, symbol: Any = None, params: Any = None) -> Any:
        known = self.orders.get((params or {}).get("clientOrderId"), OrderNotFound("there is no such order"))
        return await self._said("fetch_order", known, id, params)

    async def fetch_open_orders(self, symbol: Any = None, since: Any = None, limit: Any = None) -> Any:
        return await self._said("fetch_open_orders", [])

    async def fetch_my_trades(self, symbol: Any = None, since: Any = None, limit: Any = None) -> Any:
        return await self._said("fetch_my_trades", [])

    async def close(self) -> None:
        self.closed += 1

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


class Door:
    """A gate that a test opens, and what left through it."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open
        self.left: list[tuple[Any, ...]] = []

    def require(self, venue: str, act: Any) -> None:
        if not self.is_open:
            raise VenueError("live trading is off; nothing was sent")

    def leave(self, venue: str, act: Any, what: str, client_order_id: str) -> None:
        self.require(venue, act)
        self.left.append((venue, act, what, client_order_id))


def venue_of(shop: Any, *, keys: Any = lambda: KEYS, gate: Any = None, **terms: Any) -> PackageVenue:
    given = {"sandbox": True, "symbols": (BTC,), **terms}
    return PackageVenue(Terms("near", "shop", "near", **given), load=lambda: lambda *_: shop, keys=keys, gate=gate)


async def place(venue: PackageVenue, key: str = "k1", **more: Any) -> Any:
    return await venue.create_order(BTC, "market", "buy", Decimal("0.01"), None, {"clientOrderId": key, **more})


async def cancel(venue: PackageVenue) -> Any:
    return await venue.cancel_order("7", BTC)


async def read(venue: PackageVenue) -> Any:
    return await venue.fetch_balance()


Call = Callable[[PackageVenue], Awaitable[Any]]
METHODS: dict[Call, str] = {place: "create_order", cancel: "cancel_order", read: "fetch_balance"}


async def test_an_order_is_given_exact_numbers_and_answered() -> None:
    shop = Shop()
    placed = await place(venue_of(shop))

    assert placed["id"] == "7"
    (_, given) = shop.asked[-1]
    assert given == (BTC, "market", "buy", Decimal("0.01"), None, {"clientOrderId": "k1"})
    assert isinstance(given[3], Decimal)


@pytest.mark.parametrize("said", [False, None, "yes", 1])
async def test_a_venue_that_does_not_say_that_it_finds_our_ids_is_read_only(said: Any) -> None:
    shop = Shop()
    shop.finds_by_client_order_id = said
    venue = venue_of(shop)

    with pytest.raises(VenueError, match="can be read, not traded on: it does not say that it finds an order by our"):
        await place(venue)
    with pytest.raises(VenueError, match="not traded on"):
        await venue.fetch_order(None, BTC, {"clientOrderId": "k1"})

    assert await read(venue)
    assert shop.names() == ["fetch_balance"]


@pytest.mark.parametrize("answer", [None, {}, {"id": "3", "clientOrderId": "another"}, []])
async def test_a_venue_that_finds_what_nobody_placed_is_sent_nothing(answer: Any) -> None:
    shop = Shop()
    shop.says["fetch_order"] = answer

    with pytest.raises(VenueError, match="asked for an order that nobody placed, it did not answer OrderNotFound"):
        await place(venue_of(shop))

    assert "create_order" not in shop.names()


async def test_what_it_says_of_itself_is_tried_once_a_connection() -> None:
    shop = Shop()
    venue = venue_of(shop)
    for key in ("k1", "k2", "k3"):
        await place(venue, key)

    assert shop.names().count("fetch_order") == 1


async def test_an_order_to_real_money_stops_at_the_gate_before_anything_is_asked() -> None:
    shop, door = Shop(), Door(is_open=False)
    venue = venue_of(shop, sandbox=False, gate=door)

    for call in (place, cancel):
        with pytest.raises(VenueError, match="live trading is off; nothing was sent"):
            await call(venue)
    assert shop.asked == []

    door.is_open = True
    await place(venue)
    await cancel(venue)
    assert door.left == [
        ("near", "order", "buy 0.01 BTC/USDT, market", "k1"),
        ("near", "cancel", "cancel order 7 of BTC/USDT", ""),
    ]


async def test_without_a_gate_no_real_money_moves() -> None:
    shop = Shop()
    with pytest.raises(VenueError, match="trades with real money and nobody allowed that here"):
        await place(venue_of(shop, sandbox=False))
    assert "create_order" not in shop.names()


@pytest.mark.parametrize("call", METHODS)
async def test_a_venue_that_hangs_is_given_up_and_an_order_is_of_unknown_outcome(call: Call) -> None:
    shop = Shop()
    shop.says[METHODS[call]] = lambda: asyncio.sleep(60)
    began = time.monotonic()

    with pytest.raises(RequestTimeout, match=r"near gave no answer in 0\.05 s"):
        await call(venue_of(shop, timeout=0.05))

    assert time.monotonic() - began < 5
    assert shop.names().count(METHODS[call]) == 1, "nothing is sent twice"


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("y"), ProviderError("gone"), OSError(5, "broken"), UsageError("odd")]
)
@pytest.mark.parametrize("call", [place, cancel])
async def test_a_failure_of_a_change_that_is_no_clear_refusal_has_an_unknown_outcome(
    call: Call, error: Exception
) -> None:
    shop = Shop()
    shop.says[METHODS[call]] = error

    with pytest.raises(RequestTimeout):
        await call(venue_of(shop))


class Shortage(InsufficientFunds):
    """A package's own word for it."""


async def test_a_clear_refusal_keeps_its_meaning() -> None:
    shop = Shop()
    venue = venue_of(shop)
    for error, kind in (
        (Shortage("too little"), InsufficientFunds),
        (InvalidOrder("no"), InvalidOrder),
        (VenueError("closed", retryable=True), VenueError),
    ):
        shop.says["create_order"] = error
        with pytest.raises(VenueError) as raised:
            await place(venue)
        assert type(raised.value) is kind
        assert raised.value.retryable == error.retryable


async def test_a_failure_of_a_reading_is_an_error_of_the_venue() -> None:
    shop = Shop()
    venue = venue_of(shop)
    for error in (KeyError("x"), ProviderError("gone"), ZeroDivisionError()):
        shop.says["fetch_balance"] = error
        with pytest.raises(VenueError) as raised:
            await read(venue)
        assert not isinstance(raised.value, RequestTimeout)
    shop.says["fetch_balance"] = UsageError("wrong region", cure="choose another")
    with pytest.raises(UsageError, match="wrong region"):
        await read(venue)


@pytest.mark.parametrize("answer", [None, [], {}, {"status": "open"}, {"id": "7"}, {"id": "7", "clientOrderId": "k9"}])
async def test_an_order_without_a_usable_answer_has_an_unknown_outcome(answer: Any) -> None:
    shop = Shop()
    shop.says["create_order"] = answer
    with pytest.raises(RequestTimeout):
        await place(venue_of(shop))


@pytest.mark.parametrize("answer", [None, {"id": "7"}, {"id": "7", "clientOrderId": "k9"}])
async def test_another_order_is_not_taken_for_ours_and_not_for_none(answer: Any) -> None:
    shop = Shop()
    shop.says["fetch_order"] = answer
    with pytest.raises(VenueError) as raised:
        await venue_of(shop).fetch_order(None, BTC, {"clientOrderId": "k1"})
    assert not isinstance(raised.value, OrderNotFound)


@pytest.mark.parametrize("answer", [None, 7, {"USDT": {"free": 1}}, {"free": {}, "used": {}}, {**dict.fromkeys(KINDS)}])
async def test_a_balance_of_another_form_is_an_error_and_no_empty_account(answer: Any) -> None:
    shop = Shop()
    shop.says["fetch_balance"] = answer
    with pytest.raises(VenueError, match="cannot be read"):
        await read(venue_of(shop))


@pytest.mark.parametrize(
    ("amount", "price", "says"),
    [
        ("0.0015", None, r"0\.0015 is off the grid of BTC/USDT, next to it lies 0\.001"),
        ("0.01", "7.3", r"7\.3 is off the grid of BTC/USDT, next to it lies 7"),
        ("NaN", None, "no number above 0"),
        ("-1", None, "no number above 0"),
        ("x", None, "no number above 0"),
    ],
)
async def test_an_order_that_could_not_be_sent_as_it_is_is_refused(amount: str, price: Any, says: str) -> None:
    shop = Shop()
    with pytest.raises(InvalidOrder, match=says):
        await venue_of(shop).create_order(BTC, "limit", "buy", amount, price, {"clientOrderId": "k1"})
    assert "create_order" not in shop.names()


async def test_what_is_not_read_here_is_not_asked_for() -> None:
    shop = Shop()
    venue = venue_of(shop)
    with pytest.raises(BadSymbol, match=r"venues\.near\.symbols does not name it"):
        await venue.fetch_ticker("ETH/USDT")
    with pytest.raises(InvalidOrder, match="without a clientOrderId"):
        await venue.create_order(BTC, "market", "buy", "1")
    assert shop.asked == []


@pytest.mark.parametrize("name", ["stopLossPrice", "takeProfitPrice", "triggerPrice", "stopPrice"])
async def test_an_order_that_waits_for_a_trigger_is_refused(name: str) -> None:
    shop = Shop()
    with pytest.raises(InvalidOrder, match="waits for a trigger"):
        await place(venue_of(shop), **{name: 5})
    assert "create_order" not in shop.names()


async def test_without_keys_only_what_is_public_is_read() -> None:
    shop = Shop()
    venue = venue_of(shop, keys=lambda: None)
    assert await venue.fetch_ticker(BTC)
    for call in METHODS:
        with pytest.raises(VenueError, match="needs a key and a secret for this; a person sets them"):
            await call(venue)
    assert shop.names() == ["fetch_ticker"]


@pytest.mark.parametrize("call", METHODS)
async def test_no_key_is_in_an_error(call: Call) -> None:
    shop = Shop()
    told = ""
    for error in (ValueError, VenueError, UsageError):
        shop.says[METHODS[call]] = error(f"sent {KEYS.key} signed with {KEYS.secret}")
        with pytest.raises((VenueError, UsageError)) as raised:
            await call(venue_of(shop))
        told += "".join(traceback.format_exception(raised.value))
    assert "[key]" in told
    assert KEYS.key not in told
    assert KEYS.secret not in told


@pytest.mark.parametrize(
    ("factory", "says"),
    [
        (lambda *_: object(), "shop makes no venue, it lacks cancel_order, close, create_order"),
        (lambda: None, "shop cannot be opened: TypeError"),
        (lambda _, keys: 1 / (keys.key == ""), "shop cannot be opened: ZeroDivisionError"),
    ],
)
async def test_a_factory_that_makes_no_venue_is_told_to_the_person(factory: Any, says: str) -> None:
    terms = Terms("near", "shop", "near", sandbox=True)
    venue = PackageVenue(terms, load=lambda: factory, keys=lambda: KEYS)
    with pytest.raises(UsageError, match=rf"venues\.near\.kind: {says}"):
        await venue.fetch_ticker(BTC)


async def test_a_factory_is_given_terms_and_keys_and_again_when_the_keys_are_others() -> None:
    made: list[Any] = []
    keys = [None, KEYS]

    def factory(terms: Terms, given: Keys | None) -> Shop:
        made.append((terms.options, given))
        return Shop()

    terms = Terms("near", "shop", "near", sandbox=True, options={"region": "eu"})
    venue = PackageVenue(terms, load=lambda: factory, keys=lambda: keys[0])
    await venue.fetch_ticker(BTC)
    await venue.fetch_ticker(BTC)
    keys.pop(0)
    await venue.fetch_ticker(BTC)
    await venue.close()

    assert made == [({"region": "eu"}, None), ({"region": "eu"}, KEYS)]


def test_a_venue_works_in_one_event_loop_after_the_other_and_is_closed_with_each() -> None:
    shops: list[Shop] = []

    def factory(*_: Any) -> Shop:
        shops.append(Shop())
        return shops[-1]

    venue = PackageVenue(Terms("near", "shop", "near", sandbox=True), load=lambda: factory, keys=lambda: KEYS)
    for _ in range(2):
        asyncio.run(venue.fetch_ticker(BTC))

    assert [shop.closed for shop in shops] == [1, 1]


async def test_a_venue_that_cannot_be_closed_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(Shop):
        async def close(self) -> None:
            raise ValueError(KEYS.secret)

    venue = venue_of(Stuck())
    await venue.fetch_ticker(BTC)
    await venue.close()

    assert "near could not be closed: ValueError" in caplog.text
    assert KEYS.secret not in caplog.text
