"""`company journal`: what happened, in order, and the proof that nobody changed it."""

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, Home, opened_store

if TYPE_CHECKING:
    from company.events import Event
    from company.store import Store


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("journal")(journal)


def journal(
    what: Annotated[str, typer.Argument(metavar="[RUN|verify]", help="A run such as R3, or `verify`.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new events until Ctrl+C.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Print the journal, or verify its hash chain and signed heads."""
    with suppress(KeyboardInterrupt), opened_store(directory, home) as store:
        if what == "verify":
            raise typer.Exit(_verify(store, as_json=as_json))
        if what:
            store.runs.get(what)
        _print(store, what or None, follow=follow, as_json=as_json)


def _print(store: "Store", run_id: str | None, *, follow: bool, as_json: bool) -> None:
    from company.cli.following import Cursor, printer

    cursor = Cursor(store.journal, _sealed if as_json else printer(as_json=False), after=0, run_id=run_id)
    cursor.drain()
    while follow:
        time.sleep(0.2)
        cursor.drain()


def _sealed(event: "Event") -> None:
    """Print an event with its place in the hash chain."""
    line = {**event.line(), "previous": event.previous, "hash": event.hash}
    typer.echo(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def _verify(store: "Store", *, as_json: bool) -> int:
    found = store.journal.verify()
    if as_json:
        told = {"ok": found.ok, "rows": found.rows, "head": found.head_seq, "erased": found.erased}
        typer.echo(json.dumps({**told, "problems": found.problems}))
    elif found.ok:
        erased = f", {found.erased} erased at a person's order" if found.erased else ""
        typer.echo(f"ok: {found.rows} rows, every hash holds{erased}, last signed head at {found.head_seq}")
    else:
        typer.echo("\n".join(f"broken: {problem}" for problem in found.problems))
    return 0 if found.ok else 1
