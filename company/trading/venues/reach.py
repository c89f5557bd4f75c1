"""Where a client may send anything: the hosts its addresses named when it was made, and no other.

ccxt keeps some twenty addresses for one exchange. Whoever replaces some of them sends signed requests to the real
exchange through the rest, and a redirect or a proxy does the same with all of them replaced. So the hosts are fixed
once, and every request is held against them twice: before it is signed, and where it leaves.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from company.errors import UsageError, VenueError


class Reach:
    """The hosts that one client may speak to.

    Args:
        venue: Name of the venue, for messages.
        addresses: URLs, at any depth of lists and dictionaries; each names a host.
        loopback: Every host has to be this machine.

    Raises:
        UsageError: A host is not this machine although all have to be.
    """

    def __init__(self, venue: str, addresses: Any, *, loopback: bool) -> None:
        self._venue = venue
        self._hosts = frozenset(map(host_of, within(addresses)))
        if loopback:
            for host in sorted(self._hosts):
                require_loopback(host, where=f"venues.{venue}.url")

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts, in lower case."""
        return self._hosts

    def check(self, addresses: Any) -> None:
        """Refuse addresses of any other host, before anything is signed for them or sent.

        Raises:
            VenueError: A host is not one of those; nothing was sent.
        """
        for address in within(addresses):
            if (host := host_of(address)) not in self._hosts:
                raise VenueError(
                    f"{self._venue}: a request to the host {host!r} was refused before it was sent; this venue is at "
                    f"{', '.join(sorted(self._hosts))}"
                )


def within(addresses: Any) -> Iterator[str]:
    """Yield every text at any depth of lists and dictionaries."""
    if isinstance(addresses, str):
        yield addresses
    elif isinstance(addresses, dict):
        yield from _within_all(addresses.values())
    elif isinstance(addresses, list | tuple):
        yield from _within_all(addresses)


def _within_all(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        yield from within(part)


@lru_cache(maxsize=1024)
def host_of(address: str) -> str:
    """Return the host of a URL in lower case, empty when it has none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: `localhost`, or an address of the loopback network."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def moved(addresses: Any, base: str) -> Any:
    """Return the same addresses with scheme and host replaced by `base`, each with its own path.

    `https://api.binance.com/sapi/v1` becomes `http://127.0.0.1:8500/venues/a/sapi/v1`; none is left as it was.
    """
    if isinstance(addresses, dict):
        return {name: moved(inner, base) for name, inner in addresses.items()}
    if isinstance(addresses, list | tuple):
        return [moved(inner, base) for inner in addresses]
    return base.rstrip("/") + urlsplit(str(addresses)).path.rstrip("/")


def require_loopback(host: str, *, where: str) -> None:
    """Let only this machine pass.

    Raises:
        UsageError: It is another one, or none.
    """
    if not is_loopback(host):
        raise UsageError(
            f"{host!r} is not this machine, and paper trading never leaves it",
            where=where,
            cure="give the address of `company exchange serve`, such as http://127.0.0.1:8500/venues/a",
        )
