"""Sends one sealed message to one browser's push service.

Where a message goes is what a browser said, so it could be any address. The name is resolved here, every address it has
must be a public one, and the connection is made to that very address: a name that changes its address in between (DNS
rebinding) reaches nothing inside. Redirects are not followed. `pywebpush` seals and signs; its own sender is not used,
because it would resolve the name again.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from company.errors import ProviderError
from company.server.front.subscriptions import Subscription
from company.store import private_file

if TYPE_CHECKING:
    from py_vapid import Vapid02  # type: ignore[import-untyped] # it has no types

KEY_FILE = "push.key"
CONTACT = "https://github.com/the-ai-company/the-ai-company"
"""Whom a push service may turn to, as RFC 8292 asks."""

PATIENCE = 10.0
"""Seconds a push service may take."""

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
        self._parts(endpoint)

    def send(self, subscription: Subscription, text: str, *, lasts: timedelta) -> bool:
        """Send a message; blocks.

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
        parts = self._parts(subscription.endpoint)
        headers, body = self._sealed(subscription, text, parts, lasts)
        try:
            status = self._posted(parts, headers, body)
        except (OSError, http.client.HTTPException) as error:
            raise ProviderError(f"push service {parts.hostname!r} cannot be reached: {error}") from error
        if status not in _TAKEN | _GONE:
            raise ProviderError(f"push service {parts.hostname!r} answered {status}")
        return status in _TAKEN

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

    def _parts(self, endpoint: str) -> SplitResult:
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError as error:
            raise BadEndpoint(f"the endpoint is no address: {error}") from error
        if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            raise BadEndpoint(f"the endpoint is no address of at most {LONGEST} plain characters")
        if not parts.hostname or parts.username is not None or port == 0:
            raise BadEndpoint("the endpoint names no host, or a user")
        if parts.scheme != "https" and not (self._to_loopback and parts.scheme == "http"):
            raise BadEndpoint("the endpoint is no https address")
        if (literal := _literal(parts.hostname)) is not None:
            self._require_public(parts.hostname, literal)
        elif "." not in parts.hostname.strip("."):
            raise BadEndpoint(f"{parts.hostname!r} is a name of this network only")
        return parts

    def _require_public(self, name: str, address: IPv4Address | IPv6Address) -> None:
        if not (is_public(address) or (self._to_loopback and address.is_loopback)):
            raise BadEndpoint(f"{name!r} leads to {address}, which is not a public address")

    def _sealed(
        self, subscription: Subscription, text: str, parts: SplitResult, lasts: timedelta
    ) -> tuple[dict[str, str], bytes]:
        from pywebpush import WebPusher  # type: ignore[import-untyped]

        keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
        try:
            sealed = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(text.encode())
        except ValueError as error:  # keys that are none
            raise BadEndpoint(f"the subscription's keys cannot be used: {error}") from error
        until = int(self._now() + SIGNED_FOR.total_seconds())
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

    def _posted(self, parts: SplitResult, headers: dict[str, str], body: bytes) -> int:
        connection = self._connection(parts)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        try:
            connection.request("POST", path, body=body, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        assert parts.hostname is not None
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = self._address(parts.hostname, port)
        if not secure:
            return http.client.HTTPConnection(address, port, timeout=PATIENCE)
        return _Pinned(parts.hostname, port, address)

    def _address(self, name: str, port: int) -> str:
        """Return the address to connect to; all that a name has must be public."""
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
        for address in found:
            self._require_public(name, ip_address(address))
        return found[0]


class _Pinned(http.client.HTTPSConnection):
    """HTTPS to one address, in the name it was looked up by."""

    def __init__(self, name: str, port: int, address: str) -> None:
        self._trust = ssl.create_default_context()
        super().__init__(name, port, timeout=PATIENCE, context=self._trust)
        self._address = address

    def connect(self) -> None:
        """Connect, and check the certificate against the name."""
        plain = socket.create_connection((self._address, self.port), PATIENCE)
        self.sock: Any = self._trust.wrap_socket(plain, server_hostname=self.host)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one of the internet; one that carries another inside is judged by that one too."""
    inner = [getattr(address, name, None) for name in ("ipv4_mapped", "sixtofour")]
    return all(each.is_global and not each.is_multicast for each in [address, *inner] if each is not None)


def _literal(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
