"""The exchange at the corner: one bid and one ask a symbol, one account, everything in one JSON file."""

import json
from decimal import Decimal
from math import sin
from pathlib import Path
from typing import Any

from company.errors import BadSymbol, DuplicateOrder, InsufficientFunds, InvalidOrder, OrderNotFound

MIDDLES = {"BTC/USDT": Decimal(60_000), "ETH/USDT": Decimal(3_000)}
OPENING = {"USDT": "100000", "BTC": "0", "ETH": "0"}
FEE = Decimal("0.001")
LEAST = Decimal(5)
"""Smallest order, in USDT."""


def quote(symbol: str) -> tuple[Decimal, Decimal]:
    """Return bid and ask."""
    if symbol not in MIDDLES:
        raise BadSymbol(f"the corner has no {symbol}")
    return MIDDLES[symbol] * Decimal("0.9999"), MIDDLES[symbol] * Decimal("1.0001")


def candle(symbol: str, began: int, length: int) -> list[Any]:
    """Return one candle, `began` and `length` in milliseconds; prices swing a little around the middle."""
    closes = [float(MIDDLES[symbol]) * (1 + 0.004 * sin(began / length * 0.7 + step)) for step in (0.0, 0.7)]
    return [began, closes[0], max(closes) * 1.001, min(closes) * 0.999, closes[1], 10.0]


class Exchange:
    """The account and its orders.

    Args:
        file: Where they are; made when missing.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.held: dict[str, str] = dict(OPENING)
        self.orders: list[dict[str, Any]] = []
        self.trades: list[dict[str, Any]] = []
        if file.exists():
            self.held, self.orders, self.trades = json.loads(file.read_text("utf-8"))

    def balance(self) -> dict[str, dict[str, Decimal]]:
        """Return what is held, by asset and by kind; open purchases hold their money, open sales what they sell."""
        used = dict.fromkeys(self.held, Decimal(0))
        for order in self.open():
            base, _, money = order["symbol"].partition("/")
            amount, price = Decimal(order["amount"]), Decimal(order["price"])
            used[money if order["side"] == "buy" else base] += amount * price if order["side"] == "buy" else amount
        total = {asset: Decimal(held) for asset, held in self.held.items()}
        free = {asset: total[asset] - used[asset] for asset in total}
        rows = {asset: {"free": free[asset], "used": used[asset], "total": total[asset]} for asset in total}
        return {**rows, "free": free, "used": used, "total": total}

    def open(self) -> list[dict[str, Any]]:
        """Return the orders that rest."""
        return [order for order in self.orders if order["status"] == "open"]

    def find(self, **wanted: str) -> dict[str, Any]:
        """Return the order with an `id` or a `clientOrderId`."""
        for order in self.orders:
            if wanted.items() <= order.items():
                return order
        raise OrderNotFound(f"the corner has no order {wanted}")

    def place(self, order: dict[str, Any], now: int) -> dict[str, Any]:
        """Take an order with `symbol`, `type`, `side`, `amount`, `price` and `clientOrderId`."""
        bid, ask = quote(order["symbol"])
        if any(known["clientOrderId"] == order["clientOrderId"] for known in self.orders):
            raise DuplicateOrder(f"the corner has an order {order['clientOrderId']} already")
        touch = ask if order["side"] == "buy" else bid
        limit = touch if order["price"] is None else order["price"]
        if order["amount"] * limit < LEAST:
            raise InvalidOrder(f"the corner takes no order below {LEAST} USDT")
        base, _, money = order["symbol"].partition("/")
        needed = {money: order["amount"] * limit * (1 + FEE)} if order["side"] == "buy" else {base: order["amount"]}
        for asset, amount in needed.items():
            if amount > self.balance()[asset]["free"]:
                raise InsufficientFunds(f"the corner holds too little {asset}")
        placed = {
            **order,
            "id": str(len(self.orders) + 1),
            "amount": str(order["amount"]),
            "price": str(limit),
            "filled": "0",
            "cost": "0",
            "status": "open",
            "timestamp": now,
            "fee": {"currency": money, "cost": "0"},
        }
        if (limit >= touch) if order["side"] == "buy" else (limit <= touch):
            self._fill(placed, order["amount"], touch, now)
        self.orders.append(placed)
        self._keep()
        return placed

    def cancel(self, order: dict[str, Any]) -> dict[str, Any]:
        """Take an order out of the book."""
        if order["status"] != "open":
            raise OrderNotFound(f"the order {order['id']} is not open")
        order["status"] = "canceled"
        self._keep()
        return order

    def _fill(self, order: dict[str, Any], amount: Decimal, price: Decimal, now: int) -> None:
        base, _, money = order["symbol"].partition("/")
        cost, sign = amount * price, 1 if order["side"] == "buy" else -1
        fee = {"currency": money, "cost": str(cost * FEE)}
        self.held[base] = str(Decimal(self.held[base]) + sign * amount)
        self.held[money] = str(Decimal(self.held[money]) - sign * cost - cost * FEE)
        order |= {"filled": str(amount), "cost": str(cost), "average": str(price), "status": "closed", "fee": fee}
        told = {name: order[name] for name in ("symbol", "side", "clientOrderId", "timestamp")}
        trade = {"id": str(len(self.trades) + 1), "order": order["id"], "price": str(price), "amount": str(amount)}
        self.trades.append({**told, **trade, "cost": str(cost), "fee": fee})

    def _keep(self) -> None:
        self._file.write_text(json.dumps([self.held, self.orders, self.trades]), "utf-8")
