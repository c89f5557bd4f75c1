"""Who asks, and whether the request is theirs: HMAC-SHA256 over the bytes that came, and the time they were signed at.

The signature covers query and body exactly as they were received, in their order, without `signature`, which is the
last parameter of all. Nothing is decoded and encoded again before it is verified. Times are wall time, whatever clock
the market follows.

A request that is sent twice is not told from one that is meant twice by Binance. Here an order that brings no client
order id gets one that follows from its signature, so the same bytes sent again are a duplicate for ever.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from company.server.exchange import errors
from company.server.exchange.errors import Refused

RECV_WINDOW: Final = 5_000
"""Milliseconds a request holds when it does not say."""

WIDEST: Final = 60_000
"""Milliseconds a request may hold."""

EARLY: Final = 1_000
"""Milliseconds a client's clock may be ahead."""

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MARK: Final = b"signature="


def key_of(given: str | None) -> str:
    """Return an API key that looks like one.

    Raises:
        Refused: -2014, there is none or it is malformed.
    """
    if given is None or not _KEY.fullmatch(given):
        raise Refused(-2014, "API-key format invalid.", status=401)
    return given


def unknown_key() -> Refused:
    """Nobody has this key."""
    return Refused(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


def bad_signature() -> Refused:
    """The signature is not the secret's over this request."""
    return Refused(-1022, "Signature for this request is not valid.")


def split(query: bytes, body: bytes) -> tuple[bytes, str]:
    """Return what was signed, and the signature, which comes last of all.

    Raises:
        Refused: -1102, there is no signature; -1022, something follows it.
    """
    last, first = (body, query) if body else (query, b"")
    head, mark, signature = last.rpartition(_MARK)
    if not mark or (head and not head.endswith(b"&")):
        raise bad_signature() if _MARK in first else errors.missing("signature")
    if not signature:
        raise errors.missing("signature")
    return first + head.removesuffix(b"&"), signature.decode("latin-1")


def verify(secret: str, signed: bytes, signature: str) -> None:
    """Pass a request that was signed with `secret`.

    Raises:
        Refused: -1022, it was not.
    """
    right = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), signature.lower().encode("utf-8", "replace")):
        raise bad_signature()


def check_time(values: Mapping[str, int], now: int) -> None:
    """Pass a request that was signed lately.

    Args:
        values: `timestamp` and perhaps `recvWindow`, in milliseconds.
        now: Wall time in epoch milliseconds.

    Raises:
        Refused: -1131, the window is too wide; -1021, the request is too old or from the future.
    """
    window = values.get("recvWindow", RECV_WINDOW)
    if window > WIDEST:
        raise Refused(-1131, "recvWindow must be less than 60000")
    if values["timestamp"] > now + EARLY:
        raise Refused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - values["timestamp"] > window:
        raise Refused(-1021, "Timestamp for this request is outside of the recvWindow.")


def order_name(signature: str) -> str:
    """Return the client order id of an order that came without one: the same request gives the same."""
    return hashlib.sha256(signature.lower().encode()).hexdigest()[:22]
