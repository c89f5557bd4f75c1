"""Who is at the other end of a connection, as far as limits for strangers are concerned."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from company.errors import UsageError

Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](:[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")
_HOME = 64
"""Bits of an IPv6 address that a provider gives to one customer, who may use all addresses below."""


def networks_of(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Read the addresses of trusted proxies.

    Raises:
        UsageError: One is neither an address nor a network.
    """
    return tuple(map(_network, addresses))


def client_of(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """Return who asks: the peer, or whom trusted proxies name; of IPv6 the network, for its customer has all of it.

    Each proxy adds at the end of `X-Forwarded-For` whom it was asked by, and what stands before that is hearsay. So the
    last address that is no trusted proxy is the one.

    Args:
        peer: The other end of the connection.
        forwarded: The `X-Forwarded-For` header; "" when there is none.
        proxies: Whose header counts.
    """
    found = _address(peer)
    if found is None:
        return peer
    for hop in reversed(forwarded.split(",") if proxies else []):
        named = _address(hop) if _trusted(found, proxies) else None
        if named is None:
            break
        found = named
    return str(ip_network((found, _HOME), strict=False)) if found.version == 6 and not found.is_loopback else str(found)


def _trusted(address: IPv4Address | IPv6Address, proxies: Sequence[Network]) -> bool:
    return any(address in network for network in proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, as proxies write it too: with a port, or an IPv4 address in the clothes of IPv6."""
    text = text.strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found["six"] or found["four"]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _network(address: str) -> Network:
    try:
        return ip_network(address)
    except ValueError as error:
        cure = "write an address or a network: '10.0.0.5', '10.0.0.0/8'"
        where = "company.toml: server.trusted_proxies"
        raise UsageError(f"{address!r} is not an address: {error}", where=where, cure=cure) from error
