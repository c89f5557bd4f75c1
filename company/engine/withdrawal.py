"""Takes every open order off every venue, as far as the venues do it; one that fails does not keep the others."""

import asyncio
from collections.abc import Callable

from company import events
from company.errors import CompanyError
from company.events import Draft
from company.store import Journal
from company.trading import Desk
from company.trading.blotter import OrderReport


class Withdrawal:
    """The open orders of a company that was stopped.

    Args:
        open_desk: Opens the trading desk, None when there is none yet; may fail.
        journal: Where cancelled orders are told.

    Attributes:
        cancelled: The orders that were cancelled so far: venue and id.
        is_complete: When it was last looked, no order was left open.
    """

    def __init__(self, open_desk: Callable[[], Desk | None], journal: Journal) -> None:
        self._open_desk, self._journal = open_desk, journal
        self._desk: Desk | None = None
        self._problems: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.is_complete = False

    @property
    def failures(self) -> list[str]:
        """What failed when it was last tried, in words."""
        return [f"{where}: {problem}" for where, problem in self._problems.items()]

    async def attempt(self, *, within: float) -> None:
        """Cancel what is open; every venue has `within` seconds to answer."""
        self._problems.clear()
        venues = self._venues()
        left = await asyncio.gather(*(self._clear(venue, within) for venue in venues))
        self.is_complete = not (any(left) or self._problems)

    def _venues(self) -> list[str]:
        try:
            self._desk = self._desk or self._open_desk()
        except CompanyError as error:
            self._problems["open orders were not looked at"] = str(error)
        return list(self._desk.markets.venues) if self._desk else []

    async def _clear(self, venue: str, within: float) -> bool:
        """Cancel what is open at one venue; returns whether there was anything, so that it is looked at again."""
        assert self._desk is not None
        found = False
        try:
            async with asyncio.timeout(within):
                for order in await self._desk.open_orders_at(venue):
                    found = True
                    await self._cancel(self._desk, order)
        except TimeoutError:
            self._problems[venue] = f"no answer within {within:.1f} s; orders may be open"
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one venue, the others are cleared
            self._problems[venue] = f"{error or type(error).__name__}; orders may be open"
        return found

    async def _cancel(self, desk: Desk, order: OrderReport) -> None:
        try:
            done = await desk.withdraw(order)
        except CompanyError as error:  # the orders after it are cancelled all the same
            self._problems[f"{order.venue} order {order.order_id}"] = str(error)
            return
        if done.status == "canceled":
            self.cancelled.append(f"{order.venue} {order.order_id}")
            body = events.custom("order.cancelled", done.told())
            self._journal.append([Draft.of_person(body)])
