"""What the exchange refuses, in Binance's codes and words.

Clients choose their exception by the code, some of them by the exact text, so the texts are Binance's own to the
letter. Where the paper venue refuses something that Binance has no words for, the text is the venue's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from company.errors import BadSymbol, DuplicateOrder, InsufficientFunds, OrderNotFound, VenueError
from company.trading.matching import Refused as RuleBroken

_NOTHING: Mapping[str, str] = MappingProxyType({})

DUPLICATE: Final = "Duplicate order sent."
IMMEDIATELY: Final = "Order would immediately match and take."
TRIGGERED: Final = "Stop price would trigger immediately."
POOR: Final = "Account has insufficient balance for requested action."
UNKNOWN_ORDER: Final = "Unknown order sent."
OWN_ORDER: Final = "Order would trade with an order of the same account."
"""The paper venue's own words: Binance lets an account trade with itself, or cancels one of the two."""

_FILTERS: Final = {"price": "PRICE_FILTER", "amount": "LOT_SIZE", "notional": "NOTIONAL"}
_REJECTIONS: Final = {"post_only": IMMEDIATELY, "trigger": TRIGGERED, "self_trade": OWN_ORDER}


class Refused(Exception):
    """The exchange does not do what was asked.

    Args:
        code: Binance's code, negative.
        msg: Binance's text.
        status: HTTP status.
        headers: Headers of the answer.
        data: What an answer of `cancelReplace` says about its two halves.
    """

    def __init__(
        self,
        code: int,
        msg: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] = _NOTHING,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(msg)
        self.code, self.msg, self.status, self.headers, self.data = code, msg, status, headers, data

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"code": self.code, "msg": self.msg} | ({} if self.data is None else {"data": dict(self.data)})


def unknown_failure() -> Refused:
    """A mistake of this program."""
    return Refused(-1000, "An unknown error occurred while processing the request.", status=500)


def overloaded() -> Refused:
    """The books could not be written for too long; nothing was done."""
    return Refused(
        -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", status=503
    )


def no_such_path() -> Refused:
    """Nothing is served there."""
    return Refused(-1099, "Not found, authenticated, or authorized", status=404)


def unsupported(status: int = 400) -> Refused:
    """Binance knows it, this exchange does not do it."""
    return Refused(-1020, "This operation is not supported.", status=status)


def too_large(status: int) -> Refused:
    """The request is longer than any that makes sense."""
    return Refused(-1101, "Too many parameters sent for this endpoint.", status=status)


def missing(name: str) -> Refused:
    """A parameter that has to be there is not, or is empty."""
    return Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def neither(one: str, other: str) -> Refused:
    """One of two parameters has to be there."""
    return Refused(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def duplicated(name: str) -> Refused:
    """A parameter is there twice."""
    return Refused(-1101, f"Duplicate values for parameter '{name}'.")


def unread(known: int, sent: int) -> Refused:
    """There are parameters that the endpoint does not have; so many of them it has."""
    if not known:
        return Refused(-1101, f"Too many parameters; expected '0' and received '{sent}'.")
    return Refused(-1104, f"Not all sent parameters were read; read '{known}' parameter(s) but was sent '{sent}'.")


def empty(name: str) -> Refused:
    """A parameter has no value."""
    return Refused(-1105, f"Parameter '{name}' was empty.")


def not_required(name: str) -> Refused:
    """A parameter does not go with the others."""
    return Refused(-1106, f"Parameter '{name}' sent when not required.")


def illegal(name: str, legal: str) -> Refused:
    """A parameter is not written as it must be."""
    return Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def too_precise(name: str) -> Refused:
    """A number has more decimals than any asset."""
    return Refused(-1111, f"Parameter '{name}' has too much precision.")


def bad_combination() -> Refused:
    """Parameters contradict each other."""
    return Refused(-1128, "Combination of optional parameters invalid.")


def bad_data(name: str) -> Refused:
    """A parameter has a value that does not exist."""
    return Refused(-1130, f"Data sent for parameter '{name}' is not valid.")


def bad_symbol() -> Refused:
    """Nothing is traded under this name."""
    return Refused(-1121, "Invalid symbol.")


def filtered(name: str) -> Refused:
    """The order breaks a filter of its symbol."""
    return Refused(-1013, f"Filter failure: {name}")


def rejected(msg: str) -> Refused:
    """The order was not taken."""
    return Refused(-2010, msg)


def not_canceled() -> Refused:
    """There is no such open order."""
    return Refused(-2011, UNKNOWN_ORDER)


def no_such_order() -> Refused:
    """There is no such order."""
    return Refused(-2013, "Order does not exist.")


def of_venue(error: VenueError) -> Refused:
    """Return what Binance says where the venue raised `error`."""
    match error:
        case BadSymbol():
            return bad_symbol()
        case InsufficientFunds():
            return rejected(POOR)
        case DuplicateOrder():
            return rejected(DUPLICATE)
        case OrderNotFound():
            return no_such_order()
        case RuleBroken():
            return _broken(error)
    return rejected(str(error))


def _broken(error: RuleBroken) -> Refused:
    filter_name = _FILTERS.get(error.rule)
    return rejected(_REJECTIONS.get(error.rule, str(error))) if filter_name is None else filtered(filter_name)
