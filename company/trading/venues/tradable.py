"""Which exchanges may be traded on: those that can be asked for an order by the id that we gave it.

An order whose outcome is unknown is looked up by our own id, and "there is no such order" decides whether it is sent
again. ccxt has one name for that question, but not every exchange behind it understands it: some ignore the id, some
look for another one, and say that there is no order although there is. So only exchanges are in this list of which
ccxt's source was read and whose requests a test watches; every other one can be read, and is refused an order.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from company.errors import OrderNotFound
from company.ports import Json

Find = Callable[[Any, str, str], Awaitable[Json]]


async def _asked(client: Any, key: str, symbol: str) -> Json:
    """The exchange answers the question as it is."""
    found: Json = await client.fetch_order(None, symbol, {"clientOrderId": key})
    return found


async def _searched(client: Any, key: str, symbol: str) -> Json:
    """The exchange lists orders by our id: the open ones, then those that are done."""
    for listed in (client.fetch_open_orders, client.fetch_closed_orders):
        for order in await listed(symbol, None, None, {"clientOrderId": key}):
            if order.get("clientOrderId") == key:
                return dict(order)
    raise OrderNotFound(f"there is no order {key!r} on {client.id}")


TRADABLE: Final[Mapping[str, Find]] = {
    "binance": _asked,
    "binanceus": _asked,
    "bitget": _asked,
    "kraken": _searched,
    "kucoin": _asked,
    "mexc": _asked,
    "okx": _asked,
}
"""How an order is found by our own id, by ccxt's id of the exchange."""

TRIGGERED: Final = frozenset({"binance", "binanceus"})
"""Exchanges where an order that waits for a trigger is found and listed like any other. The others keep such orders
apart, where our own id does not find them, take them on margin only, or have none."""
