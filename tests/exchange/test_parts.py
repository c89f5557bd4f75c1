"""Parts of the door that a client sees only at their edges."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from company.server.exchange import executions
from company.server.exchange.commits import MOST, Commits
from company.server.exchange.errors import Refused
from company.server.exchange.replays import Replays
from company.server.exchange.signing import split
from company.server.exchange.weights import ORDERS, Meter
from company.trading.exchange import Change, Order, Trade
from company.world import START, MemoryBooks


class Counted(MemoryBooks):
    """Books that count their commits and may fail at one."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.commits, self._fails, self._inside = 0, fails, 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._inside += 1
        try:
            with super().transaction():
                yield
                if self._inside == 1 and self._fails:
                    raise OSError("the disk is full")
            self.commits += self._inside == 1
        finally:
            self._inside -= 1


async def test_orders_that_come_together_share_a_commit_and_a_refusal_undoes_only_itself() -> None:
    books = Counted()
    commits = Commits(books, lambda: START)

    async def work(number: int) -> int:
        books.put("done", str(number), {})
        if number % 2:
            raise Refused(-2010, "odd")
        return number

    outcomes = await asyncio.gather(
        *(commits.carry_out(lambda _at, n=n: work(n)) for n in range(6)), return_exceptions=True
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [0, 2, 4]
    assert [key for key, _ in books.items("done")] == ["0", "2", "4"]
    assert books.commits == 1


async def test_a_crowd_of_orders_is_carried_out_in_turns() -> None:
    books = Counted()
    commits = Commits(books, lambda: START)

    async def work(number: int) -> int:
        return number

    outcomes = await asyncio.gather(*(commits.carry_out(lambda _at, n=n: work(n)) for n in range(MOST + 1)))
    assert outcomes == list(range(MOST + 1))
    assert books.commits == 2


async def test_a_commit_that_fails_is_told_to_all_who_wait_for_it() -> None:
    books = Counted(fails=True)
    commits = Commits(books, lambda: START)

    async def work() -> None:
        books.put("done", "it", {})

    outcomes = await asyncio.gather(
        commits.carry_out(lambda _at: work()), commits.carry_out(lambda _at: work()), return_exceptions=True
    )
    assert [str(outcome) for outcome in outcomes] == ["the disk is full"] * 2
    assert books.get("done", "it") is None


async def test_work_that_would_wait_inside_a_transaction_is_refused() -> None:
    async def work() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="would wait inside a transaction"):
        await Commits(MemoryBooks(), lambda: START).carry_out(lambda _at: work())


def test_too_many_new_orders_are_refused_until_the_window_is_over() -> None:
    now = [0]
    meter = Meter(lambda: now[0])
    for _ in range(ORDERS[0].most):
        headers = meter.order("one")
    assert headers["x-mbx-order-count-10s"] == "5000"
    with pytest.raises(Refused) as refused:
        meter.order("one")
    assert (refused.value.status, refused.value.code) == (429, -1015)
    assert refused.value.msg == "Too many new orders; current limit is 5000 orders per 10 SECOND."
    assert refused.value.headers["retry-after"] == "10"
    meter.order("another")
    now[0] = 10_000
    assert meter.order("one")["x-mbx-order-count-10s"] == "1"


def test_signatures_are_forgotten_when_their_requests_hold_no_more() -> None:
    books = MemoryBooks()
    replays = Replays(books)
    assert replays.is_new("aa", until=10, now=5)
    assert not replays.is_new("AA", until=10, now=5)
    again = Replays(books)
    assert not again.is_new("aa", until=10, now=5)
    assert again.is_new("bb", until=20, now=11)
    assert [signature for signature, _ in books.items("signature")] == ["bb"]


@pytest.mark.parametrize(
    ("query", "body", "signed", "signature"),
    [
        (b"a=1&signature=5", b"", b"a=1", "5"),
        (b"", b"a=1&b=2&signature=5", b"a=1&b=2", "5"),
        (b"a=1", b"b=2&signature=5", b"a=1b=2", "5"),
        (b"a=1", b"signature=5", b"a=1", "5"),
        (b"a=1&signature=5&b=2", b"", b"a=1", "5&b=2"),
    ],
)
def test_what_was_signed_is_everything_before_the_signature(
    query: bytes, body: bytes, signed: bytes, signature: str
) -> None:
    assert split(query, body) == (signed, signature)


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        (b"a=1", b"", -1102),
        (b"a=1&signature=", b"", -1102),
        (b"signature=5", b"a=1", -1022),
        (b"xsignature=5", b"", -1102),
    ],
)
def test_a_signature_that_is_not_last_is_none(query: bytes, body: bytes, code: int) -> None:
    with pytest.raises(Refused) as refused:
        split(query, body)
    assert refused.value.code == code


def test_a_report_says_what_was_filled_by_then_not_by_now() -> None:
    trades = [_trade("T1", "0.4"), _trade("T2", "0.6")]
    order = Order.model_validate(_ORDER | {"status": "closed", "filled": 1, "trades": ("T1", "T2")})
    told = [
        (event["x"], event["X"], event["z"])
        for number, what, ids, status in (
            (1, "placed", (), "open"),
            (2, "filled", ("T1",), "open"),
            (3, "filled", ("T2",), "closed"),
        )
        for event in executions.reports(_change(number, what, ids, status), order, trades)
    ]
    assert told == [
        ("NEW", "NEW", "0.00000000"),
        ("TRADE", "PARTIALLY_FILLED", "0.40000000"),
        ("TRADE", "FILLED", "1.00000000"),
    ]


_ORDER: dict[str, Any] = {
    "id": "O1",
    "client_id": "mine",
    "symbol": "BTC/USDT",
    "side": "buy",
    "type": "limit",
    "price": 100,
    "amount": 1,
    "time_in_force": "GTC",
    "post_only": False,
    "created": 7,
}


def _change(number: int, what: Any, trades: tuple[str, ...], status: Any) -> Change:
    return Change(
        number=number, account="one", order="O1", symbol="BTC/USDT", what=what, trades=trades, status=status, at=7
    )


def _trade(name: str, amount: str) -> Trade:
    part = Decimal(amount)
    return Trade(
        id=name,
        order="O1",
        symbol="BTC/USDT",
        side="buy",
        role="maker",
        price=Decimal(100),
        amount=part,
        cost=100 * part,
        fee=Decimal(0),
        rate=Decimal(0),
        at=7,
    )
