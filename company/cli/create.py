"""`company init` and `company trust`: making a company directory, and letting one's code run."""

import os
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("init")(init)
    app.command("trust")(trust)


def init(target: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")]) -> None:
    """Write a small company that runs at once."""
    from company.home import init_company

    made = init_company(target, os.environ)
    enter = "" if made.root == Path.cwd() else f"cd {target} && "
    typer.echo(f"made {made.root}\n  {enter}company run --cycles 1")


def trust(
    target: Annotated[Path, typer.Argument(metavar="[DIR]", help="A company directory.")] = Path(),
    remove: Annotated[bool, typer.Option("--remove", help="Take the directory off the list.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Print the directories that are trusted.")] = False,
) -> None:
    """Allow the tools of a directory to run on this machine."""
    from company.home import distrust, trusted_directories
    from company.home import trust as trust_directory

    if listed:
        typer.echo("\n".join(map(str, trusted_directories(os.environ))) or "no directory is trusted")
    elif remove:
        typer.echo(f"{distrust(target, os.environ)} is not trusted any more")
    else:
        typer.echo(f"trusted {trust_directory(target, os.environ)}")
