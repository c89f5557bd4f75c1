"""Limits on how much is asked: request weight of a client's address, new orders of an account.

The limits are a few times Binance's, because everything comes from one address here and the exchange is meant to be
driven hard. What happens at the limit is the same: 429, -1003 or -1015, `Retry-After`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from company.server.exchange.errors import Refused


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in a window that begins at a round time.

    Attributes:
        kind: Binance's name: `REQUEST_WEIGHT` or `ORDERS`.
        unit: `SECOND`, `MINUTE` or `DAY`.
        number: How many units a window has.
        most: What may be used in it.
    """

    kind: str
    unit: str
    number: int
    most: int

    @property
    def seconds(self) -> int:
        """Length of the window."""
        return self.number * {"SECOND": 1, "MINUTE": 60, "DAY": 86_400}[self.unit]

    @property
    def header(self) -> str:
        """How the window is written in a header, such as `1m`."""
        return f"{self.number}{self.unit[0].lower()}"

    def shape(self) -> dict[str, Any]:
        """Return it as `exchangeInfo` shows it."""
        return {"rateLimitType": self.kind, "interval": self.unit, "intervalNum": self.number, "limit": self.most}


WEIGHT: Final = Limit("REQUEST_WEIGHT", "MINUTE", 1, 60_000)
ORDERS: Final = (Limit("ORDERS", "SECOND", 10, 5_000), Limit("ORDERS", "DAY", 1, 10_000_000))
LIMITS: Final = (WEIGHT, *ORDERS)

_USED_TOO_MUCH: Final = (
    "Too much request weight used; current limit is {most} request weight per {number} {unit}. Please use WebSocket"
    " Streams for live updates to avoid polling the API."
)


class Meter:
    """Counts what is used; the windows follow wall time.

    Args:
        wall: Wall time in epoch milliseconds.
    """

    def __init__(self, wall: Callable[[], int]) -> None:
        self._wall = wall
        self._used: dict[tuple[Limit, str], tuple[int, int]] = {}

    def weigh(self, client: str, weight: int) -> Mapping[str, str]:
        """Count a request and return the headers that say what is used.

        Raises:
            Refused: -1003, with the same headers.
        """
        used = self._add(WEIGHT, client, weight)
        headers = {"x-mbx-used-weight": str(used), f"x-mbx-used-weight-{WEIGHT.header}": str(used)}
        if used > WEIGHT.most:
            text = _USED_TOO_MUCH.format(most=WEIGHT.most, number=WEIGHT.number, unit=WEIGHT.unit)
            raise Refused(-1003, text, status=429, headers={**headers, "retry-after": self._wait(WEIGHT)})
        return headers

    def order(self, account: str) -> Mapping[str, str]:
        """Count a new order and return the headers that say how many there were.

        Raises:
            Refused: -1015.
        """
        used = {limit: self._add(limit, account, 1) for limit in ORDERS}
        headers = {f"x-mbx-order-count-{limit.header}": str(count) for limit, count in used.items()}
        for limit, count in used.items():
            if count > limit.most:
                text = f"Too many new orders; current limit is {limit.most} orders per {limit.number} {limit.unit}."
                raise Refused(-1015, text, status=429, headers={**headers, "retry-after": self._wait(limit)})
        return headers

    def counts(self, client: str, account: str | None) -> list[dict[str, Any]]:
        """Return each limit with what is used of it, as the WebSocket API shows it."""
        owners = {WEIGHT: client} | ({} if account is None else dict.fromkeys(ORDERS, account))
        return [{**limit.shape(), "count": self._add(limit, owner, 0)} for limit, owner in owners.items()]

    def _add(self, limit: Limit, owner: str, number: int) -> int:
        window = self._wall() // (limit.seconds * 1000)
        since, used = self._used.get((limit, owner), (window, 0))
        used = (used if since == window else 0) + number
        self._used[limit, owner] = (window, used)
        return used

    def _wait(self, limit: Limit) -> str:
        length = limit.seconds * 1000
        return str((length - self._wall() % length + 999) // 1000)
