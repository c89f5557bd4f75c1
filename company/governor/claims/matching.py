"""Whether receipts bear out what is said of an effect: amounts, assets, sums and ids, one by one.

Numbers are compared as they are written: 3.4 is 3.399, and 64,000 may be 64,123.45. How much was done is held to more.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from company.governor.claims.facts import FILE, ID, ID_LABELS, Facts
from company.governor.claims.receipts import Receipt, figure
from company.governor.claims.sentences import Clause, Segment, Token, words

_TOLERANCE = Decimal("0.05")
_LINKS = words("of is was were about at : = a an the")


def objections(facts: Facts, receipts: Sequence[Receipt], amount: str, said: Segment) -> list[str]:
    """Return what one receipt, or several taken together, do not bear out; empty when they bear it out.

    Args:
        facts: What is said.
        receipts: One receipt; several for "bought 0.06 BTC in three orders".
        amount: Field that holds how much was done; empty when the effect has no amount.
        said: The segment, for labels of ids.
    """
    return [
        *_wrong_asset(facts, receipts),
        *_wrong_amount(facts, receipts, amount),
        *_wrong_money(facts, receipts),
        *_wrong_ids(facts, receipts, said),
    ]


def _wrong_asset(facts: Facts, receipts: Sequence[Receipt]) -> list[str]:
    traded = {asset for receipt in receipts for asset in receipt.assets}
    return [f"is of {', '.join(sorted(traded))}"] if facts.asset and traded and facts.asset not in traded else []


def _wrong_amount(facts: Facts, receipts: Sequence[Receipt], amount: str) -> list[str]:
    if facts.amount is None or facts.counted or not amount:
        return []
    done = _fields(receipts, amount)
    if not done:
        return [f"has no {amount}"]
    if not any(is_rounded(said, sum(done, Decimal(0)), strictly=True) for said in (facts.amount, *facts.others)):
        return [f"has {amount} {sum(done, Decimal(0)).normalize():f}"]
    figures = [number for receipt in receipts for number in receipt.figures]
    if facts.whole is not None and not any(is_rounded(facts.whole, number) for number in figures):
        return [f"does not have {facts.whole.text}"]
    return []


def _wrong_money(facts: Facts, receipts: Sequence[Receipt]) -> list[str]:
    figures = [number for receipt in receipts for number in receipt.figures]
    figures += _totals(receipts)
    if not any(receipt.figures for receipt in receipts):
        return []
    return [f"does not have {token.text}" for token in facts.money if not any(is_rounded(token, n) for n in figures)]


def _totals(receipts: Sequence[Receipt]) -> list[Decimal]:
    """Return sums by field: notional and fees of several orders."""
    names = {name for receipt in receipts for name in receipt.fields} if len(receipts) > 1 else set()
    return [sum(found, Decimal(0)) for name in names if (found := _fields(receipts, name))]


def _fields(receipts: Sequence[Receipt], name: str) -> list[Decimal]:
    return [found for receipt in receipts if (found := _field(receipt, name)) is not None]


def _field(receipt: Receipt, name: str) -> Decimal | None:
    return figure(receipt.fields.get(name))


def _wrong_ids(facts: Facts, receipts: Sequence[Receipt], said: Segment) -> list[str]:
    names = {name for receipt in receipts for name in receipt.names}
    shapes = {_shape(name) for name in names if ID.fullmatch(name) or "." in name}
    return [
        f"does not have {name}"
        for name in facts.ids
        if not _is_among(name, names) and (_shape(name) in shapes or _is_labelled(name, said))
    ]


def _is_among(name: str, names: Collection[str]) -> bool:
    return name in names or (len(name) >= 6 and any(each.startswith(name) for each in names))


def _is_labelled(name: str, said: Segment) -> bool:
    place = next((number for number, token in enumerate(said) if token.low == name), 0)
    return bool(place) and said[place - 1].low in ID_LABELS


def _shape(name: str) -> str:
    """Return the form of an id: `o0` of `O12`, `0.0.0.0` of an address, `.txt` of a file."""
    if FILE.fullmatch(name):
        return name[name.rindex(".") :]
    return re.sub(r"\d+", "0", name.lower().partition("/")[0])


def mislabelled(clause: Clause, receipts: Sequence[Receipt]) -> list[str]:
    """Return figures of a clause that are named after a field of the result and are not in it: "fee 9 USDT"."""
    fields = {name for receipt in receipts for name in receipt.fields}
    return [
        f"has {name} {', '.join(f'{value.normalize():f}' for value in _fields(receipts, name))}"
        for segment in clause.segments
        for name, token in _labelled(segment, fields)
        if (found := _fields(receipts, name))
        and not any(is_rounded(token, each) for each in (*found, sum(found, Decimal(0))))
    ]


def _labelled(segment: Segment, fields: Collection[str]) -> Iterator[tuple[str, Token]]:
    words = [token for token in segment if token.low not in _LINKS]
    for label, token in pairwise(words):
        if label.low in fields and token.kind == "number" and token.sign != "%":
            yield label.low, token


def is_rounded(written: Token, value: Decimal, *, strictly: bool = False) -> bool:
    """Tell whether a figure is `value`, rounded as it is written.

    Zeros at the end of a whole number may be rounding too, up to a twentieth: 64,000 for 64,123.45.

    Args:
        written: The figure.
        value: What it should be.
        strictly: It says how much was done: never more than a twentieth off, no rounding to tens.
    """
    difference, value = abs(written.value - abs(value)), abs(value)
    near = difference <= value * _TOLERANCE
    if difference <= written.unit / 2:
        return near or not strictly
    return near and not strictly and difference <= _place(written.value) / 2


def _place(number: Decimal) -> Decimal:
    """Return the worth of the last digit of a whole number that is not zero: 1000 of 64000."""
    digits = f"{number:f}"
    zeros = len(digits) - len(digits.rstrip("0")) if "." not in digits else 0
    return Decimal(10) ** zeros
