"""An exchange that an installed package speaks to, as a `company.ports.Venue`.

The package brings a factory: `factory(terms, keys)` returns an object with the methods of `company.ports.Venue`. It is
called when the venue is first asked, once per event loop and per keys, and the object is closed with the loop. The
package runs in this process with all its rights, which a person was told before confirming it; what is done here keeps
its mistakes from costing money. Everything it is asked goes through the same guards as ccxt (`GuardedVenue`), has a
time limit, and whatever it raises becomes an error of ours: of a call that changes something, anything but a clear
refusal has an unknown outcome and is looked up.

So it must be able to find an order by our own id, and must say so: `finds_by_client_order_id = True`. That is not
taken on trust alone. Before the first order it is asked for an id that nobody ever used, and has to answer
`OrderNotFound`; an answer about an order has to repeat our id.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

from company.errors import (
    BadSymbol,
    DuplicateOrder,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
    RequestTimeout,
    UsageError,
    VenueError,
)
from company.ports import Json, Venue, decimal_of
from company.trading.answers import optional
from company.trading.figures import whole_steps
from company.trading.venues.faults import fault, shown, unread
from company.trading.venues.forms import mapping
from company.trading.venues.gate import Gate
from company.trading.venues.guarded import Exact, GuardedVenue
from company.trading.venues.terms import Keys, Terms

Reply = TypeVar("Reply")

ABILITY: Final = "finds_by_client_order_id"
"""The attribute by which a package's venue says that `fetch_order` finds an order by `params["clientOrderId"]`."""

METHODS: Final = tuple(sorted(name for kind in Venue.__mro__ for name in vars(kind) if name[0] != "_" and name != "id"))
"""What a venue has to have."""

_NARROW: Final = (DuplicateOrder, InvalidOrder, InsufficientFunds, OrderNotFound, BadSymbol, RequestTimeout)
_log = logging.getLogger(__name__)


class Factory(Protocol):
    """What an entry point of `company.venues` leads to."""

    def __call__(self, terms: Terms, keys: Keys | None) -> Venue:
        """Return the venue; it asks nobody yet.

        Args:
            terms: The section `[venues.NAME]`.
            keys: What opens the account; None when nobody set keys, which leaves what is public.

        Raises:
            UsageError: The settings do not fit.
        """


