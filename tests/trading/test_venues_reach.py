"""Paper trading never leaves this machine: nothing signed, nothing at all, whatever is changed on the client."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from company.errors import RequestTimeout, UsageError, VenueError
from company.trading.venues import CcxtVenue, Reach, Terms
from company.trading.venues.reach import host_of, is_loopback, moved, within
from tests.trading.scripted import Says, Scripted, order, scripted
from tests.trading.venue_fixtures import KEYS, venue_and_server, venue_at

ORDER = ("BTC/USDT", "market", "buy", "0.01", None, {"clientOrderId": "k1"})


@pytest.fixture
async def foreign(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scripted]:
    """A host elsewhere: every name leads to this recording server, at the port that its address says."""
    known = socket.getaddrinfo

    def lookup(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        return known("127.0.0.1", port, *rest, **named)

    async with scripted() as server:
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        yield server


def at(server: Scripted) -> str:
    return f"http://api.exchange.example:{server.port}"


async def test_the_recording_server_would_see_a_client_that_leaks(foreign: Scripted) -> None:
    import ccxt.async_support as ccxt

    leaky = ccxt.binance({"apiKey": "k", "secret": "s", "urls": {"api": {"private": at(foreign) + "/api/v3"}}})
    try:
        await leaky.private_get_account()
    finally:
        await leaky.close()

    assert [asked.is_signed for asked in foreign.asked] == [True]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(foreign: Scripted, status: int) -> None:
    async with venue_and_server() as (venue, server):
        moved_on = Says("", status, {"Location": f"{at(foreign)}/api/v3/account"})
        server.says |= {"GET /api/v3/account": moved_on, "POST /api/v3/order": moved_on}

        with pytest.raises(VenueError, match="a redirect that is not followed"):
            await venue.fetch_balance()
        with pytest.raises(RequestTimeout, match="a redirect that is not followed"):
            await venue.create_order(*ORDER)

    assert foreign.asked == []


@pytest.mark.parametrize("part", ["private", "public", "sapi", "fapiPrivate"])
async def test_an_address_that_is_changed_later_is_refused_before_anything_is_signed(
    foreign: Scripted, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with venue_and_server() as (venue, server):
        await venue.fetch_balance()
        asked, client = len(server.asked), venue._client
        client.urls["api"][part] = at(foreign) + "/api/v3"
        signed: list[Any] = []
        monkeypatch.setattr(client, "hmac", lambda *parts: signed.append(parts))

        for call in (venue.fetch_balance(), venue.create_order(*ORDER), venue.fetch_order_book("BTC/USDT")):
            with pytest.raises(VenueError, match=r"'api\.exchange\.example' was refused before it was sent"):
                await call

        assert (signed, len(server.asked)) == ([], asked)
    assert foreign.asked == []


async def test_addresses_that_are_replaced_as_a_whole_are_refused(foreign: Scripted) -> None:
    async with venue_and_server() as (venue, _):
        await venue.fetch_balance()
        venue._client.urls = {"api": {"private": at(foreign) + "/api/v3", "public": at(foreign) + "/api/v3"}}

        with pytest.raises(VenueError, match="was refused"):
            await venue.fetch_balance()
    assert foreign.asked == []


@pytest.mark.parametrize("name", ["proxyUrl", "httpProxy", "httpsProxy", "aiohttp_proxy", "socksProxy"])
async def test_a_proxy_that_is_set_later_carries_nothing(foreign: Scripted, name: str) -> None:
    async with venue_and_server() as (venue, _):
        await venue.fetch_balance()
        setattr(venue._client, name, f"{'socks5' if name == 'socksProxy' else 'http'}://proxy.example:{foreign.port}/")

        with pytest.raises(VenueError):
            await venue.fetch_balance()
    assert foreign.asked == []


async def test_a_sandbox_that_is_switched_on_later_does_not_exist(foreign: Scripted) -> None:
    async with venue_and_server() as (venue, _):
        await venue.fetch_balance()

        with pytest.raises(Exception, match="sandbox"):
            venue._client.set_sandbox_mode(True)
        await venue.fetch_balance()


async def test_no_address_of_the_real_exchange_is_left_in_a_paper_client() -> None:
    async with venue_and_server() as (venue, server):
        await venue.load_markets()
        addresses = list(within(venue._client.urls))

    assert len(addresses) > 15
    assert {host_of(address) for address in addresses} == {"127.0.0.1"}
    assert f"{server.url}/api/v3" in addresses
    assert f"{server.url}/sapi/v1" in addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.com",
        "http://127.0.0.1@api.binance.com",
        "http://127.0.0.1.example.com:8500",
        "http://0.0.0.0:8500",
        "http://[2001:db8::1]:8500",
        "",
        "no address",
    ],
)
def test_a_paper_venue_elsewhere_is_refused_when_it_is_made(url: str) -> None:
    with pytest.raises(UsageError, match="is not this machine, and paper trading never leaves it"):
        venue_at(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_has_several_names(host: str) -> None:
    assert is_loopback(host)


def test_a_client_speaks_to_the_hosts_it_was_made_with_and_no_other() -> None:
    reach = Reach("x", {"a": "https://api.one.example/v1", "b": ["https://two.example"]}, loopback=False)

    reach.check(["https://API.one.example/v2?x=1", {"c": "https://two.example:443"}])
    for address in (
        "https://three.example",
        "https://api.one.example.evil.example",
        "https://api.one.example@evil.example",
    ):
        with pytest.raises(
            VenueError, match=r"was refused before it was sent; this venue is at api.one.example, two.ex"
        ):
            reach.check(address)


def test_moved_addresses_keep_their_own_paths() -> None:
    assert moved(
        {"a": "https://x.example/api/v3", "b": {"c": ["https://y.example"]}}, "http://127.0.0.1:1/venues/a/"
    ) == {
        "a": "http://127.0.0.1:1/venues/a/api/v3",
        "b": {"c": ["http://127.0.0.1:1/venues/a"]},
    }


async def test_the_keys_of_a_real_venue_go_to_its_own_hosts_only(foreign: Scripted) -> None:
    venue = CcxtVenue(Terms("far", "ccxt", "kraken", symbols=("BTC/USD",)), keys=lambda: KEYS)
    try:
        client = await venue._connected()
        assert client.reach.hosts == {"api.kraken.com", "kraken.zendesk.com"}
        client.urls["api"]["private"] = at(foreign)

        with pytest.raises(VenueError, match=r"was refused before it was sent; this venue is at api.kraken.com"):
            await venue.fetch_balance()
    finally:
        await venue.close()
    assert foreign.asked == []


async def test_an_order_comes_with_our_own_id_and_signed(foreign: Scripted) -> None:
    async with venue_and_server() as (venue, server):
        server.says["POST /api/v3/order"] = Says(order("k1"))

        placed = await venue.create_order(*ORDER)

    assert (placed["clientOrderId"], placed["filled"], placed["status"]) == ("k1", "0.01000", "closed")
    assert "newClientOrderId=k1&" in server.asked[-1].body
    assert server.asked[-1].is_signed
    assert foreign.asked == []
