"""One account of an exchange behind ccxt's unified interface: orders, trades, balances, and the book.

Every call first lets the bars pass that are over. Candles, tickers and public trades are the world's, not the
exchange's: whoever brings a world adds them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from company.errors import OrderNotFound
from company.ports import Clock, Json
from company.trading.exchange import unified
from company.trading.exchange.account import OWN, Account
from company.trading.exchange.exchange import Exchange
from company.trading.exchange.orders import Order
from company.trading.exchange.wishes import request

_DEPTH: Final = 100


class ExchangeVenue:
    """An account of an exchange.

    Args:
        exchange: Where it trades.
        account: Name of the account, which is open.
        clock: What it takes for now.
    """

    refuses_repeats: Final = True
    """A client order id that was used is refused for ever, so the same order may be sent again without danger."""

    def __init__(self, exchange: Exchange, clock: Clock, account: str = OWN) -> None:
        self.id, self.account, self.exchange = exchange.id, account, exchange
        self._clock = clock

    async def load_markets(self, reload: bool = False) -> Mapping[str, Json]:
        """Return the market structures by symbol; there is nothing to reload."""
        fees = self.exchange.maker_fee, self.exchange.taker_fee
        return {symbol: unified.market(one, *fees) for symbol, one in self.exchange.listed.items()}

    async def fetch_order_book(self, symbol: str, limit: int | None = None) -> Json:
        """Return the visible book, 100 levels a side unless told otherwise, as `[price, amount]`.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        now = self._clock.now()
        depth = self.exchange.depth(symbol, now, limit or _DEPTH)
        return unified.order_book(symbol, now, depth, self.exchange.bar_at(now))

    async def fetch_balance(self) -> Json:
        """Return the balances by asset, each as `free`, `used` and `total`."""
        now = self.settle()
        return unified.balance(self._account.balances(), now)

    async def create_order(
        self,
        symbol: str,
        type: str,
        side: str,
        amount: Any,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json:
        """Place an order and return it with the fills it got at once.

        A market order that empties the book, an IOC order and an unfillable FOK order end as `canceled` with what
        they filled.

        Args:
            symbol: Unified name.
            type: `market` or `limit`.
            side: `buy` or `sell`.
            amount: In the base currency, on the step grid.
            price: Of a limit order, on the tick grid.
            params: `clientOrderId` (1 to 36 letters, digits or `.:/_-`), `timeInForce` (GTC, IOC, FOK or PO),
                `postOnly`, `stopLossPrice` (as well called `stopPrice` and `triggerPrice`) or `takeProfitPrice` of an
                order that waits, `cost` of a market order instead of an amount.

        Raises:
            BadSymbol: The symbol is not listed.
            InvalidOrder: The order breaks a rule of the venue.
            DuplicateOrder: The client order id was used before.
            InsufficientFunds: The account does not hold what it needs.
        """
        self.exchange.check_listed(symbol)
        wanted = request(symbol, type, side, amount, price, params or {})
        return self._shape(self.exchange.place(self.account, wanted, self.settle()))

    async def edit_order(
        self,
        id: str,
        symbol: str,
        type: str,
        side: str,
        amount: Any = None,
        price: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json:
        """Cancel an order and place another in its stead, both or neither, and return the new one.

        Args:
            id: The order to cancel.
            symbol: The symbol of both.
            type: Of the new order, as all that follows; see `create_order`.
            side: `buy` or `sell`.
            amount: What the new order asks for, whatever the old one traded.
            price: Of a limit order.
            params: As of `create_order`.

        Raises:
            OrderNotFound: There is no such order, or it is not open.
            VenueError: The new order is refused, and the old one stands; see `create_order`.
        """
        self.exchange.check_listed(symbol)
        wanted, now = request(symbol, type, side, amount, price, params or {}), self.settle()
        self._find(id, symbol)
        return self._shape(self.exchange.replace(self.account, id, wanted, now))

    async def cancel_order(self, id: str, symbol: str | None = None) -> Json:
        """Cancel an open order and return it.

        Raises:
            OrderNotFound: There is no such order, or it is not open.
        """
        now = self.settle()
        self._find(id, symbol)
        return self._shape(self.exchange.cancel(self.account, id, now))

    async def cancel_all_orders(self, symbol: str | None = None) -> list[Json]:
        """Cancel all open orders, or those of a symbol, and return them.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        self._check(symbol)
        return [self._shape(order) for order in self.exchange.cancel_all(self.account, self.settle(), symbol)]

    async def fetch_order(
        self, id: str | None, symbol: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Json:
        """Return an order by its id, or with None as id by `params["clientOrderId"]`.

        Raises:
            OrderNotFound: There is no such order.
        """
        self.settle()
        return self._shape(self._find(id, symbol, (params or {}).get("clientOrderId")))

    async def fetch_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return all orders, oldest first.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        return self._orders(symbol, since, limit, lambda account: account.orders())

    async def fetch_open_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the open orders, oldest first; those that wait for their trigger are open.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        self._check(symbol)
        return self._page(self.exchange.open_orders(self.account, self._present()), symbol, since, limit)

    async def fetch_closed_orders(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the orders that were filled, oldest first.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        return self._orders(
            symbol, since, limit, lambda account: (order for order in account.orders() if order.status == "closed")
        )

    async def fetch_my_trades(
        self, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the fills, oldest first.

        Raises:
            BadSymbol: The symbol is not listed.
        """
        self._check(symbol)
        self.settle()
        trades = (unified.trade(trade) for trade in self._account.trades() if symbol in {None, trade.symbol})
        return unified.page(trades, since, limit)

    async def fetch_order_trades(
        self, id: str, symbol: str | None = None, since: int | None = None, limit: int | None = None
    ) -> list[Json]:
        """Return the fills of one order, oldest first.

        Raises:
            OrderNotFound: There is no such order.
        """
        self.settle()
        trades = self._account.trades_of(self._find(id, symbol))
        return unified.page((unified.trade(trade) for trade in trades), since, limit)

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def settle(self) -> datetime:
        """Let the bars pass that are over and return the time now; calling it again changes nothing."""
        now = self._present()
        self.exchange.settle(now)
        return now

    def _present(self) -> datetime:
        """Return the time now; the account is there."""
        return self._clock.now()

    @property
    def _account(self) -> Account:
        return self.exchange.account(self.account)

    def _orders(self, symbol: str | None, since: int | None, limit: int | None, chosen: Any) -> list[Json]:
        self._check(symbol)
        self.settle()
        return self._page(chosen(self._account), symbol, since, limit)

    def _page(self, orders: Iterable[Order], symbol: str | None, since: int | None, limit: int | None) -> list[Json]:
        return unified.page((self._shape(one) for one in orders if symbol in {None, one.symbol}), since, limit)

    def _check(self, symbol: str | None) -> None:
        if symbol is not None:
            self.exchange.check_listed(symbol)

    def _find(self, id: str | None, symbol: str | None, client_id: str | None = None) -> Order:
        order = self._account.find(id, client_id)
        if symbol not in {None, order.symbol}:
            raise OrderNotFound(f"order {order.id!r} on {self.id} is of {order.symbol}, not of {symbol!r}")
        return order

    def _shape(self, order: Order) -> Json:
        return unified.order(order, self._account.trades_of(order))
