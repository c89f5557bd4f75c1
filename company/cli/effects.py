"""`company effects`: what the company did to the outside, and a person's word on what nobody else can tell."""

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, opened, opened_store
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.store import Effect

app = typer.Typer(help="What was done to the outside: list, settle.", invoke_without_command=True)

LISTED = 50
"""Effects of a list; all of those that are open are always listed."""


@app.callback()
def effects(
    context: typer.Context,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only those that may or may not have happened.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """List the newest effects on the outside, newest first."""
    if context.invoked_subcommand is not None:
        return
    with opened_store(directory, home) as store:
        found = store.effects.open() if unknown else store.effects.recent(LISTED)
    if as_json:
        typer.echo(json.dumps([_plain(effect) for effect in found], ensure_ascii=False))
        return
    head = ["key", "when", "tool", "role", "run", "state", "mandate", "notional", "result"]
    empty = "every effect is accounted for" if unknown else "nothing was done yet"
    typer.echo(table(head, [_cells(effect) for effect in found], empty=empty))


@app.command()
def settle(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The effect's key, or its first six digits or more.")],
    happened: Annotated[bool, typer.Option("--happened", help="It happened.")] = False,
    did_not_happen: Annotated[bool, typer.Option("--did-not-happen", help="It did not, and never will.")] = False,
    reason: Annotated[str, typer.Option(help="How you know; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Say what an effect of unknown outcome came to, after looking at the venue or in the outbox."""
    from company.governor import settle as settled

    if happened == did_not_happen:
        raise UsageError("one of two answers is needed", where="settle", cure="give --happened or --did-not-happen")
    with opened(directory, home) as engine:
        effect = settled(engine.company.store, key, happened=happened, by=getpass.getuser(), reason=reason)
    typer.echo(f"effect {effect.key[:8]} of {effect.tool} is {effect.state}")


def _cells(effect: "Effect") -> list[object]:
    worth = "" if effect.notional is None else f"{effect.notional:,.2f}"
    when, result = f"{effect.at:%Y-%m-%d %H:%M}", _short(effect.result)
    return [
        effect.key[:8], when, effect.tool, effect.role, effect.run_id, effect.state, effect.mandate_id, worth, result
    ]  # fmt: skip


def _short(result: Any) -> str:
    from company.cli.lines import harmless

    value = result["value"] if isinstance(result, dict) and "value" in result else result
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "" if value is None else harmless(text)


def _plain(effect: "Effect") -> dict[str, Any]:
    from dataclasses import asdict

    from company.events import plain

    fields = asdict(effect)
    shown: dict[str, Any] = plain({"run": fields.pop("run_id"), "mandate": fields.pop("mandate_id"), **fields})
    return shown
