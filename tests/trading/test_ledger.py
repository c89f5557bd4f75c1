from datetime import UTC, datetime
from decimal import Decimal, Inexact

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import IntegrityError
from company.trading.ledger import Ledger, Posting
from company.world import MemoryBooks

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def transfer(source: str, target: str, asset: str, amount: Decimal) -> list[Posting]:
    return [
        Posting(account=source, asset=asset, amount=-amount),
        Posting(account=target, asset=asset, amount=amount),
    ]


def test_posting_moves_value_between_accounts():
    ledger = Ledger(MemoryBooks(), "desk")

    ledger.post(NOW, "deposit", transfer("world", "cash", "USDT", Decimal("10.5")))

    assert ledger.balance("cash", "USDT") == Decimal("10.5")
    assert ledger.balance("world", "USDT") == Decimal("-10.5")
    assert ledger.balance("cash", "BTC") == 0
    assert [entry.memo for entry in ledger.entries()] == ["deposit"]


def test_entry_that_does_not_balance_is_refused_and_leaves_nothing():
    ledger = Ledger(MemoryBooks(), "desk")

    with pytest.raises(ValueError, match="USDT sums to 1, not 0"):
        ledger.post(NOW, "gift", [Posting(account="cash", asset="USDT", amount=Decimal(1))])

    assert list(ledger.entries()) == []
    assert ledger.balances("cash") == {}


def test_amount_that_would_lose_digits_is_refused():
    ledger = Ledger(MemoryBooks(), "desk")
    ledger.post(NOW, "big", transfer("world", "cash", "USDT", Decimal(10) ** 20))

    with pytest.raises(Inexact):
        ledger.post(NOW, "dust", transfer("world", "cash", "USDT", Decimal("1e-18")))


@pytest.mark.parametrize(
    ("kind", "key", "document"),
    [
        ("desk.balance", "cash", {"USDT": "11"}),
        ("desk.entry", "2", None),
        ("desk.entry", "1", None),
        (
            "desk.entry",
            "1",
            {
                "number": 1,
                "at": NOW.isoformat(),
                "memo": "deposit",
                "postings": [{"account": "cash", "asset": "USDT", "amount": "9"}],
            },
        ),
    ],
)
def test_verify_finds_a_changed_balance_a_lost_entry_and_a_changed_entry(kind, key, document):
    books = MemoryBooks()
    ledger = Ledger(books, "desk")
    ledger.post(NOW, "deposit", transfer("world", "cash", "USDT", Decimal(10)))
    ledger.post(NOW, "fee", transfer("cash", "fees", "USDT", Decimal(1)))
    ledger.verify()

    books.delete(kind, key)
    if document is not None:
        books.put(kind, key, document)

    with pytest.raises(IntegrityError, match=r"desk\.(entry|balance)"):
        ledger.verify()


_transfers = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["USDT", "BTC"]),
        st.decimals("-1e6", "1e6", places=8, allow_nan=False),
    ),
    max_size=20,
)


@given(_transfers)
@settings(max_examples=50, deadline=None)
def test_every_asset_sums_to_zero_whatever_is_posted(rows: list):
    ledger = Ledger(MemoryBooks(), "desk")

    for source, target, asset, amount in rows:
        ledger.post(NOW, "move", transfer(source, target, asset, amount))

    for asset in ("USDT", "BTC"):
        assert sum(ledger.balance(account, asset) for account in ("a", "b", "c")) == 0
    ledger.verify()
