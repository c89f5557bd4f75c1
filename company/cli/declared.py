"""Names of the secrets that tools, packages and MCP servers declare, as a person keeps them: `plugin:PACKAGE:NAME`."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from company.errors import UsageError

if TYPE_CHECKING:
    from company.config import Settings
    from company.home import CompanyDirectory

TOOL, PLUGIN, MCP = "tool:", "plugin:", "mcp:"
"""What names of these secrets begin with."""


def of_others(found: "CompanyDirectory", settings: "Settings") -> list[str]:
    """Return what confirmed packages and configured servers declare; no code of a tool runs for it.

    Raises:
        UsageError: The lock cannot be read.
    """
    from company.toolkit.lock import read_lock

    packages = read_lock(found.root).packages.items()
    declared = {
        f"{PLUGIN}{name}:{secret}"
        for name, locked in packages
        for tool in locked.tools
        for secret in tool.manifest.secrets
    }
    return sorted(declared | {secret for server in settings.mcp.values() for secret in server.secrets})


def of_tools(found: "CompanyDirectory") -> list[str]:
    """Return what the files of tools declare; they are imported for it, so the directory has to be trusted.

    Raises:
        UsageError: The directory is not trusted, or a tool cannot be loaded.
    """
    from company.home import require_trust, tools_of
    from company.toolkit.lock import Lock

    require_trust(found, os.environ)
    return sorted({f"{TOOL}{secret}" for tool in tools_of(found, Lock()).values() for secret in tool.manifest.secrets})


def require_declared(name: str, found: "CompanyDirectory", settings: "Settings") -> None:
    """Let the name of a secret pass that somebody declares.

    Raises:
        UsageError: Nobody does; the cure lists what is declared.
    """
    kind = name[: name.index(":") + 1]
    known = of_tools(found) if kind == TOOL else [each for each in of_others(found, settings) if each.startswith(kind)]
    if name not in known:
        raise UsageError(
            f"nobody declares a secret of this name under {kind}", where="PROVIDER", cure=_cure(kind, known)
        )


def _cure(kind: str, known: Iterable[str]) -> str:
    if listed := ", ".join(known):
        return f"declared are: {listed}"
    ways = {
        TOOL: 'a tool declares one by @tool(secrets=("NAME",))',
        PLUGIN: "a package declares its own; confirm it first: company plugins confirm PACKAGE",
        MCP: "a server declares its own in company.toml, [mcp.NAME] token, headers or environment",
    }
    return f"none is declared: {ways[kind]}"
