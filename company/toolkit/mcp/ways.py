"""How the servers of `company.toml` are started or reached, with the secrets a person set for them."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from company.config import McpSettings
from company.errors import ToolError
from company.ports import Secrets
from company.toolkit.mcp.line import Line
from company.toolkit.mcp.stdio import started

PASSED_ON = ("PATH", "LANG", "TZ")
"""Variables of the company's environment that a started server sees; besides them `HOME`, and what a person set."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What servers need to know of the company.

    Attributes:
        secrets: Where a person keeps secrets.
        environment: Environment of the company, of which little is passed on.
        root: The company directory, which `folder` is seen from.
        homes: Where each started server has its own home.
    """

    secrets: Secrets
    environment: Mapping[str, str]
    root: Path
    homes: Path


Way = Callable[[Line], AbstractAsyncContextManager[Any]]
"""Opens the two streams of messages of one connection."""


def way_to(name: str, settings: McpSettings, around: Surroundings) -> Way:
    """Return what opens the streams of messages to a server.

    Raises:
        ToolError: A secret is not set, or the program or its folder is not there.
    """
    if settings.url:
        from company.toolkit.mcp.http import reached

        headers = {header: _secret(name, secret, around) for header, secret in settings.headers.items()}
        if settings.token:
            headers["authorization"] = f"Bearer {_secret(name, settings.token, around)}"
        seconds = settings.timeout.total_seconds()
        return lambda line: reached(settings.url, headers, line, timeout=seconds)
    home = around.homes / name
    environment = _environment(name, settings, around, home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = around.root / settings.folder if settings.folder else home
    if not folder.is_dir():
        raise ToolError(f"mcp.{name}.folder in company.toml: there is no folder {str(folder)!r}")
    if "/" not in settings.command[0] and shutil.which(settings.command[0], path=environment["PATH"]) is None:
        what = f"there is no program {settings.command[0]!r} on the PATH: install the server, or name its whole path"
        raise ToolError(f"mcp.{name}.command in company.toml: {what}")
    return lambda line: started(settings.command, environment, folder, line)


def _environment(name: str, settings: McpSettings, around: Surroundings, home: Path) -> dict[str, str]:
    passed = {variable: around.environment[variable] for variable in PASSED_ON if variable in around.environment}
    given = {variable: _secret(name, secret, around) for variable, secret in settings.environment.items()}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", **passed, "HOME": str(home), **given}


def _secret(server: str, name: str, around: Surroundings) -> str:
    value = around.secrets.get(name)
    if not value:
        raise ToolError(f"the server {server} needs the secret {name}, which is not set: company key set {name}")
    return value
