"""The parameters of a request, read strictly: none twice, none empty, none unknown, each written as it must be.

What a name means is the same at every endpoint, so there is one table of names. An endpoint says which it must have and
which it may have.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote_plus

from company.server.exchange import errors
from company.server.exchange.errors import Refused

SIGNED: Final = ("timestamp", "recvWindow", "signature")
"""What every signed request carries."""

INTERVALS: Final = ("1m", "5m", "15m", "1h", "4h", "1d")
DECIMALS: Final = 8
"""Decimals of every number that travels."""

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a parameter is written.

    Attributes:
        legal: The pattern of all of it, shown to who breaks it.
        read: Turns the text into the value.
    """

    legal: str
    read: Callable[[str], Any]

    def value(self, name: str, text: str) -> Any:
        """Return the value of `text`.

        Raises:
            Refused: It is not written so.
        """
        if not re.fullmatch(self.legal.removeprefix("^").removesuffix("$"), text, re.ASCII):
            raise errors.illegal(name, self.legal)
        return self.read(text)


_SYMBOL: Final = Kind("^[A-Z0-9-_.]{1,20}$", str)
_NAME: Final = Kind(r"^[\.A-Z\:/a-z0-9_-]{1,36}$", str)
_WHOLE: Final = Kind("^[0-9]{1,18}$", int)
_NUMBER: Final = Kind(r"^([0-9]{1,20})(\.[0-9]{1,20})?$", Decimal)
_WORD: Final = Kind("^[A-Za-z0-9_]{1,40}$", str)
_LIST: Final = Kind(
    r'^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,99}\]$', lambda text: re.findall(r'"([^"]+)"', text)
)
_FLAG: Final = Kind("^(true|false)$", lambda text: text == "true")
_SIGNATURE: Final = Kind("^.{1,512}$", str)

KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(["symbol"], _SYMBOL),
    **dict.fromkeys(
        ["newClientOrderId", "origClientOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId"], _NAME
    ),
    **dict.fromkeys(["timestamp", "recvWindow", "startTime", "endTime", "limit"], _WHOLE),
    **dict.fromkeys(["orderId", "cancelOrderId", "fromId"], _WHOLE),
    **dict.fromkeys(["trailingDelta"], _WHOLE),
    **dict.fromkeys(["quantity", "price", "stopPrice", "quoteOrderQty", "icebergQty"], _NUMBER),
    **dict.fromkeys(["side", "type", "timeInForce", "newOrderRespType", "selfTradePreventionMode"], _WORD),
    **dict.fromkeys(["interval", "cancelReplaceMode", "cancelRestrictions"], _WORD),
    **dict.fromkeys(["omitZeroBalances", "computeCommissionRates", "returnRateLimits"], _FLAG),
    "symbols": _LIST,
    "signature": _SIGNATURE,
    "apiKey": _SIGNATURE,
}


def pairs_of(raw: bytes) -> Pairs:
    """Return the parameters of a query or a form, decoded, in their order."""
    parts = (part.partition("=") for part in raw.decode("latin-1").split("&") if part)
    return [(_decoded(name), _decoded(value)) for name, _, value in parts]


def read(pairs: Pairs, mandatory: Iterable[str], optional: Iterable[str]) -> dict[str, Any]:
    """Return the values by name.

    Args:
        pairs: What was sent.
        mandatory: Names that have to be there.
        optional: Names that may be there.

    Raises:
        Refused: Something is missing, unknown, there twice, empty or malformed; the first that is found.
    """
    sent = dict(pairs)
    if len(sent) < len(pairs):
        raise errors.duplicated(_first_repeated(pairs))
    needed = tuple(mandatory)
    known = {*needed, *optional}
    for name in needed:
        if not sent.get(name):
            raise errors.missing(name)
    if extra := [name for name in sent if name not in known]:
        raise errors.unread(len(sent) - len(extra), len(sent))
    for name, text in sent.items():
        if not text:
            raise errors.empty(name)
    return {name: KINDS[name].value(name, text) for name, text in sent.items()}


def decimals(values: Mapping[str, Any]) -> None:
    """Pass numbers that have no more decimals than travel.

    Raises:
        Refused: -1111.
    """
    for name, value in values.items():
        if isinstance(value, Decimal) and value.normalize().as_tuple().exponent < -DECIMALS:  # type: ignore[operator]
            raise errors.too_precise(name)


def chosen(values: Mapping[str, Any], name: str, allowed: Iterable[str], wrong: Refused | None = None) -> str | None:
    """Return the value of a parameter that is one of a few words, None when it was not sent.

    Raises:
        Refused: It is none of them: `wrong`, or else -1130.
    """
    value: str | None = values.get(name)
    if value is not None and value not in allowed:
        raise wrong or errors.bad_data(name)
    return value


def _decoded(text: str) -> str:
    return unquote_plus(text, "utf-8", "replace")


def _first_repeated(pairs: Pairs) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("nothing is repeated")
