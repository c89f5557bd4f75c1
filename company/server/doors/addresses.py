"""Where a post may go: https, or http on this machine; never to a private address behind a public name.

Names are looked up here and the connection goes to the very address that was checked, so a name that changes its mind
between the two (DNS rebinding) gains nothing. An address the person wrote down as numbers is theirs to choose.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from company.errors import ProviderError, UsageError

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Looks a name up: host and port to addresses."""

_NAT64 = IPv6Network("64:ff9b::/96")
_GIVEN_OUT = IPv6Network("2000::/3")
"""All of IPv6 that anybody was given; Python calls more of it global, such as the IPv4 addresses of `::/96`."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Target:
    """An address to post to, taken apart.

    Attributes:
        url: As it was written.
        host: Name or address.
        port: The port.
        literal: The host is an address, or this machine, and meant: it is not looked up and may be private.
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
        return cls(url, host, port, host in _HERE or literal(host) is not None)

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
            if not is_public(ip_address(text)):
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


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that `host` is, None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address belongs to the open internet, also when it hides another one."""
    if isinstance(address, IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is None and address in _NAT64:
            hidden = IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
        if address not in _GIVEN_OUT:
            return False
    return address.is_global and not address.is_multicast
