"""What a server says of its tools, held to what a person said: names, descriptions, and what has changed.

A server's own words are texts and schemas. Effect, trust, time-out and whether a person is asked stand in
`company.toml` and nowhere else; what a server says of those (its annotations) is shown to people and decides nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from company.config import McpSettings, suggest
from company.errors import UsageError
from company.toolkit.context import Context
from company.toolkit.foreign import Caller, Description, made_of
from company.toolkit.lock import Confirmed, Lock
from company.toolkit.mcp.offers import Offer
from company.toolkit.tool import Tool

LONGEST_NAME = 64
"""Characters a tool's name may have: more is refused by providers of models."""
_TEXT_RESULT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "What the server says."},
        "left_out": {"type": "array", "items": {"type": "string"}, "description": "What it sent besides text."},
    },
    "required": ["text"],
}
"""What a tool returns whose server declares nothing of its result."""


def our_name(server: str, theirs: str) -> str:
    """Return what roles call a server's tool: `time_get_current_time`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", f"{server}_{theirs}")


def described(server: str, offer: Offer, settings: McpSettings) -> Description:
    """Return a server's tool as a person set it.

    Raises:
        UsageError: Its name, its texts or its schemas cannot be used.
    """
    where = f"mcp.{server}, tool {_visible(offer.name)!r}"
    name = our_name(server, offer.name)
    if len(name) > LONGEST_NAME:
        what = f"its name would be {name!r}, which is longer than {LONGEST_NAME} characters"
        raise UsageError(what, where=where, cure="give the server a shorter name in company.toml, or do without it")
    judged = settings.tools[offer.name]
    try:
        return Description(
            name=name,
            description=offer.description.strip() or f"{offer.name} of {server}; the server does not describe it.",
            parameters=dict(offer.parameters),
            result=dict(_TEXT_RESULT if offer.result is None else offer.result),
            effect=judged.effect,
            trust=judged.trust,
            timeout=judged.timeout.total_seconds(),
            asks=judged.ask,
        )
    except ValidationError as error:
        what = error.errors()[0]["msg"].removeprefix("Value error, ")
        cure = "take it from the section's tools, and ask who runs the server"
        raise UsageError(f"cannot be used: {what}", where=where, cure=cure) from error


def descriptions(
    server: str, offers: Iterable[Offer], settings: McpSettings
) -> tuple[list[Description], dict[str, str]]:
    """Return the tools of a server that its section lists, and the server's names by ours.

    Raises:
        UsageError: One that is listed is not there or cannot be used, or two would have one name.
    """
    there = {offer.name: offer for offer in offers}
    found: dict[str, Description] = {}
    names: dict[str, str] = {}
    for theirs in settings.tools:
        if theirs not in there:
            raise UsageError(
                f"the server has no tool {theirs!r}", where=f"mcp.{server}.tools", cure=_suggest(theirs, there)
            )
        description = described(server, there[theirs], settings)
        if (clash := names.get(description.name)) is not None:
            what = f"{clash!r} and {theirs!r} would both be called {description.name!r}"
            raise UsageError(what, where=f"mcp.{server}.tools", cure="list only one of them")
        found[description.name], names[description.name] = description, theirs
    return list(found.values()), names


def changes(server: str, offers: Iterable[Offer], settings: McpSettings, locked: Confirmed) -> dict[str, str]:
    """Return what of a server's listed tools is not as it was confirmed, in words, by our name of the tool."""
    there = {offer.name: offer for offer in offers}
    was = {tool.name: tool for tool in locked.tools}
    found: dict[str, str] = {}
    for ours, theirs in locked.names.items():
        if theirs not in settings.tools or ours not in was:
            continue
        if theirs not in there:
            found[ours] = "it is gone"
            continue
        try:
            now = described(server, there[theirs], settings)
        except UsageError:
            found[ours] = "it cannot be used as it is now"
            continue
        if differing := _differing(was[ours], now):
            found[ours] = f"it has another {' and '.join(differing)}"
    return found


def _differing(was: Description, now: Description) -> list[str]:
    return [field for field in ("description", "parameters", "result") if getattr(was, field) != getattr(now, field)]


def is_structured(description: Description) -> bool:
    """Tell whether a tool's server declares what its result looks like."""
    return description.result != _TEXT_RESULT


def unconfirmed(settings: Mapping[str, McpSettings], lock: Lock) -> list[str]:
    """Return the configured servers that nobody confirmed; their tools are not used."""
    return [name for name in settings if name not in lock.servers]


def server_tools(settings: Mapping[str, McpSettings], lock: Lock) -> list[Tool]:
    """Return the tools of every configured and confirmed server, as `company.lock` describes them.

    Raises:
        UsageError: A section lists a tool that was not confirmed.
    """
    return [
        tool
        for name, server in settings.items()
        if name in lock.servers
        for tool in _tools_of(name, server, lock.servers[name])
    ]


def _tools_of(name: str, settings: McpSettings, locked: Confirmed) -> Iterator[Tool]:
    ours = {theirs: our for our, theirs in locked.names.items()}
    was = {tool.name: tool for tool in locked.tools}
    for theirs, judged in settings.tools.items():
        if theirs not in ours or ours[theirs] not in was:
            raise UsageError(
                f"the tool {theirs!r} was not confirmed",
                where=f"company.toml: mcp.{name}.tools.{theirs}",
                cure=f"company plugins confirm {name}",
            )
        told = {"effect": judged.effect, "trust": judged.trust, "asks": judged.ask}
        description = was[ours[theirs]].model_copy(update={**told, "timeout": judged.timeout.total_seconds()})
        yield made_of(description, _caller(name, description), find=None, source=f"mcp {name}", kind="mcp")


def _caller(server: str, description: Description) -> Caller:
    async def call(arguments: Mapping[str, Any], context: Context) -> Any:
        from company.toolkit.mcp.servers import McpServers

        return await context.get(McpServers).call(server, description, arguments, context)

    return call


def _suggest(name: str, known: Iterable[str]) -> str:
    return suggest(name, [_visible(each) for each in known][:30])


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:80])
