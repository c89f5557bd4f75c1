"""The HTTP doors: the journal as events, POST as commands, and what a browser opens.

It always asks who is there. It keeps no state of its own beside idempotency keys: what a client sees is read from the
store, and a client that leaves never stops a run. Every door is a router of its own, mounted in `app.py` behind the one
gate. Names are looked up when they are first asked for: commands that only want to know where a server is
(`access/presence.py`) do not pay for the web framework.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.server.access.binding import listen
    from company.server.access.presence import Address, find_server
    from company.server.access.site import Site
    from company.server.app import create_app
    from company.server.serving import Door, Server, opened_door, serve

_ROOMS = {
    "Address": "access.presence",
    "Door": "serving",
    "Server": "serving",
    "Site": "access.site",
    "create_app": "app",
    "find_server": "access.presence",
    "listen": "access.binding",
    "opened_door": "serving",
    "serve": "serving",
}

__all__ = ["Address", "Door", "Server", "Site", "create_app", "find_server", "listen", "opened_door", "serve"]


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
