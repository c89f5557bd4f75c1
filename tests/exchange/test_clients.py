"""Unmodified ccxt trades a whole session with nothing changed but its URLs: async, sync and pro."""

import asyncio
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.exchange.conftest import Running, Trader

Make = Callable[..., Trader]
SYMBOL = "BTC/USDT"
PATIENCE = 20.0


def moved(urls: Any, base: str) -> Any:
    """Return ccxt's URLs with the exchange's address in place of each host."""
    if isinstance(urls, dict):
        return {name: moved(url, base) for name, url in urls.items()}
    parts = urlsplit(urls)
    return f"{'ws' if parts.scheme == 'wss' else 'http'}://{base}{parts.path}"


def client(kind: type, exchange: Running, trader: Trader) -> Any:
    made = kind({"apiKey": trader.account.key, "secret": trader.account.secret})
    made.urls["api"] = moved(made.urls["api"], f"{urlsplit(exchange.address).netloc}/venues/{trader.venue}")
    return made


async def test_unmodified_ccxt_clients_trade_a_full_session(exchange: Running, trader: Make) -> None:
    import ccxt
    import ccxt.async_support
    import ccxt.pro

    one = client(ccxt.async_support.binance, exchange, trader(venue="a"))
    two = client(ccxt.binance, exchange, trader(venue="b"))
    three = client(ccxt.pro.binance, exchange, trader(venue="c"))
    try:
        await _session(one, one)
        await asyncio.to_thread(lambda: asyncio.run(_session(two, _Waitable(two))))
        await _listening(three, exchange)
    finally:
        await one.close()
        await three.close()
        two.close()


class _Waitable:
    """A synchronous client whose methods can be awaited."""

    def __init__(self, made: Any) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*arguments: Any, **more: Any) -> Any:
            return getattr(self._made, name)(*arguments, **more)

        return call


async def _session(made: Any, x: Any) -> None:
    from ccxt import InsufficientFunds, InvalidOrder, OrderNotFound

    await _market(x)
    price = (await x.fetch_order_book(SYMBOL, 5))["bids"][0][0]
    low = made.price_to_precision(SYMBOL, price * 0.9)
    resting = await x.create_order(SYMBOL, "limit", "buy", 0.001, low, {"clientOrderId": "first"})
    bought = await x.create_order(SYMBOL, "market", "buy", 0.001)
    assert (resting["status"], bought["status"], bought["filled"]) == ("open", "closed", 0.001)
    assert bought["fees"][0]["currency"] == "USDT"
    await _every_type(made, x, price)
    assert (await x.fetch_order(resting["id"], SYMBOL))["clientOrderId"] == "first"
    assert (await x.fetch_order(None, SYMBOL, {"clientOrderId": "first"}))["id"] == resting["id"]
    edited = await x.edit_order(resting["id"], SYMBOL, "limit", "buy", 0.002, low)
    assert edited["amount"] == 0.002
    assert (await x.cancel_order(edited["id"], SYMBOL))["status"] == "canceled"
    assert len(await x.fetch_open_orders(SYMBOL)) == len(await x.cancel_all_orders(SYMBOL)) > 0
    assert await x.fetch_open_orders(SYMBOL) == []
    assert bought["id"] in [order["id"] for order in await x.fetch_closed_orders(SYMBOL)]
    assert len(await x.fetch_orders(SYMBOL)) > 5
    assert sum(trade["amount"] for trade in await x.fetch_order_trades(bought["id"], SYMBOL)) == 0.001
    assert (await x.fetch_my_trades(SYMBOL))[0]["fee"]["currency"] == "USDT"
    for wrong, terms in (
        (InsufficientFunds, ("market", "buy", 1000)),
        (InvalidOrder, ("limit", "buy", 0.001, low, {"clientOrderId": "first"})),
    ):
        try:
            await x.create_order(SYMBOL, *terms)
        except wrong:
            continue
        raise AssertionError(f"{terms} raised no {wrong}")
    try:
        await x.cancel_order(edited["id"], SYMBOL)
    except OrderNotFound:
        pass
    else:
        raise AssertionError("a canceled order was canceled again")


