"""What a person reads of a package or a server before saying yes: everything that it says, reaches and runs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.roles import Role
    from company.toolkit.foreign import Description
    from company.toolkit.lock import Confirmed
    from company.toolkit.mcp import Server

_INSIDE = {
    "company.scorers": "judges the company's eval cases",
    "company.providers": "talks to a model provider, and sees its key and every prompt",
    "company.venues": "trades at an exchange, and sees its keys",
    "company.notifiers": "tells people what happened, and sees what it tells",
}


def visible(text: str) -> str:
    """Write out the characters of a text that nobody sees or that turn its direction, as \\u202e."""
    from company.toolkit.manifest import hidden_in

    return "".join(f"\\u{ord(each):04x}" if hidden_in(each) else each for each in text)


def of_package(name: str, locked: "Confirmed", roles: Mapping[str, "Role"]) -> Iterator[str]:
    """Say what a package brings, a line each."""
    yield f"package {name} {locked.version}"
    yield from _tools(locked, f"plugin:{name}")
    if locked.tools:
        yield "  Its tools run in worker processes, held to what they declare."
    for role in roles.values():
        yield f"  role {role.id}: {role.title}, granted {', '.join(role.tools) or 'nothing'}"
        yield f"    works here once company.toml names it in company.hires; read it: {role.source}"
    for text in locked.texts:
        group, _, stem = text.partition(":")
        if group == "company.prompts":
            yield f"  prompt {stem}"
    yield from _inside(locked)


def of_server(name: str, locked: "Confirmed", reached: str, seen: "Server") -> Iterator[str]:
    """Say what a server offers of what the settings list, a line each."""
    yield f"MCP server {name}: {reached}"
    yield from _tools(locked, f"mcp:{name}")
    for offer in seen.offers:
        if offer.name not in locked.names.values():
            yield f"  not listed in company.toml and not used: {offer.name}"
        elif offer.hints:
            yield f"  the server says of {offer.name}: {', '.join(offer.hints)}"
    yield "  Effect, trust and who is asked are as company.toml says; the server itself decides none of them."


def _inside(locked: "Confirmed") -> Iterator[str]:
    """Say in plain words what runs with all rights of the company."""
    points = [point for point in locked.points if point.partition(":")[0] in _INSIDE]
    if not points:
        return
    yield "  RUNS INSIDE THE COMPANY'S PROCESS, WITH ALL ITS RIGHTS. Nothing contains this code:"
    for point in points:
        group, _, name = point.partition(":")
        kind = group.removeprefix("company.").removesuffix("s")
        yield f"    {kind} {name} ({locked.points[point]}): {_INSIDE[group]}"
    yield "  It can read your files and keys, use the network and place orders: say yes only to whom you trust so."


def _tools(locked: "Confirmed", owner: str) -> Iterator[str]:
    for tool in locked.tools:
        asks = ", a person is asked" if tool.asks else ""
        yield f"  tool {tool.name}: {tool.effect}, its result is {tool.trust}{asks}"
        yield from (f"      {line}".rstrip() for line in tool.description.splitlines())
        yield f"    arguments   {', '.join(_arguments(tool)) or 'none'}"
        yield from (f"    {what:<11} {said}" for what, said in _reach(tool, owner))


def _arguments(tool: "Description") -> Iterator[str]:
    for name, schema in tool.parameters.get("properties", {}).items():
        text = schema.get("description", "") if isinstance(schema, dict) else ""
        yield f"{name} ({text})" if text else name


def _reach(tool: "Description", owner: str) -> Iterator[tuple[str, str]]:
    """Say what it reaches; of a server nothing is known, it runs as its own program."""
    of_a_package, manifest = owner.startswith("plugin:"), tool.manifest
    if of_a_package:
        yield "hosts", ", ".join(manifest.hosts) or "none"
        yield "secrets", ", ".join(f"company key set {owner}:{name}" for name in manifest.secrets) or "none"
        yield "files", ", ".join(manifest.files) or "none but its own folder"
        yield "at most", f"{tool.timeout:g} s, {manifest.memory_mb} MB, {manifest.parallel} calls at a time"
    else:
        yield "at most", f"{tool.timeout:g} s"
    if manifest.cost:
        yield "cost", f"at most ${manifest.cost} a call"
    if manifest.rate:
        yield "rate", manifest.rate
