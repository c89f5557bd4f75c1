"""`company persona export`: what roles said and people approved, as a fine-tuning set of a provider."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, locate
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.memory.persona import Account

FORMATS = ("chat-jsonl",)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(export)


def export(
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="chat-jsonl: one conversation a line.")],
    role: Annotated[str, typer.Option(metavar="ROLE", help="Only this role; default: all.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where it goes; default: standard output.")] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Write approved conversations as a fine-tuning set, and say what was left out and why."""
    from company.cli.persona import personas
    from company.config import load_settings
    from company.home import open_redactor
    from company.memory.persona import Training

    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", where="--format", cure=f"known here: {', '.join(FORMATS)}")
    found, state = locate(directory, home)
    with personas(directory, home) as (store, roles):
        redactor = open_redactor(state, store, load_settings(found.config_file), os.environ)
        chief = next(each.id for each in roles.values() if not each.reports_to)
        training = Training(store, chief=chief, redact=redactor.text)
        sets = [training.lines(each) for each in ([role] if role else roles)]
    text = "".join(f"{line}\n" for lines, _ in sets for line in lines)
    if out is None:
        sys.stdout.write(text)
    else:
        _write(out, text)
    accounts = [account for _, account in sets]
    said = json.dumps([_told(each) for each in accounts]) if as_json else "\n".join(_lines(accounts, out))
    typer.echo(said, err=out is None)


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(out), cure="check the folder") from error


def _told(account: "Account") -> dict[str, Any]:
    names = ("role", "looked_at", "taken", "conversations", "characters")
    return {name: getattr(account, name) for name in names} | {"left_out": dict(account.left_out)}


def _lines(accounts: "list[Account]", out: Path | None) -> Iterator[str]:
    rows = [(each.role, each.looked_at, each.taken, each.conversations, each.characters) for each in accounts]
    yield table(("role", "turns", "taken", "conversations", "characters"), rows, empty="")
    for each in accounts:
        for reason, count in sorted(each.left_out.items()):
            yield f"{each.role}: {count} left out: {reason}"
    if out is not None:
        yield f"written to {out}"