async def _market(x: Any) -> None:
    markets = await x.load_markets()
    assert set(markets) == {"BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "XRP/USDT"}
    assert markets[SYMBOL]["precision"]["price"] == 0.01
    assert markets[SYMBOL]["limits"]["cost"]["min"] == 5
    assert await x.fetch_time() > 1_700_000_000_000
    ticker = await x.fetch_ticker(SYMBOL)
    assert ticker["bid"] < ticker["ask"]
    assert set(await x.fetch_tickers()) == set(markets)
    rows = await x.fetch_ohlcv(SYMBOL, "1h", limit=5)
    assert [after[0] - before[0] for before, after in itertools.pairwise(rows)] == [3_600_000] * 4
    assert (await x.fetch_ohlcv(SYMBOL, "1h", since=rows[1][0]))[: len(rows) - 1] == rows[1:]
    assert len(await x.fetch_trades(SYMBOL, limit=7)) == 7
    assert (await x.fetch_balance())["USDT"]["total"] == 100_000


async def _every_type(made: Any, x: Any, price: float) -> None:
    low, lower, high = (made.price_to_precision(SYMBOL, price * part) for part in (0.9, 0.89, 1.1))
    by_cost = await x.create_order(SYMBOL, "market", "buy", 0, None, {"cost": 100})
    assert 99 < by_cost["cost"] <= 100
    assert (await x.create_order(SYMBOL, "limit", "buy", 0.001, low, {"postOnly": True}))["postOnly"]
    for force, status in (("IOC", "expired"), ("FOK", "expired"), ("GTC", "open")):
        order = await x.create_order(SYMBOL, "limit", "buy", 0.001, low, {"timeInForce": force})
        assert order["status"] == status
    for kind, at, trigger in (
        ("market", None, {"stopLossPrice": low}),
        ("limit", lower, {"stopLossPrice": low}),
        ("market", None, {"takeProfitPrice": high}),
        ("limit", high, {"takeProfitPrice": high}),
    ):
        placed = await x.create_order(SYMBOL, kind, "sell", 0.001, at, trigger)
        assert (await x.fetch_order(placed["id"], SYMBOL))["triggerPrice"] == float(next(iter(trigger.values())))


async def _listening(x: Any, exchange: Running) -> None:
    await x.load_markets()
    book = await _soon(x.watch_order_book(SYMBOL))
    price, nonce = book["bids"][0][0], book["nonce"]
    low = x.price_to_precision(SYMBOL, price * 0.999)
    told, has = asyncio.create_task(x.watch_orders(SYMBOL)), asyncio.create_task(x.watch_balance())
    changed = asyncio.create_task(x.watch_order_book(SYMBOL))  # a change that nobody awaits is not told again
    await x.fetch_balance_ws()  # answered on the same connection, so all are subscribed by then
    placed = await _soon(x.create_order_ws(SYMBOL, "limit", "buy", 0.001, low))
    assert placed["status"] == "open"
    assert [(order["id"], order["status"]) for order in await _soon(told)] == [(placed["id"], "open")]
    assert (await _soon(has))["USDT"]["used"] > 0
    book = await _soon(changed)
    assert book["nonce"] > nonce
    assert dict(map(tuple, book["bids"].copy()))[float(low)] == 0.001
    assert (await _soon(x.watch_bids_asks([SYMBOL])))[SYMBOL]["bid"] == price
    assert (await _soon(x.watch_ticker(SYMBOL)))["last"] > 0
    assert (await _soon(x.watch_ohlcv(SYMBOL, "1m")))[0][4] > 0
    assert (await _soon(x.fetch_order_ws(placed["id"], SYMBOL)))["status"] == "open"
    trades = asyncio.create_task(x.watch_trades(SYMBOL))
    gone = asyncio.create_task(x.watch_orders(SYMBOL))
    assert (await _soon(x.cancel_order_ws(placed["id"], SYMBOL)))["status"] == "canceled"
    assert [order["status"] for order in await _soon(gone)] == ["canceled"]
    while not trades.done():
        await asyncio.to_thread(exchange.advance, 1)
        await asyncio.wait([trades], timeout=0.2)
    assert trades.result()[0]["symbol"] == SYMBOL


async def _soon(work: Any) -> Any:
    return await asyncio.wait_for(work, PATIENCE)


def test_the_example_of_the_documentation_trades(exchange: Running, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.S)
    names: dict[str, Any] = {}
    exec(example.replace("127.0.0.1:8500", urlsplit(exchange.address).netloc), names)
    names["exchange"].close()
    assert capsys.readouterr().out.startswith("open {'free': 999")
