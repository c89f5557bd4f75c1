"""Where a webhook may go: https, or http on this machine; never to a private address behind a public name.

Names are looked up here and the connection goes to the very address that was checked, so a name that changes its mind
between the two (DNS rebinding) gains nothing. An address the person wrote down as numbers is theirs to choose.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from company.errors import ProviderError, UsageError

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Looks a name up: host and port to addresses."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address, taken apart.

    Attributes:
        url: As it was written.
        host: Name or address.
        port: The port.
        literal: The host is an address, or this machine.
    """

    url: str
    host: str
    port: int
    literal: bool

    @classmethod
    def read(cls, url: str, *, where: str) -> "Target":
        """Return the target of a URL.

        Args:
            url: From the settings.
            where: Where it stands, for the error.

        Raises:
            UsageError: It is neither https nor http on loopback, or holds a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        except ValueError as error:
            raise UsageError(f"{url!r} is no address: {error}", where=where, cure="correct it") from error
        host = parts.hostname or ""
        if not host or not port:
            raise UsageError(f"{url!r} is no web address", where=where, cure="write https://HOST/PATH")
        if parts.username is not None or parts.password is not None:
            raise UsageError("holds a user or password", where=where, cure="leave it out; posts are signed instead")
        if parts.scheme == "http" and host not in _HERE:
            cure = "use https; http is for this machine only: 127.0.0.1, [::1] or localhost"
            raise UsageError(f"{url!r} would send what happened in the clear", where=where, cure=cure)
        return cls(url, host, port, host in _HERE or _parsed(host) is not None)

    async def address(self, resolve: Resolve) -> str:
        """Return the address to connect to.

        Raises:
            ProviderError: The name leads nowhere, or to an address that is not public.
        """
        if self.literal and self.host != "localhost":
            return self.host
        found = await resolve(self.host, self.port)
        if not found:
            raise ProviderError(f"{self.host!r} leads nowhere", retryable=True)
        for text in found if not self.literal else ():
            if not _is_public(ipaddress.ip_address(text)):
                what = f"{self.host!r} leads to {text}, which is not public; write that address itself if you mean it"
                raise ProviderError(what)
        return found[0]


async def resolve(host: str, port: int) -> list[str]:
    """Look a name up.

    Raises:
        ProviderError: It cannot be looked up.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProviderError(f"{host!r} cannot be looked up: {error.strerror}", retryable=True) from error
    return [str(entry[4][0]).partition("%")[0] for entry in found]


def _parsed(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: _Address) -> bool:
    """Tell whether an address belongs to the open internet, also when it hides another one."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is None and address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return _is_public(hidden)
    return address.is_global and not address.is_multicast
