"""Which address the server listens at: loopback, unless a person has made it safe to be reached by others."""

import errno
import os
import socket
from ipaddress import ip_address

from company.config import ServerSettings
from company.errors import UsageError

PORT = 8400
_NEAR = 20
"""Ports that are tried when the usual one is busy."""


def require_safe(host: str, settings: ServerSettings, *, has_password: bool) -> None:
    """Pass an address that it is safe to listen at.

    Args:
        host: The address.
        settings: `[server]` of the company.
        has_password: Whether the home has a password.

    Raises:
        UsageError: It is no address, or others can reach it and there is no password, or nothing that encrypts.
    """
    both = bool(settings.tls_certificate) == bool(settings.tls_key)
    if not both:
        missing = "tls_key" if settings.tls_certificate else "tls_certificate"
        cure = f"add `{missing} = ...`, the path of a PEM file"
        raise UsageError("tls_certificate and tls_key belong together", where="company.toml: [server]", cure=cure)
    if _is_loopback(host):
        return
    refused = f"{host!r} can be reached from other machines, and"
    if not has_password:
        raise UsageError(f"{refused} there is no password", where="--host", cure="set one: company password set")
    if not settings.tls_certificate and not settings.proxy.startswith("https:"):
        raise UsageError(
            f"{refused} nothing encrypts what is said",
            where="--host",
            cure="name a certificate (server.tls_certificate, server.tls_key) or the address of the proxy that has one "
            "(server.proxy, https); or come through a tunnel: ssh -L 8400:127.0.0.1:8400 ...",
        )


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: An address of this machine, or `localhost`.
        port: The port; 0 takes a free one, None the usual one or the next that is free.

    Raises:
        UsageError: The address or the port cannot be had.
    """
    ports = range(PORT, PORT + _NEAR) if port is None else [port]
    for candidate in ports:
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and candidate != ports[-1]:
                continue
            raise _unavailable(host, candidate, error) from error
    raise AssertionError("ports is never empty")


def _bound(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host == "localhost" else host
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(socket.SOMAXCONN)
    except BaseException:
        listener.close()
        raise
    return listener


def _unavailable(host: str, port: int, error: OSError) -> UsageError:
    if error.errno in {errno.EADDRINUSE, errno.EACCES}:
        cure = "choose another, or 0 for a free one"
        return UsageError(f"port {port} cannot be had: {_reason(error)}", where="--port", cure=cure)
    cure = "name an address of this machine, or leave --host out"
    return UsageError(f"{host!r} cannot be listened at: {_reason(error)}", where="--host", cure=cure)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        cure = "write an address such as 127.0.0.1, ::1 or 0.0.0.0"
        raise UsageError(f"{host!r} is not an address", where="--host", cure=cure) from None
