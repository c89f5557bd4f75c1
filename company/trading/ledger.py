"""A double-entry ledger: value moves between accounts, it never appears or vanishes.

Every entry balances to zero for each asset, so the sum over all accounts of an asset is zero for ever; whoever trades
with us or funds us is an account too. Entries are only ever added. The balances kept beside them are a sum that
`verify` computes again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, Inexact
from typing import Any, Final

from pydantic import AwareDatetime, ConfigDict, TypeAdapter, with_config

from company.errors import IntegrityError
from company.ports import Books

_EXACT: Final = Context(prec=28, traps=[Inexact])  # a sum that loses a digit is a bug, not a rounding
_ZERO: Final = Decimal(0)


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class Posting:
    """A change of one account in one asset; positive adds."""

    account: str
    asset: str
    amount: Decimal


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that happen together; their amounts sum to zero for each asset.

    Attributes:
        number: Running number; 0 for an entry that is known by a key.

    Raises:
        ValueError: It does not balance.
    """

    number: int
    at: AwareDatetime
    memo: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        totals: dict[str, Decimal] = {}
        for posting in self.postings:
            _add(totals, posting)
        for asset, total in totals.items():
            if total:
                raise ValueError(f"entry {self.memo!r} does not balance: {asset} sums to {total:f}, not 0")

    @classmethod
    def read(cls, document: Any) -> "Entry":
        """Return an entry as the books keep it.

        Raises:
            ValueError: It is none, or it does not balance.
        """
        return _ENTRY.validate_python(document)

    def document(self) -> dict[str, Any]:
        """Return it as the books keep it."""
        document: dict[str, Any] = _ENTRY.dump_python(self, mode="json")
        return document


_ENTRY: Final = TypeAdapter(Entry)


class Ledger:
    """The accounts under one name.

    Args:
        books: Where entries and balances are kept.
        name: Prefix of the kinds it uses in the books.
    """

    def __init__(self, books: Books, name: str) -> None:
        self._books = books
        self._entries, self._balances = f"{name}.entry", f"{name}.balance"

    def post(self, at: datetime, memo: str, postings: Iterable[Posting], *, key: str = "") -> Entry:
        """Add an entry; postings of zero are left out.

        Args:
            at: When it happened.
            memo: What happened, with the id of the order, trade or transfer.
            postings: The changes, in sum zero for each asset.
            key: What the entry is known by, once for ever; a running number when left out.

        Raises:
            ValueError: The entry does not balance, or its key was used before.
            decimal.Inexact: A balance would need more than 28 digits.
        """
        moved = tuple(posting for posting in postings if posting.amount)
        with self._books.transaction():
            if key and self._books.get(self._entries, key) is not None:
                raise ValueError(f"{self._entries} {key!r} was posted before: an entry is never changed")
            number = 0 if key else self._books.next_number(self._entries)
            entry = Entry(number=number, at=at, memo=memo, postings=moved)
            self._books.put(self._entries, key or str(number), entry.document())
            for account, held in self._after(moved).items():
                self._books.put(self._balances, account, held)
        return entry

    def balance(self, account: str, asset: str) -> Decimal:
        """Return what an account holds of an asset; 0 when it never held any."""
        return self.balances(account).get(asset, Decimal(0))

    def balances(self, account: str) -> dict[str, Decimal]:
        """Return what an account holds by asset, in the order the assets first came in."""
        return _decimals(self._books.get(self._balances, account) or {})

    def entries(self) -> Iterator[Entry]:
        """Return all entries, the oldest first."""
        return (Entry.read(document) for _, document in self._books.items(self._entries))

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a key or a running number, as text; None when there is none."""
        document = self._books.get(self._entries, key)
        return None if document is None else Entry.read(document)

    def verify(self) -> None:
        """Compute every balance again from the entries.

        Raises:
            IntegrityError: An entry is missing or does not balance, or a balance is not the sum of its postings.
        """
        computed: dict[str, dict[str, Decimal]] = defaultdict(dict)
        counted = 0
        for key, document in self._books.items(self._entries):
            try:
                entry = Entry.read(document)
            except ValueError as error:
                raise IntegrityError(f"{self._entries} {key!r} cannot be trusted: {error}") from error
            counted += entry.number > 0
            if entry.number and key != str(counted):
                raise IntegrityError(f"{self._entries} {counted} is missing: the next one found is {key!r}")
            for posting in entry.postings:
                _add(computed[posting.account], posting)
        kept = {account: _decimals(document) for account, document in self._books.items(self._balances)}
        for account in sorted(kept.keys() | computed.keys()):
            if kept.get(account) != computed.get(account):
                raise IntegrityError(
                    f"{self._balances} {account!r} is {kept.get(account)}, its entries sum to {computed.get(account)}"
                )

    def _after(self, moved: Iterable[Posting]) -> dict[str, dict[str, Decimal]]:
        """Return what the accounts that are moved hold then."""
        after: dict[str, dict[str, Decimal]] = {}
        for posting in moved:
            if (held := after.get(posting.account)) is None:
                held = after[posting.account] = self.balances(posting.account)
            _add(held, posting)
        return after


def _add(totals: dict[str, Decimal], posting: Posting) -> None:
    totals[posting.asset] = _EXACT.add(totals.get(posting.asset, _ZERO), posting.amount)


def _decimals(document: dict[str, str]) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in document.items()}
