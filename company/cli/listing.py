"""`company roles` and `company tools`: what is loaded, and from where."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from company.cli.opening import AsJson, Directory
from company.cli.tables import table

if TYPE_CHECKING:
    from company.home import Content


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("roles")(roles)
    app.command("tools")(tools)


def roles(as_json: AsJson = False, directory: Directory = None) -> None:
    """List the company's roles."""
    content = _content(directory)
    rows = [
        {
            "id": role.id,
            "title": role.title,
            "reports_to": role.reports_to,
            "tier": role.model,
            "tools": list(role.tools),
            "source": role.source,
        }
        for role in content.roles.values()
    ]
    _show(rows, ["id", "title", "reports_to", "source"], as_json=as_json)


def tools(as_json: AsJson = False, directory: Directory = None) -> None:
    """List the company's tools."""
    content = _content(directory)
    rows = [
        {
            "id": tool.name,
            "effect": tool.effect,
            "trust": tool.trust,
            "granted_to": [role.id for role in content.roles.values() if tool.name in role.tools],
            "description": tool.description.splitlines()[0],
            "source": tool.source,
        }
        for tool in content.tools.values()
    ]
    _show(rows, ["id", "effect", "trust", "granted_to", "source"], as_json=as_json)


def _content(directory: Path | None) -> "Content":
    from company.config import load_settings
    from company.home import find_directory, load_content

    found = find_directory(directory, Path.cwd())
    return load_content(found, load_settings(found.config_file), os.environ)


def _show(rows: Sequence[Mapping[str, object]], columns: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = [[_relative(row[column]) for column in columns] for row in rows]
    typer.echo(table(columns, shown, empty="nothing is loaded"))


def _relative(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    text = str(value)
    return str(Path(text).relative_to(Path.cwd())) if text.startswith(str(Path.cwd())) else text
