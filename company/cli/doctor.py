"""`company doctor`: is everything in order, and if not, what to do."""

import json
import platform
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from company import __version__
from company.cli.opening import AsJson, Directory, Home, opened

if TYPE_CHECKING:
    from company.home import Company


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


def doctor(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Check the installation and the state, and say what is degraded."""
    with opened(directory, home) as engine:
        checks = list(_checks(engine.company))
    if as_json:
        typer.echo(json.dumps([{"id": name, "ok": ok, "detail": detail} for name, ok, detail in checks]))
    else:
        for name, ok, detail in checks:
            typer.echo(f"  {'ok  ' if ok else 'look'}  {name:<10} {detail}")
    raise typer.Exit(0 if all(ok for _, ok, _ in checks) else 1)


def _checks(company: "Company") -> Iterator[tuple[str, bool, str]]:
    from company.store import Records

    yield (
        "version",
        True,
        f"the-ai-company {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )
    yield "company", True, f"{company.directory.root}: {len(company.roles)} roles, {len(company.registry)} tools"
    yield "home", True, f"{company.state}, paper world with seed {company.seed}"
    yield "models", True, "offline autopilot: roles follow their playbooks" if company.models.offline else "models"
    yield _memory(company)
    found = company.store.journal.verify()
    yield "journal", found.ok, f"{found.rows} rows, signed to {found.head_seq}" if found.ok else found.problems[0]
    left = [run.id for run in company.store.runs.unfinished()]
    yield "runs", not left, f"unfinished: {', '.join(left)}; company resume {left[0]}" if left else "none unfinished"
    records: Records = company.services[Records]
    unknown = records.health().unknown_effects
    yield "effects", not unknown, f"{unknown} of unknown outcome" if unknown else "every outcome is known"


def _memory(company: "Company") -> tuple[str, bool, str]:
    if company.memory is None:
        return "memory", True, "switched off in company.toml"
    status = company.memory.status()
    ok = status.state == "ok"
    return "memory", ok, f"{status.items} memories, {status.state}" + (f": {status.reason}" if status.reason else "")
