"""`company approvals`: what waits for a person, and the person's answer."""

import getpass
import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, opened
from company.events import plain

app = typer.Typer(help="What waits for a person: list, approve, reject.", invoke_without_command=True)

Number = Annotated[str, typer.Argument(metavar="ID", help="The approval, such as A1.")]
Note = Annotated[str, typer.Option(help="Why; kept in the journal.")]


@app.callback()
def default(context: typer.Context, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """What waits for a person: list, approve, reject."""
    if context.invoked_subcommand is None:
        listing(as_json, directory, home)


@app.command("list")
def listing(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List open approvals with their exact arguments."""
    with opened(directory, home) as engine:
        rows = [plain(approval_row(approval)) for approval in engine.company.store.approvals.open()]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    typer.echo("\n\n".join(map(_described, rows)) or "nothing waits")


@app.command()
def approve(
    approval_id: Number, note: Note = "", as_json: AsJson = False, directory: Directory = None, home: Home = None
) -> None:
    """Allow exactly this call, once."""
    _decide(approval_id, note, directory, home, approved=True, as_json=as_json)


@app.command()
def reject(
    approval_id: Number, note: Note = "", as_json: AsJson = False, directory: Directory = None, home: Home = None
) -> None:
    """Refuse this call."""
    _decide(approval_id, note, directory, home, approved=False, as_json=as_json)


def approval_row(approval: object) -> dict[str, object]:
    """Return what a person needs to decide."""
    names = ("id", "run_id", "role", "tool", "arguments", "reason", "rule", "sources", "asked_at", "expires_at")
    return {name: getattr(approval, name) for name in names}


def _described(row: Mapping[str, Any]) -> str:
    """All that a person needs to decide, nothing cut."""
    why, _, preview = row["reason"].partition("\n")
    lines = [
        f"{row['id']}  {row['role']} wants {row['tool']}({json.dumps(row['arguments'], ensure_ascii=False)})",
        f"why it asks: {why} [{row['rule']}]",
        *preview.splitlines(),
        f"answer before {row['expires_at']}: company approvals approve {row['id']}, or reject",
    ]
    return "\n    ".join(lines)


def _decide(approval_id: str, note: str, directory: Directory, home: Home, *, approved: bool, as_json: bool) -> None:
    from company.cli.counterpart import counterpart
    from company.cli.following import Cursor, following, printer
    from company.cli.run_command import exit_code, interruptible, summary

    with counterpart(directory, home, getpass.getuser()) as other:

        async def decide() -> int:
            journal = other.store.journal
            cursor = Cursor(journal, printer(as_json=as_json), after=journal.last_seq())
            run = await following(cursor, other.decide(approval_id, approved=approved, note=note))
            summary(other.store, run, as_json=as_json)
            return exit_code(run)

        raise typer.Exit(interruptible(decide(), other.store))
