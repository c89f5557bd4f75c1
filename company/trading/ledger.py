"""A double-entry ledger: value moves between accounts, it never appears or vanishes.

Every entry balances to zero for each asset, so the sum over all accounts of an asset is zero for ever; whoever trades
with us or funds us is an account too. Entries are only ever added. The balances kept beside them are a sum that
`verify` computes again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Context, Decimal, Inexact
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from company.errors import IntegrityError
from company.ports import Books

_EXACT: Final = Context(prec=28, traps=[Inexact])  # a sum that loses a digit is a bug, not a rounding


class Posting(BaseModel):
    """A change of one account in one asset; positive adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str
    asset: str
    amount: Decimal


class Entry(BaseModel):
    """Postings that happen together; their amounts sum to zero for each asset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    at: AwareDatetime
    memo: str
    postings: tuple[Posting, ...]

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        for asset, total in _totals((posting.asset, posting.amount) for posting in self.postings).items():
            if total:
                raise ValueError(f"entry {self.memo!r} does not balance: {asset} sums to {total:f}, not 0")
        return self


class Ledger:
    """The accounts under one name.

    Args:
        books: Where entries and balances are kept.
        name: Prefix of the kinds it uses in the books.
    """

    def __init__(self, books: Books, name: str) -> None:
        self._books = books
        self._entries, self._balances = f"{name}.entry", f"{name}.balance"

    def post(self, at: datetime, memo: str, postings: Iterable[Posting]) -> Entry:
        """Add an entry; postings of zero are left out.

        Args:
            at: When it happened.
            memo: What happened, with the id of the order, trade or transfer.
            postings: The changes, in sum zero for each asset.

        Raises:
            ValueError: The entry does not balance.
            decimal.Inexact: A balance would need more than 28 digits.
        """
        moved = tuple(posting for posting in postings if posting.amount)
        with self._books.transaction():
            entry = Entry(number=self._books.next_number(self._entries), at=at, memo=memo, postings=moved)
            self._books.put(self._entries, str(entry.number), entry.model_dump(mode="json"))
            for account in dict.fromkeys(posting.account for posting in moved):
                held = self.balances(account)
                changes = ((posting.asset, posting.amount) for posting in moved if posting.account == account)
                self._books.put(self._balances, account, _totals([*held.items(), *changes]))
        return entry

    def balance(self, account: str, asset: str) -> Decimal:
        """Return what an account holds of an asset; 0 when it never held any."""
        return self.balances(account).get(asset, Decimal(0))

    def balances(self, account: str) -> dict[str, Decimal]:
        """Return what an account holds by asset, in the order the assets first came in."""
        return _decimals(self._books.get(self._balances, account) or {})

    def entries(self) -> Iterator[Entry]:
        """Return all entries, the oldest first."""
        return (Entry.model_validate(document) for _, document in self._books.items(self._entries))

    def verify(self) -> None:
        """Compute every balance again from the entries.

        Raises:
            IntegrityError: An entry is missing or does not balance, or a balance is not the sum of its postings.
        """
        sums: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        for number, (key, document) in enumerate(self._books.items(self._entries), start=1):
            if key != str(number):
                raise IntegrityError(f"{self._entries} {number} is missing: the next one found is {key!r}")
            try:
                entry = Entry.model_validate(document)
            except ValueError as error:
                raise IntegrityError(f"{self._entries} {key!r} cannot be trusted: {error}") from error
            for posting in entry.postings:
                sums[posting.account].append((posting.asset, posting.amount))
        kept = {account: _decimals(document) for account, document in self._books.items(self._balances)}
        computed = {account: _totals(changes) for account, changes in sums.items()}
        for account in sorted(kept.keys() | computed.keys()):
            if kept.get(account) != computed.get(account):
                raise IntegrityError(
                    f"{self._balances} {account!r} is {kept.get(account)}, its entries sum to {computed.get(account)}"
                )


def _totals(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for asset, amount in amounts:
        totals[asset] = _EXACT.add(totals.get(asset, Decimal(0)), amount)
    return totals


def _decimals(document: dict[str, str]) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in document.items()}
