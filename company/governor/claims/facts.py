"""What a claim says of its effect: how much, of what, at which price, under which id.

Only figures that name a quantity of the effect are read, by their place and their unit: "bought 0.02 BTC at 64,000
USDT, RSI 61" says an amount, an asset and a price. Scores, percentages, times and counts of other things are left
alone: they come from what was read, and arithmetic over that is no lie.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from company.governor.claims.sentences import Segment, Token, words

_MONEY = words("usd usdt usdc eur dollar dollars euro euros")
_UNITS = words("unit units coin coins token tokens share shares contract contracts lot lots piece pieces")
_BEFORE_PRICE = words("at @ price")
_LEADS_TO_MONEY = words("at @ for worth near price :")
_LOOSELY = words("about around roughly approximately a an the average of total only just ~ =")
_BETWEEN = words(
    "a an the total sum of about around roughly approximately another further exactly some only just more today now "
    "successfully us our new additional to buy sell buying selling for limit market order orders quantity : = ~ -"
)
_BEFORE = words("is are was were be been has have had just now fully partially also already successfully")
_SMALL = words("at on in for to from by with via as of and or than per out the a an is are was were has have had on")
_NO_ASSETS = words("UTC CEO RSI OK ID IP US EU UK AI PM AM ETF SEC VAR NOT NO")
ID = re.compile(r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{2,}")
FILE = re.compile(r"[\w/-]*\w\.[a-z]{1,5}")
_PLAIN = re.compile(r"\d+(?:st|nd|rd|th|h|d|m|s|x|ms|bps|pm|am|min)", re.IGNORECASE)
ID_LABELS = words("order id delivery draft receipt memory number file key")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of one effect.

    Attributes:
        amount: How much, None when nothing is said.
        others: In a row of a table, the other figures that may be the amount.
        counted: The amount counts things ("2 orders"), it does not measure one.
        whole: The second figure of "2 of 5".
        asset: Of what, upper case; empty when nothing is said.
        money: Sums and prices.
        ids: Ids and addresses, lower case.
    """

    amount: Token | None = None
    others: tuple[Token, ...] = ()
    counted: bool = False
    whole: Token | None = None
    asset: str = ""
    money: tuple[Token, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def is_zero(self) -> bool:
        """Tell whether it says that nothing was done."""
        return self.amount is not None and self.amount.value == 0


class Reader:
    """Reads facts.

    Args:
        names: Assets by their other names, lower case: `{"bitcoin": "BTC", "btc": "BTC"}`.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def facts(self, segment: Segment, start: int, end: int) -> Facts:
        """Return what a segment says around the words of a claim, from token `start` to `end`."""
        at = self._after(segment, start + 1)
        asset, money = self._asset(segment, start, end), self._money(segment, at)
        facts = Facts(asset=asset, money=money, ids=self._ids(segment))
        if at is None and any(token.low == "|" for token in segment):
            amounts = [token for n, token in enumerate(segment) if _measures(token) and not self._is_money(segment, n)]
            return replace(facts, amount=amounts[0], others=tuple(amounts[1:])) if amounts else facts
        at = self._ahead(segment, start) if at is None else at
        if at is None or self._is_money(segment, at):
            return facts
        amount, whole = _of(segment, at)
        return replace(facts, amount=amount, counted=self._counts(segment, at), whole=whole)

    def continued(self, segment: Segment) -> Facts | None:
        """Return what a segment adds to the claim before it: "..., 3 SOL", "..., 9.9.9.9"; None when it is no list."""
        first = segment[0]
        if first.kind == "number" and first.sign != "%":
            asset, money = self._asset_at(segment, 1), self._money(segment, 0)
            amount = first if asset else None
            return Facts(amount=amount, asset=asset, money=money, ids=self._ids(segment)) if money or asset else None
        if self._ids(segment[:1]) or (first.low in ID_LABELS and self._ids(segment[1:2])):
            return Facts(ids=self._ids(segment[:2]))
        asset = self._asset_at(segment, 0)
        return Facts(asset=asset, ids=self._ids(segment)) if asset else None

    def _after(self, segment: Segment, place: int) -> int | None:
        for number in range(place, len(segment)):
            token = segment[number]
            if token.kind == "number":
                return number if token.sign != "%" else None
            if token.low not in _BETWEEN and not self._asset_at(segment, number) and not _is_id(token):
                return None
        return None

    def _ahead(self, segment: Segment, start: int) -> int | None:
        for number in range(start - 1, -1, -1):
            token = segment[number]
            if token.kind == "number":
                priced = number and segment[number - 1].low in _BEFORE_PRICE
                return None if priced or token.sign == "%" else number
            noun = number >= start - 3 and token.kind == "word" and token.low not in _SMALL
            if token.low not in _BEFORE and not self._asset_at(segment, number) and not noun:
                return None
        return None

    def _counts(self, segment: Segment, at: int) -> bool:
        following = segment[at + 1 : at + 2]
        if not following or self._asset_at(segment, at + 1) or following[0].kind != "word":
            return False
        low = following[0].low
        return low not in _SMALL | _UNITS | _MONEY | _BEFORE and segment[at].value % 1 == 0

    def _money(self, segment: Segment, at: int | None) -> tuple[Token, ...]:
        """Return the object of the verb, if it is money, and prices and sums: not what was left or gained."""
        places = [number for number in range(len(segment)) if self._is_money(segment, number)]
        return tuple(segment[number] for number in places if number == at or self._is_led(segment, number))

    def _is_led(self, segment: Segment, number: int) -> bool:
        before = [token.low for token in segment[:number] if token.low not in _LOOSELY]
        return bool(before) and before[-1] in _LEADS_TO_MONEY

    def _is_money(self, segment: Segment, number: int) -> bool:
        token = segment[number]
        if token.kind != "number" or token.sign == "%":
            return False
        priced = number and segment[number - 1].low in _BEFORE_PRICE
        return bool(token.sign or priced or (segment[number + 1 : number + 2] and segment[number + 1].low in _MONEY))

    def _asset(self, segment: Segment, start: int, end: int) -> str:
        """Return the asset nearest to the claim: after it, else before it."""
        places = [*range(end + 1, len(segment)), *range(start + 1, end), *range(start - 1, -1, -1)]
        return next((asset for place in places if (asset := self._asset_at(segment, place, after=end))), "")

    def _asset_at(self, segment: Segment, place: int, *, after: int = -2) -> str:
        """Return the asset that a token names; one nobody knows is told by its place, behind a figure or the verb."""
        if place >= len(segment) or segment[place].kind != "word" or segment[place].low in _MONEY:
            return ""
        token = segment[place]
        base = token.low.partition("/")[0]
        if base in self._names or re.fullmatch(r"[A-Za-z]{2,12}/[A-Za-z]{2,12}", token.text):
            return self._names.get(base, base.upper())
        placed = place == after + 1 or (place > 0 and segment[place - 1].kind == "number")
        known = re.fullmatch(r"[A-Z]{3,6}", token.text) and token.text not in _NO_ASSETS
        return token.text if placed and known and not _is_shouted(segment) else ""

    def _ids(self, segment: Segment) -> tuple[str, ...]:
        return tuple(token.low for token in segment if _is_id(token))


def _of(segment: Segment, at: int) -> tuple[Token, Token | None]:
    """Return the two figures of "2 of 5", of which one is at `at`; else that figure alone."""
    if at >= 2 and segment[at - 1].low == "of" and segment[at - 2].kind == "number":
        return segment[at - 2], segment[at]
    behind = segment[at + 1 : at + 3]
    part = len(behind) == 2 and behind[0].low == "of" and behind[1].kind == "number"
    return segment[at], behind[1] if part else None


def _measures(token: Token) -> bool:
    return token.kind == "number" and token.sign != "%"


def _is_shouted(segment: Segment) -> bool:
    return all(token.text.isupper() for token in segment if token.kind == "word" and len(token.text) > 1) and (
        sum(token.kind == "word" for token in segment) > 1
    )


def _is_id(token: Token) -> bool:
    if token.kind == "address":
        return True
    named = ID.fullmatch(token.text) or FILE.fullmatch(token.text)
    return token.kind == "word" and bool(named) and not _PLAIN.fullmatch(token.text)
