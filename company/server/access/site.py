"""Under which names and addresses the server answers.

A page of another site can make a browser send requests to this machine, and can give its own name the address
127.0.0.1 (DNS rebinding). So a request must name one of these hosts, and a browser's must come from one of these
origins. Behind a proxy both may be the proxy's: it may pass on the name people typed, or call this server by its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

from company.config import ServerSettings
from company.errors import UsageError
from company.server.access.clients import Network, networks_of

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What a server may be called on its own machine."""

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


@dataclass(frozen=True, slots=True)
class Site:
    """One server as the outside sees it.

    Attributes:
        port: The port it listens at.
        own: Its address on its own machine, such as `http://127.0.0.1:8400`.
        public: The address people use: the proxy's if there is one, else `own`.
        hosts: What a `Host` header may say.
        origins: What an `Origin` header may say.
        proxies: Whose `X-Forwarded-For` counts.
    """

    port: int
    own: str
    public: str
    hosts: frozenset[str]
    origins: frozenset[str]
    proxies: tuple[Network, ...] = ()

    @classmethod
    def of(cls, settings: ServerSettings, host: str, port: int) -> Self:
        """Return the site of a server.

        Args:
            settings: `[server]` of the company.
            host: The address it listens at.
            port: The port it listens at.

        Raises:
            UsageError: A name, the proxy's address or the address of a trusted proxy cannot be read.
        """
        scheme = "https" if settings.tls_certificate else "http"
        called = _called(host)
        named = {_name(name) for name in settings.names}
        own = _origin(scheme, called or LOOPBACK_NAMES[0], port)
        origins = {_origin(scheme, name, port) for name in {*LOOPBACK_NAMES, *named, *filter(None, [called])}}
        public = own
        if settings.proxy:
            beyond, proxy, at = _proxy(settings.proxy)
            public = _origin(beyond, proxy, at)
            origins |= {_origin(beyond, name, at) for name in {proxy, *named}}
        return cls(
            port=port,
            own=own,
            public=public,
            hosts=frozenset(_hosts(origins)),
            origins=frozenset(origins),
            proxies=networks_of(settings.trusted_proxies),
        )


def is_secure(scheme: str, origin: str | None, host: str, site: Site) -> bool:
    """Tell whether a browser reached the server by HTTPS, at its own or a proxy's hands."""
    return scheme in {"https", "wss"} or (origin or "").startswith("https:") or f"https://{host}" in site.origins


def _called(host: str) -> str:
    """Return how a bound address is written in an address bar; "" for one that means every address."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return ""
    return f"[{address}]" if address.version == 6 else str(address)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        cure = "write the bare name people type, without scheme, port and path, such as 'company.example'"
        raise UsageError(f"{name!r} is not a host name", where="company.toml: server.names", cure=cure)
    return name.lower()


def _proxy(address: str) -> tuple[str, str, int]:
    """Return scheme, name and port of a proxy's address."""
    found = re.fullmatch(rf"(https?)://({_NAME.pattern})(?::([0-9]{{1,5}}))?/?", address)
    if not found:
        cure = "write scheme and name, as people see it in their browser: 'https://company.example'"
        raise UsageError(f"{address!r} is not the address of a proxy", where="company.toml: server.proxy", cure=cure)
    scheme, name, port = found.groups()
    return scheme, name.lower(), int(port or _PORTS[scheme])


def _origin(scheme: str, name: str, port: int) -> str:
    """Return an origin as browsers write it: without the port when it is the scheme's own."""
    return f"{scheme}://{name}" + ("" if port == _PORTS[scheme] else f":{port}")


def _hosts(origins: Iterable[str]) -> Iterable[str]:
    for origin in origins:
        scheme, _, host = origin.partition("://")
        yield host
        if not re.search(r":[0-9]+$", host):
            yield f"{host}:{_PORTS[scheme]}"
