"""What went wrong at an exchange, in this program's words, without the keys and signatures that ccxt's words hold.

What an error means is said by `company.trading.answers`. Three things it cannot know are decided here, for a call that
changes something (an order, a cancellation):

- an answer that cannot be read, a redirect, and a connection that broke while the answer came: the outcome is unknown;
- a connection that never came about: certainly nothing happened, and trying again later is safe.
"""

import re
from typing import Final

from company.errors import DuplicateOrder, InvalidOrder, RequestTimeout, VenueError
from company.trading.answers import translated
from company.trading.venues.client import Unusable
from company.trading.venues.terms import Keys

_QUERY: Final = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")
_SIGNED: Final = re.compile(
    r"(?i)\b(signature|apikey|api_key|api-key|api-sign|x-mbx-apikey|passphrase)(['\"]?\s*[=:]\s*['\"]?)[^\s&'\",}]+"
)
_LONGEST: Final = 300
"""Characters of an exchange's words that are kept; a page of HTML helps nobody."""


def fault(venue: str, error: Exception, keys: Keys | None, *, changes: bool) -> VenueError:
    """Return what an exception of a ccxt client means.

    Args:
        venue: The venue's name, for messages.
        error: What ccxt, its parser or the HTTP client raised.
        keys: What has to stay out of the message.
        changes: The call would have changed something, so that an unknown outcome matters.
    """
    if _never_connected(error):
        return VenueError(f"{venue} cannot be reached: {type(error.__cause__).__name__}", retryable=True)
    if isinstance(error, Unusable) or (meant := translated(venue, error)) is None:
        what = f"{venue} gave an answer that cannot be read: {type(error).__name__}: {error}"
        return _unread(changes)(shown(what, keys))
    if changes and _broke_off(error):
        return RequestTimeout(shown(str(meant), keys))
    return _narrowed(meant)(shown(str(meant), keys), retryable=meant.retryable)


def unread(venue: str, what: str, *, changes: bool) -> VenueError:
    """Return the error of an answer that has another form than the one it must have."""
    return _unread(changes)(f"{venue} gave an answer that cannot be read: {what}")


def shown(text: str, keys: Keys | None) -> str:
    """Return a text without keys, signatures and the parameters of addresses, and not endless."""
    for value in keys.values() if keys else ():
        text = text.replace(value, "[key]")
    text = _SIGNED.sub(r"\1\2[key]", _QUERY.sub(r"\1?[parameters]", text))
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _narrowed(meant: VenueError) -> type[VenueError]:
    """What ccxt tells by its words only: a repeated id, and an order that a filter of Binance refuses."""
    words = str(meant).lower()
    if isinstance(meant, InvalidOrder) and "duplicate" in words:
        return DuplicateOrder
    return InvalidOrder if "filter failure" in words else type(meant)


def _unread(changes: bool) -> type[VenueError]:
    return RequestTimeout if changes else VenueError


def _never_connected(error: Exception) -> bool:
    """True when no connection came about: the name was not found, nobody listened, the certificate was wrong."""
    cause = error.__cause__
    return cause is not None and any(
        kind.__name__ in {"ClientConnectorError", "gaierror"} for kind in type(cause).__mro__
    )


def _broke_off(error: Exception) -> bool:
    """True when the HTTP client failed; ccxt calls some of that a refusal by the exchange."""
    return any(kind.__module__.partition(".")[0] == "aiohttp" for kind in type(error.__cause__).__mro__)
