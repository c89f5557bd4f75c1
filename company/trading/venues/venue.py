"""An exchange behind ccxt, as a `company.ports.Venue`.

The interface is ccxt's own; the guards around it are those of every venue (`GuardedVenue`).
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from company.errors import CompanyError, VenueError
from company.ports import Json
from company.trading.venues.client import Waiting, connect
from company.trading.venues.faults import fault
from company.trading.venues.forms import conditional, exact_number, on_grid, told
from company.trading.venues.gate import Gate
from company.trading.venues.guarded import Exact, GuardedVenue
from company.trading.venues.reach import host_of, require_loopback
from company.trading.venues.terms import PAPER_KEYS, Keys, Terms
from company.trading.venues.tradable import TRADABLE

Reply = TypeVar("Reply")

TICK_SIZE: Final = 4
"""ccxt's number for precision given as a step; the two exchanges that give digits instead tell no step at all."""


class CcxtVenue(GuardedVenue):
    """One account at an exchange that ccxt speaks to.

    Args:
        terms: Where it is and how it is asked.
        keys: Returns what signs requests, None when nobody set keys; asked before each request.
        gate: Decides whether an order leaves for a real exchange; without one none does.

    Raises:
        UsageError: The venue is a paper one and its address is not on this machine.
    """

    def __init__(self, terms: Terms, *, keys: Callable[[], Keys | None], gate: Gate | None = None) -> None:
        if terms.mode == "paper":
            require_loopback(host_of(terms.url), where=f"venues.{terms.name}.url")
        super().__init__(terms, keys=keys, gate=gate)
        self._waiting = Waiting(terms.name)
        self._common_keys = PAPER_KEYS if terms.mode == "paper" else None

    async def _connect(self, keys: Keys | None) -> Any:
        return await connect(self.terms, keys, self._waiting)

    async def _connected(self) -> Any:
        self._waiting.check()
        return await super()._connected()

    async def _call(self, client: Any, call: Callable[[Any], Awaitable[Reply]], *, changes: bool) -> Reply:
        try:
            return await call(client)
        except CompanyError:
            raise
        except Exception as error:  # noqa: BLE001 - what ccxt's parsers stumble over is an answer that cannot be read
            failed = fault(self.id, error, self._keys, changes=changes)
        raise failed  # here, so that it does not carry ccxt's own words, which hold signatures

    async def _require_tradable(self) -> None:
        if self.terms.exchange not in TRADABLE:
            raise VenueError(
                f"{self.id}: {self.terms.exchange} can be read, not traded on: it cannot be asked for an order by our "
                f"own id, so an order of unknown outcome could be sent twice; traded on are {', '.join(TRADABLE)}"
            )

    async def _find(self, client: Any, key: str, symbol: str) -> Json:
        return await TRADABLE[self.terms.exchange](client, key, symbol)

    def _conditional(self, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
        return conditional(self.id, self.terms.exchange, given)

    def _number(self, given: Any) -> Any:
        return exact_number(self.id, given)

    async def _on_grid(self, client: Any, symbol: str, sent: Exact) -> Exact:
        return await on_grid(client, symbol, *sent)

    def _told(self, raw: Any, *, changes: bool) -> Json:
        return told(self.id, raw, changes=changes)

    def _market(self, market: Json) -> Json:
        return market if self._client.precisionMode == TICK_SIZE else {**market, "precision": {}}
