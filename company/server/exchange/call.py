"""What an endpoint is, and what it is given: the same for REST and for the WebSocket API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from company.server.exchange.venues import Served

Weight = int | Callable[[Mapping[str, str]], int]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read and, if it has to be, verified.

    Attributes:
        venue: Where it was sent.
        values: Its parameters by name.
        now: Wall time in epoch milliseconds.
        at: Market time.
        account: Whose request it is; empty for a public one.
        signature: Of a signed one.
    """

    venue: "Served"
    values: Mapping[str, Any]
    now: int
    at: datetime
    account: str = ""
    signature: str = ""

    @property
    def market_ms(self) -> int:
        """Market time in epoch milliseconds."""
        return int(self.at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that can be asked.

    Attributes:
        work: Answers; never waits for anything.
        mandatory: Parameters it must have.
        optional: Parameters it may have.
        weight: What it counts against the limit; or how that follows from what was sent.
        signed: It has to be signed.
        acts: It changes something, so it is done in a commit and never twice for one signature.
        orders: It counts as a new order.
    """

    work: Callable[[Call], Awaitable[Any]]
    mandatory: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    weight: Weight = 1
    signed: bool = False
    acts: bool = False
    orders: bool = False

    def weighs(self, sent: Mapping[str, str]) -> int:
        """Return the weight of a request that sent this."""
        return self.weight if isinstance(self.weight, int) else self.weight(sent)