class PackageVenue(GuardedVenue):
    """One account at an exchange that a package speaks to.

    Args:
        terms: Where it is and how it is asked.
        load: Imports the package's factory.
        keys: Returns what opens the account, None when nobody set keys; asked before each request.
        gate: Decides whether an order leaves for a real exchange; without one none does.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        load: Callable[[], Factory],
        keys: Callable[[], Keys | None],
        gate: Gate | None = None,
    ) -> None:
        super().__init__(terms, keys=keys, gate=gate)
        self._load = load

    async def fetch_balance(self) -> Json:
        """Return the balances by asset, and by kind under `free`, `used` and `total`, which is what the desk reads.

        Raises:
            VenueError: The exchange does not answer, there are no keys, or the balances have another form.
        """
        balance = await super().fetch_balance()
        for kind in ("free", "used", "total"):
            if not isinstance(balance.get(kind), dict):
                raise unread(self.id, f"balances without {kind!r} by asset", changes=False)
        return balance

    async def _connect(self, keys: Keys | None) -> Any:
        where = f"venues.{self.id}.kind"
        try:
            factory = await asyncio.to_thread(self._load)
            made = factory(self.terms, keys)
        except UsageError as error:
            raise UsageError(shown(error.what, keys), where=error.where or where, cure=error.cure) from None
        except Exception as error:  # noqa: BLE001 - a package may raise anything
            what = shown(f"{self.terms.kind} cannot be opened: {type(error).__name__}: {error}", keys)
        else:
            lacking = [name for name in METHODS if not callable(getattr(made, name, None))]
            if not lacking:
                return _Client(self.id, made)
            what = f"{self.terms.kind} makes no venue, it lacks {', '.join(lacking)}"
        raise UsageError(what, where=where, cure="tell who made the package, or use another kind")

    async def _call(self, client: Any, call: Callable[[Any], Awaitable[Reply]], *, changes: bool) -> Reply:
        try:
            async with asyncio.timeout(self.terms.timeout):
                return await call(client)
        except TimeoutError:
            failed: Exception = RequestTimeout(f"{self.id} gave no answer in {self.terms.timeout:g} s")
        except Exception as error:  # noqa: BLE001 - a package may raise anything
            failed = self._meant(error, changes=changes)
        raise failed  # here, so that it does not carry the package's own words, which may hold keys

    def _meant(self, error: Exception, *, changes: bool) -> Exception:
        if isinstance(error, VenueError):
            kind = next((kind for kind in _NARROW if isinstance(error, kind)), VenueError)
            return kind(shown(str(error), self._keys), retryable=error.retryable)
        if isinstance(error, UsageError) and not changes:
            return UsageError(shown(error.what, self._keys), where=error.where, cure=error.cure)
        return fault(self.id, error, self._keys, changes=changes)

    async def _require_tradable(self) -> None:
        client = await self._connected()
        if getattr(client.made, ABILITY, False) is not True:
            raise VenueError(
                f"{self.id}: {self.terms.kind} can be read, not traded on: it does not say that it finds an order by "
                f"our own id ({ABILITY}), so an order of unknown outcome could be sent twice"
            )

    async def _prove(self, symbol: str) -> None:
        client, never = await self._connected(), {"clientOrderId": uuid4().hex}
        if client.proven:
            return
        try:
            await self._ask(lambda client: client.fetch_order(None, symbol, never), signed=True)
        except OrderNotFound:
            client.proven = True
            return
        raise VenueError(
            f"{self.id}: {self.terms.kind} can be read, not traded on: asked for an order that nobody placed, it did "
            f"not answer OrderNotFound, so an order of unknown outcome could be sent twice; nothing was sent"
        )

    async def _find(self, client: Any, key: str, symbol: str) -> Json:
        found = await client.fetch_order(None, symbol or None, {"clientOrderId": key})
        return _repeating(self.id, found, key, changes=False)

    def _conditional(self, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
        for name in ("stopLossPrice", "takeProfitPrice", "stopPrice", "triggerPrice"):
            if given.get(name) is not None:
                raise InvalidOrder(
                    f"{self.id}: an order that waits for a trigger is not sent to a venue of a package, for nobody has "
                    f"seen that it is found by our own id while it waits; nothing was sent"
                )
        return given, ""

    def _number(self, given: Any) -> Decimal:
        try:
            exact = decimal_of(given)
        except InvalidOperation:
            exact = Decimal("NaN")
        if not exact.is_finite() or exact <= 0:
            raise InvalidOrder(f"{self.id}: {given!r} is no number above 0; nothing was sent")
        return exact

    async def _on_grid(self, client: Any, symbol: str, sent: Exact) -> Exact:
        market = mapping(self.id, await client.load_markets()).get(symbol)
        if market is None:
            raise BadSymbol(f"{self.id} does not list {symbol!r}; nothing was sent")
        where = f"{self.id} {symbol} market"
        steps = [optional(market.get("precision") or {}, name, where) for name in ("amount", "price")]
        amount, price = (
            number if number is None or step is None else whole_steps(number, step)
            for number, step in zip(sent, steps, strict=True)
        )
        return amount, price


class _Client:
    """A package's venue and what is known of it.

    Args:
        venue: The venue's name.
        made: What the factory returned.
    """

    def __init__(self, venue: str, made: Any) -> None:
        self.made = made
        self.proven = False
        self.ending: AsyncGenerator[None]
        self._venue = venue

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)

    async def create_order(self, symbol: str, type: str, side: str, amount: Any, price: Any, params: Json) -> Json:
        """Place an order; the answer has to be about it."""
        placed = await self.made.create_order(symbol, type, side, amount, price, dict(params))
        return _repeating(self._venue, placed, params["clientOrderId"], changes=True)

    async def close(self) -> None:
        """Close what the package opened; that it cannot is its own trouble."""
        try:
            async with asyncio.timeout(_CLOSING):
                await self.made.close()
        except Exception as error:  # noqa: BLE001 - a package may raise anything
            _log.warning("%s could not be closed: %s", self._venue, type(error).__name__)


_CLOSING: Final = 5.0
"""Seconds that a package has to close its connections."""


def _repeating(venue: str, order: Any, key: str, *, changes: bool) -> Json:
    """Return an order that repeats our own id.

    Raises:
        VenueError: It does not; a `RequestTimeout` when the call `changes` something.
    """
    if mapping(venue, order, changes=changes).get("clientOrderId") != key:
        raise unread(venue, f"an order without our own id {key!r}", changes=changes)
    return dict(order)
