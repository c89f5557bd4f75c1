"""`company roles` and `company tools`: what is loaded, and from where."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from company.cli.opening import AsJson, Directory, find_company, tell
from company.cli.tables import table

if TYPE_CHECKING:
    from company.home import Content


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("roles")(roles)
    app.command("tools")(tools)


def roles(as_json: AsJson = False, directory: Directory = None) -> None:
    """List the company's roles."""
    content, waiting = _content(directory)
    rows = [
        {
            "id": role.id,
            "title": role.title,
            "reports_to": role.reports_to,
            "tier": role.model,
            "tools": list(role.tools),
            "source": role.source,
            "package": content.packages.get(role.id, ""),
        }
        for role in content.roles.values()
    ]
    columns = ["id", "title", "reports_to", *(["package"] if content.packages else []), "source"]
    _show(rows, columns, waiting, as_json=as_json)


def tools(as_json: AsJson = False, directory: Directory = None) -> None:
    """List the company's tools."""
    content, waiting = _content(directory)
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
    _show(rows, ["id", "effect", "trust", "granted_to", "source"], waiting, as_json=as_json)


def _content(directory: Path | None) -> tuple["Content", list[str]]:
    """Return what a company holds, and what waits to be confirmed for it."""
    from company.config import load_settings
    from company.home import load_content, waiting

    found = find_company(directory)
    tell(found)
    settings = load_settings(found.config_file)
    return load_content(found, settings, os.environ), waiting(found, settings)


def _show(rows: Sequence[Mapping[str, object]], columns: list[str], waiting: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    shown = [[_relative(row[column]) for column in columns] for row in rows]
    typer.echo(table(columns, shown, empty="nothing is loaded"))
    if waiting:
        typer.echo(f"not confirmed and not used: {', '.join(waiting)} (company plugins)", err=True)


def _relative(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    text = str(value)
    return str(Path(text).relative_to(Path.cwd())) if text.startswith(str(Path.cwd())) else text
