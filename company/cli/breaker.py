"""`company breaker`: who is held for going in circles, and a person's word that it may go on.

Both need the store only, so they work also while the company runs, and when its files are broken.
"""

import getpass
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, Home, opened_store
from company.events import plain

if TYPE_CHECKING:
    from company.governor import Hold

app = typer.Typer(help="Who is held for going in circles: list, clear.", invoke_without_command=True)


@app.callback()
def default(context: typer.Context, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Who is held for going in circles: list, clear."""
    if context.invoked_subcommand is None:
        listing(as_json, directory, home)


@app.command("list")
def listing(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """List the roles that are held, and why."""
    from company.governor import all_holds

    with opened_store(directory, home) as store:
        holds = all_holds(store)
    if as_json:
        typer.echo(json.dumps([plain(asdict(hold)) for hold in holds], ensure_ascii=False))
        return
    typer.echo("\n\n".join(map(_described, holds)) or "nobody is held")


@app.command()
def clear(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="The role; `company` for a hold of everybody.")],
    reason: Annotated[str, typer.Option(help="Why it may go on; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Let a role go on; what it did before does not count any more."""
    from company.governor import clear_hold

    with opened_store(directory, home) as store:
        clear_hold(store, role, by=getpass.getuser(), reason=reason)
    typer.echo(f"{role} may go on")


def _described(hold: "Hold") -> str:
    return f"{hold.role}  {hold.rule} in run {hold.run}, {hold.at:%Y-%m-%d %H:%M}\n    {hold.reason}\n    {hold.cure}"
