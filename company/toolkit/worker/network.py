"""Whom a worker may talk to: names are resolved, and addresses connected to, only as far as they are declared.

An address is let through when it is declared itself, or when a declared name was resolved to it in this process, at the
ports declared with that name. A name of the outside that leads to this machine is not followed: whoever owns the name
would reach what listens here. Nothing may wait for connections.
"""

import _socket
import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from company.toolkit.worker.guard import Check, Denials

PORT = 443
"""Port of a host that is declared without one."""


class Network:
    """The hosts of one manifest; there are none before `open`.

    Args:
        denials: Where what is refused is remembered.
    """

    def __init__(self, denials: "Denials") -> None:
        self._denials = denials
        self._names: list[tuple[str, int]] = []
        self._addresses: dict[str, set[int]] = {}

    def open(self, hosts: Iterable[str]) -> None:
        """Let these hosts be reached from now on: `name`, `name:port`, `*.name`."""
        for host in hosts:
            name, port = split(host)
            self._names.append((name, port))
            if address := address_of(name):
                self._addresses.setdefault(address, set()).add(port)

    def checks(self) -> "dict[str, Check]":
        """Return what is checked of each audit event."""
        by_place = ("socket.connect", "socket.sendto", "socket.sendmsg")
        return {
            "socket.getaddrinfo": lambda arguments: self._resolved(arguments[0], arguments[1]),
            "socket.gethostbyname": lambda arguments: self._resolved(arguments[0]),
            "socket.gethostbyaddr": lambda arguments: self._named(arguments[0]),
            **dict.fromkeys(by_place, lambda arguments: self._reached(arguments[1])),
            "socket.getnameinfo": lambda arguments: self._reached(arguments[0]),
            "socket.bind": lambda arguments: self._bound(arguments[1]),
            "socket.sethostname": lambda arguments: self._bound(arguments[0]),
        }

    def ports_of(self, name: str) -> set[int]:
        """Return the ports at which a name may be reached; none when it is not declared."""
        return {port for declared, port in self._names if _is(name, declared)}

    def remember(self, name: object, addresses: Iterable[object]) -> None:
        """Let the addresses of a declared name be reached, at its ports."""
        if ports := self.ports_of(_plain(name)):
            for found in addresses:
                address = address_of(_plain(found))
                if address and (_is_here(_plain(name)) or not _leads_here(address)):
                    self._addresses.setdefault(address, set()).update(ports)

    def _resolved(self, host: object, port: object = None) -> None:
        """Check a name that is to be resolved; an address needs nobody, and is checked when it is connected to."""
        name = _plain(host)
        if not address_of(name) and not self.ports_of(name):
            at = f":{_plain(port)}" if port else ""
            raise self._denials.refuse("network", f"{name or 'this machine'}{at}")

    def _named(self, host: object) -> None:
        """Check an address whose name is asked for."""
        name = _plain(host)
        if address_of(name) not in self._addresses and not self.ports_of(name):
            raise self._denials.refuse("network", f"the name of {name}")

    def _reached(self, place: object) -> None:
        if place is None:  # of a message on a connected socket
            return
        if not (isinstance(place, tuple) and len(place) >= 2 and isinstance(place[1], int)):
            raise self._denials.refuse("network", f"the local socket {_plain(place)}")
        name, port = _plain(place[0]), place[1]
        address = address_of(name)
        ports = self._addresses.get(address, set()) if address else self.ports_of(name)
        if port not in ports and not (ports and port == 0):
            raise self._denials.refuse("network", f"{name}:{port}")

    def _bound(self, place: object) -> None:
        raise self._denials.refuse("network", f"waiting for connections at {place}"[:200])


def patch(network: Network) -> None:
    """Have names resolved so that their addresses are known, also by a socket that is connected to a name."""
    for function, addresses in (
        ("getaddrinfo", lambda found: [info[4][0] for info in found]),
        ("gethostbyname", lambda found: [found]),
        ("gethostbyname_ex", lambda found: found[2]),
    ):
        _record(network, function, addresses)
    _resolve_first(socket.socket)


def _record(network: Network, function: str, addresses: Callable[[Any], list[Any]]) -> None:
    real = getattr(_socket, function)

    def resolved(host: Any, *rest: Any, **named: Any) -> Any:
        found = real(host, *rest, **named)
        network.remember(host, addresses(found))
        return found

    resolved.__name__ = function
    setattr(_socket, function, resolved)
    if getattr(socket, function) is real:
        setattr(socket, function, resolved)


def _resolve_first(kind: type[socket.socket]) -> None:
    """Have sockets resolve a name themselves: the system would do it before it tells the guard."""
    base: Any = _socket.socket

    def connect(self: socket.socket, address: Any) -> None:
        base.connect(self, _by_address(self, address))

    def connect_ex(self: socket.socket, address: Any) -> int:
        return int(base.connect_ex(self, _by_address(self, address)))

    def sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        *flags, place = rest
        return int(base.sendto(self, data, *flags, _by_address(self, place)))

    for method in (connect, connect_ex, sendto):
        setattr(kind, method.__name__, method)


def _by_address(self: socket.socket, place: Any) -> Any:
    named = isinstance(place, tuple) and len(place) >= 2 and isinstance(place[0], str | bytes | bytearray)
    if not named or self.family not in {socket.AF_INET, socket.AF_INET6} or address_of(_plain(place[0])):
        return place
    return socket.getaddrinfo(place[0], place[1], self.family, self.type)[0][4]


def split(host: str) -> tuple[str, int]:
    """Return name and port of a declared host."""
    name, _, port = host.partition(":")
    return name, int(port) if port else PORT


def address_of(name: str) -> str:
    """Return an address in its one form, empty for a name; an IPv4 address in the form of IPv6 is one of IPv4."""
    try:
        found = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _is_here(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or bool(address_of(name))


def _leads_here(address: str) -> bool:
    """Tell whether an address is this machine, or what only this machine reaches."""
    found = ipaddress.ip_address(address)
    return found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast


def _plain(host: object) -> str:
    """Return a host as it is declared: text, lower case, no dot at its end."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    return str(host or "").rstrip(".").lower()


def _is(name: str, declared: str) -> bool:
    return name == declared or (declared.startswith("*.") and name.endswith(declared[1:]))
