"""What the exchange keeps: orders, trades, balances and the changes that made them.

Amounts are in the base, `cost` and `fee` in the quote currency, times in UTC epoch milliseconds.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from company.trading.matching import Side, TimeInForce

OrderType = Literal["market", "limit"]
When = Literal["stop", "take_profit"]
Role = Literal["maker", "taker"]
Status = Literal["open", "closed", "canceled"]
What = Literal["placed", "triggered", "filled", "canceled"]

RESERVE: Final = Decimal("1.05")
"""A market buy that waits pays at most this times its trigger, and holds as much: what costs more is not bought."""


@dataclass(frozen=True, slots=True)
class Request:
    """An order somebody wishes to place.

    Attributes:
        symbol: Unified name.
        side: `buy` or `sell`.
        type: `market` or `limit`.
        amount: On the step grid; None with `cost`.
        price: Worst price of a limit order, on the tick grid.
        time_in_force: `GTC`, `IOC` or `FOK`; a market order never rests, whichever is given.
        post_only: Refuse the order rather than let it take.
        cost: Of a market order, the amount of quote currency to spend or to earn, before fees.
        trigger: Price that wakes the order; it does not work before. On the tick grid.
        when: `stop` wakes a buy at or above the trigger and a sell at or below; `take_profit` the other way round.
        client_id: The owner's own id, never used before by this account.
    """

    symbol: str
    side: Side
    type: OrderType
    amount: Decimal | None
    price: Decimal | None = None
    time_in_force: TimeInForce = "GTC"
    post_only: bool = False
    cost: Decimal | None = None
    trigger: Decimal | None = None
    when: When | None = None
    client_id: str | None = None


class Order(BaseModel):
    """An order as the exchange keeps it.

    Attributes:
        status: `closed` is filled; what an order could not fill ends it as `canceled`.
        held: What of the asset it pays with is set aside for it.
        traded: When it traded last.
        trades: Ids of its trades.
        cost_asked: What a market order was to spend or to earn.
        triggered: When it was woken; None while it waits, and for an order without trigger.
        turn: Number of the change that put it into the book; of two orders at one price the lower is first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    client_id: str | None
    symbol: str
    side: Side
    type: OrderType
    price: Decimal | None
    amount: Decimal
    time_in_force: TimeInForce
    post_only: bool
    created: int
    status: Status = "open"
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    traded: int | None = None
    trades: tuple[str, ...] = ()
    cost_asked: Decimal | None = None
    trigger: Decimal | None = None
    when: When | None = None
    triggered: int | None = None
    turn: int = Field(default=0, ge=0)

    @property
    def remaining(self) -> Decimal:
        """What has not traded."""
        return self.amount - self.filled

    @property
    def waits(self) -> bool:
        """True until its trigger wakes it."""
        return self.trigger is not None and self.triggered is None

    @property
    def worst(self) -> Decimal | None:
        """The worst price it may trade at, perhaps between two ticks; None takes any."""
        if self.price is None and self.trigger is not None and self.side == "buy":
            return self.trigger * RESERVE
        return self.price

    @property
    def since(self) -> int:
        """When it began to work or to wait: bars that began earlier do not concern it."""
        return self.created if self.triggered is None else self.triggered

    @property
    def falls(self) -> bool:
        """True when its trigger is met by falling prices, False when by rising ones."""
        return (self.when == "stop") == (self.side == "sell")

    @property
    def pays_with(self) -> str:
        """The asset it gives away and holds."""
        base, _, quote = self.symbol.partition("/")
        return quote if self.side == "buy" else base

    def document(self) -> dict[str, Any]:
        """Return it as the books keep it."""
        return self.model_dump(mode="json")


class Trade(BaseModel):
    """One fill of an order. Two accounts that trade with each other keep one each, under the same id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    order: str
    symbol: str
    side: Side
    role: Role
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    rate: Decimal
    at: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has of one asset."""

    free: Decimal
    used: Decimal


class Change(BaseModel):
    """A change of one order of one account.

    Attributes:
        number: 1, 2, 3, ... over all accounts of the exchange, without holes.
        account: Whose order it is.
        order: Its id.
        symbol: Its symbol.
        what: `placed` (with the trades it got on arrival), `triggered` (the same for an order that waited), `filled`
            while it rested, or `canceled`.
        trades: Ids of the trades that belong to the change, oldest first.
        status: The order's status after it.
        at: When.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    account: str
    order: str
    symbol: str
    what: What
    trades: tuple[str, ...]
    status: Status
    at: int
