"""Every exchange that ccxt knows can be made a venue; those that may be traded on are asked by our own id."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from company.errors import OrderNotFound, UsageError, VenueError
from company.trading.venues import TRADABLE, CcxtVenue, Keys, Terms
from company.trading.venues.client import Unusable, Waiting, connect
from company.trading.venues.reach import is_loopback

KEY = "0123456789abcdef0123456789abcdef"
"""As the governor makes them: 32 hex characters."""
KEYS = Keys("a-key-of-40-characters-for-an-exchange--", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAwMDE=", "a-passphrase")


def terms(exchange: str, **changed: Any) -> Terms:
    return Terms("far", "ccxt", exchange, symbols=("BTC/USDT",), **changed)


class Passed:
    """Lets everything out and keeps what it was."""

    def __init__(self) -> None:
        self.left: list[tuple[str, ...]] = []

    def require(self, *_: str) -> None:
        pass

    def leave(self, *told: str) -> None:
        self.left.append(told)


async def listening(exchange: str, answers: Any = ()) -> tuple[CcxtVenue, list[str], Passed]:
    """A real venue whose requests are kept instead of sent."""
    gate, sent, left = Passed(), list[str](), list(answers)
    venue = CcxtVenue(terms(exchange), keys=lambda: KEYS, gate=gate)
    client = await venue._connected()

    async def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        sent.append(f"{method} {url} {body or ''}")
        if left:
            return left.pop(0)
        raise Unusable("nothing is sent in this test")

    client.fetch, client.enableRateLimit = fetch, False
    market = {"id": "BTCUSDT", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT"}
    market |= {"type": "spot", "spot": True, "active": True, "swap": False, "future": False, "contract": False}
    market |= {
        "option": False,
        "margin": False,
        "altname": "BTCUSDT",
        "wsId": "BTC/USDT",
        "info": {"orderTypes": ["LIMIT", "MARKET"]},
    }
    market |= {"precision": {"amount": "0.00001", "price": "0.01"}, "limits": {}}
    client.set_markets([client.safe_market_structure(market)])
    client.options |= {"adjustForTimeDifference": False, "uta": False}  # else some ask first what kind of account it is
    return venue, sent, gate


@pytest.mark.parametrize("exchange", sorted(TRADABLE))
async def test_an_exchange_that_may_be_traded_on_is_given_our_id_and_asked_by_it(exchange: str) -> None:
    venue, sent, gate = await listening(exchange)

    with pytest.raises(VenueError):
        await venue.create_order("BTC/USDT", "limit", "buy", "0.01", "65000", {"clientOrderId": KEY})
    ordered = list(sent)
    with pytest.raises(VenueError):
        await venue.fetch_order(None, "BTC/USDT", {"clientOrderId": KEY})

    assert len(ordered) == 1
    assert KEY in ordered[0]
    assert len(sent) == 2
    assert KEY in sent[1]
    assert "None" not in sent[1]
    assert gate.left == [("far", "order", "buy 0.01 BTC/USDT, limit at 65000", KEY)]


async def test_kraken_is_searched_by_its_own_name_for_our_id() -> None:
    found = {"cl_ord_id": KEY, "status": "closed", "vol": "0.01", "vol_exec": "0.01", "cost": "650", "fee": "1"}
    found["descr"] = {"pair": "BTCUSDT", "type": "buy", "ordertype": "limit", "price": "65000", "price2": "0"}
    nothing = {"error": [], "result": {"open": {}}}
    closed = {"error": [], "result": {"closed": {"OQCLML-BW3P3-BUCMWZ": found}}}
    venue, sent, _ = await listening("kraken", [nothing, closed, nothing, {"error": [], "result": {"closed": {}}}])

    order = await venue.fetch_order(None, "BTC/USDT", {"clientOrderId": KEY})
    with pytest.raises(OrderNotFound, match=KEY):
        await venue.fetch_order(None, "BTC/USDT", {"clientOrderId": KEY})

    assert (order["id"], order["filled"]) == ("OQCLML-BW3P3-BUCMWZ", "0.01")
    assert [f"cl_ord_id={KEY}" in request for request in sent] == [True] * 4
    assert ["OpenOrders" in request for request in sent] == [True, False, True, False]


@pytest.mark.parametrize("exchange", ["bybit", "coinbase", "gate"])
async def test_an_exchange_that_does_not_know_our_ids_is_read_only(exchange: str) -> None:
    gate = Passed()
    venue = CcxtVenue(terms(exchange), keys=lambda: KEYS, gate=gate)

    with pytest.raises(VenueError, match="can be read, not traded on: it cannot be asked for an order by our own id"):
        await venue.create_order("BTC/USDT", "market", "buy", "1", None, {"clientOrderId": KEY})
    with pytest.raises(VenueError, match="can be read, not traded on"):
        await venue.fetch_order(None, "BTC/USDT", {"clientOrderId": KEY})

    assert gate.left == []
    assert venue._client is None


async def test_a_real_venue_without_a_gate_sends_nothing() -> None:
    venue = CcxtVenue(terms("kraken"), keys=lambda: KEYS)

    with pytest.raises(VenueError, match="real money and nobody allowed that here: the order was not sent"):
        await venue.create_order("BTC/USDT", "market", "buy", "1", None, {"clientOrderId": KEY})
    with pytest.raises(VenueError, match="the cancel was not sent"):
        await venue.cancel_order("7")
    assert venue._client is None


async def test_an_account_without_keys_is_not_asked() -> None:
    venue = CcxtVenue(terms("kraken"), keys=lambda: None)

    with pytest.raises(
        VenueError, match="far needs a key and a secret for this; a person sets them with company key set"
    ):
        await venue.fetch_balance()
    await venue.close()


async def test_keys_that_are_replaced_are_used_from_the_next_request_on() -> None:
    given = [Keys("first-key", "first-secret")]
    venue = CcxtVenue(terms("kraken"), keys=lambda: given[-1])
    first = await venue._connected()
    assert await venue._connected() is first

    given.append(Keys("second-key", "second-secret"))

    assert (first.apiKey, (await venue._connected()).apiKey) == ("first-key", "second-key")


async def test_every_exchange_of_ccxt_can_be_made_a_client_that_knows_its_hosts() -> None:
    import ccxt.async_support as ccxt

    for exchange in ccxt.exchanges:
        client = await connect(terms(exchange), KEYS, Waiting("far"))
        assert client.reach.hosts, exchange
        assert not any(map(is_loopback, client.reach.hosts)), exchange
        assert (client.number, client.options["maxRetriesOnFailure"], client.verbose) == (str, 0, False)
        assert client.enableRateLimit


async def test_a_sandbox_is_another_place_than_the_exchange() -> None:
    real = await connect(terms("binance"), KEYS, Waiting("far"))
    sandbox = await connect(terms("binance", sandbox=True), KEYS, Waiting("far"))

    assert "api.binance.com" in real.reach.hosts
    assert "testnet.binance.vision" in sandbox.reach.hosts
    assert "api.binance.com" not in sandbox.reach.hosts


async def test_an_exchange_without_a_sandbox_is_not_used_for_real_instead() -> None:
    import ccxt.async_support as ccxt

    without = next(name for name in ccxt.exchanges if not getattr(ccxt, name)().urls.get("test"))
    with pytest.raises(UsageError, match=rf"venues\.far\.sandbox: {without} has no sandbox that ccxt knows"):
        await connect(terms(without, sandbox=True), KEYS, Waiting("far"))


async def test_an_exchange_that_ccxt_does_not_know_is_told_to_the_person() -> None:
    venue = CcxtVenue(terms("krakn"), keys=lambda: KEYS)
    with pytest.raises(UsageError, match=r"venues\.far\.exchange: ccxt knows no exchange 'krakn'"):
        await venue.load_markets()


async def test_an_exchange_that_counts_digits_tells_no_step() -> None:
    venue, _, _ = await listening("bitfinex")
    assert (await venue.load_markets())["BTC/USDT"]["precision"] == {}


def test_importing_the_room_imports_no_ccxt(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, company.trading.venues, company.home.desk; sys.exit('ccxt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path).returncode == 0


def test_a_loop_that_ends_closes_what_was_opened_in_it() -> None:
    async def opened() -> Any:
        venue, _, _ = await listening("kraken")
        venue._client.open()
        return venue._client

    assert asyncio.run(opened()).session is None
