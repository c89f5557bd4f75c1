"""Sends one sealed message to one browser's push service.

Where a message goes is what a browser said, so it could be any address. It must be a public one, and all addresses that
its name has as well; `Sender` connects to the very one that was checked. `pywebpush` seals and signs; its own sender is
not used, because it would look the name up again.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from company.errors import ProviderError
from company.server.doors.addresses import Target, is_public, literal
from company.server.doors.sender import Sender
from company.server.front.subscriptions import Subscription
from company.store import private_file

if TYPE_CHECKING:
    from py_vapid import Vapid02  # type: ignore[import-untyped] # it has no types

KEY_FILE = "push.key"
CONTACT = "https://github.com/the-ai-company/the-ai-company"
"""Whom a push service may turn to, as RFC 8292 asks."""

SIGNED_FOR = timedelta(hours=12)
LONGEST = 2_048
"""Most characters of an endpoint."""

_GONE = frozenset({404, 410})
_TAKEN = frozenset({200, 201, 202, 204})


class BadEndpoint(ValueError):
    """A message must not be sent there; the message says why."""


class Post:
    """Seals, signs and sends.

    Args:
        state: The state directory, which keeps the key that signs.
        to_loopback: Also send to this machine, by plain HTTP; for tests.
        now: Seconds since the epoch.
    """

    def __init__(self, state: Path, *, to_loopback: bool = False, now: Callable[[], float] = time.time) -> None:
        self._file, self._to_loopback, self._now = state / KEY_FILE, to_loopback, now
        self._vapid: Vapid02 | None = None
        self._sender = Sender()

    def public_key(self) -> str:
        """Return the key that a browser subscribes with, base64url; made at first use.

        Raises:
            UsageError: The key's file is open to others, or cannot be read or written.
        """
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from py_vapid.utils import b64urlencode  # type: ignore[import-untyped]

        point = self._signer().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cast("str", b64urlencode(point))

    def check(self, endpoint: str) -> None:
        """Tell at once what is plainly wrong with an endpoint; where its name leads is looked up when it is used.

        Raises:
            BadEndpoint: It is no HTTPS address of a public host.
        """
        self._target(endpoint)

    async def send(self, subscription: Subscription, text: str, *, lasts: timedelta) -> bool:
        """Send a message.

        Args:
            subscription: Whom to tell.
            text: What to tell.
            lasts: How long the push service keeps it for a device that is off.

        Returns:
            False when the subscription does not exist any more.

        Raises:
            BadEndpoint: The endpoint leads to no public address, or its keys are none.
            ProviderError: The push service did not take it.
        """
        target = self._target(subscription.endpoint)
        try:
            status = await self._sender.post(target, *self._sealed(subscription, text, lasts))
        except ProviderError as error:
            if not error.retryable:
                raise BadEndpoint(str(error)) from error
            raise ProviderError(f"push service {target.host!r} cannot be reached: {error}", retryable=True) from error
        if status not in _TAKEN | _GONE:
            raise ProviderError(f"push service {target.host!r} answered {status}")
        return status in _TAKEN

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()

    def _signer(self) -> "Vapid02":
        from py_vapid import Vapid02

        if self._vapid is None:
            with private_file.locked(self._file.with_suffix(".lock")):
                pem = private_file.read(self._file)
                if pem is None:
                    fresh = Vapid02()
                    fresh.generate_keys()
                    pem = fresh.private_pem()
                    private_file.write(self._file, pem)
            self._vapid = Vapid02.from_pem(pem)
            self._vapid.conf = {"no-strict": True}  # its check allows an address of a person only by mail
        return self._vapid

    def _target(self, endpoint: str) -> Target:
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError as error:
            raise BadEndpoint(f"the endpoint is no address: {error}") from error
        if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            raise BadEndpoint(f"the endpoint is no address of at most {LONGEST} plain characters")
        if not parts.hostname or parts.username is not None or port == 0:
            raise BadEndpoint("the endpoint names no host, or a user")
        address = literal(parts.hostname)
        if self._to_loopback and address is not None and address.is_loopback:
            return Target(endpoint, parts.hostname, port or 80, literal=True)
        if parts.scheme != "https":
            raise BadEndpoint("the endpoint is no https address")
        if address is not None and not is_public(address):
            raise BadEndpoint(f"{parts.hostname!r} is not a public address")
        if address is None and "." not in parts.hostname.strip("."):
            raise BadEndpoint(f"{parts.hostname!r} is a name of this network only")
        return Target(endpoint, parts.hostname, port or 443, literal=False)

    def _sealed(self, subscription: Subscription, text: str, lasts: timedelta) -> tuple[dict[str, str], bytes]:
        from pywebpush import WebPusher  # type: ignore[import-untyped]

        keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
        try:
            sealed = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(text.encode())
        except ValueError as error:  # keys that are none
            raise BadEndpoint(f"the subscription's keys cannot be used: {error}") from error
        until = int(self._now() + SIGNED_FOR.total_seconds())
        parts = urlsplit(subscription.endpoint)
        claims = {"sub": CONTACT, "aud": f"{parts.scheme}://{parts.netloc}", "exp": until}
        headers: dict[str, str] = {
            **self._signer().sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, int(lasts.total_seconds()))),
            "Urgency": "high",
            "Topic": "approvals",  # a newer count replaces one that was not delivered yet
        }
        return headers, sealed["body"]
