"""Control: a person holds the whole company and lets it go again; and the settings it works by."""

from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from company.config import Settings
from company.engine import Engine
from company.events import Json
from company.server.commands import Commands
from company.server.doors.webhooks import host_of
from company.server.native.routing import Key, Routes, Who
from company.server.native.views import View

_ADDRESSES = frozenset({"url", "base_url", "otlp", "proxy"})
"""Settings that hold an address, in which a key may have been written."""


class Stop(View):
    """Why the company is stopped; kept in the journal."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class Start(View):
    """Why the company may go on; kept in the journal."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Clear(View):
    """Who may go on, a role or the `company`, and why; kept in the journal."""

    role: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Control:
    """Endpoints that concern the whole company.

    Args:
        engine: Runs the company.
        commands: Stops and starts it, and lets roles go on.
    """

    def __init__(self, engine: Engine, commands: Commands) -> None:
        self._company, self._commands = engine.company, commands

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("control")
        routes.door("POST", "/stop", self.stop, "admin", status=204, refuses=(502,))
        routes.door("POST", "/start", self.start, "admin", status=204)
        routes.door("POST", "/breaker/clear", self.clear, "admin", status=204, refuses=(409,))
        routes.door("GET", "/config", self.config, "read")
        return routes

    async def stop(self, who: Who, stop: Stop, key: Key = None) -> Response:
        """Stop the company: every run ends in its middle, and open orders are cancelled.

        It stays stopped, in every process, until a person starts it again. What it came to is the event
        `company.stopped`. 502 says that it is stopped, but that something could not be done, such as an order that a
        venue did not cancel.
        """
        await self._commands.stop(who, stop.reason, key)
        return Response(status_code=204)

    async def start(self, who: Who, start: Start, key: Key = None) -> Response:
        """Let a stopped company work again."""
        self._commands.start(who, start.reason, key)
        return Response(status_code=204)

    async def clear(self, who: Who, clear: Clear, key: Key = None) -> Response:
        """Let a role go on that is held for going in circles, or the company; 409 says that it is not held."""
        self._commands.clear(who, clear.role, clear.reason, key)
        return Response(status_code=204)

    async def config(self) -> dict[str, Any]:
        """Return the settings in force, by section of company.toml; no secret is among them.

        Addresses are shown without name, password and query, those of webhooks without path too, and of a model's,
        a venue's and a notifier's options only their names.
        """
        shown: dict[str, Any] = self._company.redactor.data(shown_settings(self._company.settings))
        return shown


def shown_settings(settings: Settings) -> Json:
    """Return settings as JSON, without what may hold a secret."""
    shown: Json = _shown(settings.model_dump(mode="json"))
    for name, facts in settings.models.facts.items():
        shown["models"]["facts"][name]["options"] = sorted(facts.options)
    for place in (*shown["venues"].values(), *shown["notifiers"].values()):
        place["options"] = sorted(place["options"])
    for hook in shown["webhooks"]:
        hook["url"] = host_of(hook["url"])
    return shown


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _bare(part) if name in _ADDRESSES and isinstance(part, str) else _shown(part)
            for name, part in value.items()
        }
    return [_shown(part) for part in value] if isinstance(value, list) else value


def _bare(address: str) -> str:
    """Return an address without name, password, query and fragment; nothing of what is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
