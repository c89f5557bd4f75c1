"""`company audit`: whether the books agree with themselves and with the venues, and why the desk did what it did.

It is a command of its own and no option of `company orders`, because it is a check: it ends with 1 when something does
not agree, so that a scheduled job notices. The books are first brought up to now in memory, as the next run would, and
then walked; what nobody can explain is named. Nothing is written, nothing is sent.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.desk import NO_WORLD, ask
from company.cli.opening import AsJson, Directory, Home
from company.cli.tables import minute
from company.events import Json

if TYPE_CHECKING:
    from company.trading import Desk

Limit = Annotated[int, typer.Option(min=0, max=1_000, help="How many of the newest decisions.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("audit")(audit)


def audit(limit: Limit = 5, as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Prove that the books agree with the venues, and print the newest decisions with what was known then."""

    async def look(desk: "Desk") -> Json:
        return await _look(desk, limit)

    told = ask(directory, home, look)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(NO_WORLD if told is None else "\n".join([*_books(told), *_findings(told), *_decisions(told)]))
    if told is not None and not told["agrees"]:
        raise typer.Exit(1)


async def _look(desk: "Desk", limit: int) -> Json:
    """Everything this command tells, in JSON."""
    from company.trading.proof import prove

    proof = await prove(desk.shown(desk.markets.venues))
    return {
        **proof.model_dump(mode="json"),
        "decisions": [decision.model_dump(mode="json") for decision in desk.decisions(limit)] if limit else [],
    }


def _books(told: Json) -> Iterator[str]:
    proof = told["audit"]
    walked = f"{proof['bookings']} bookings, {proof['orders']} orders, {proof['balances']} balances of venues"
    yield f"the books agree: {walked}" if not proof["difference"] else f"THE BOOKS DIFFER: {proof['difference']}"


def _findings(told: Json) -> Iterator[str]:
    """What the venues say that the books do not explain."""
    found = told["reconciliation"]
    for doubt in found["doubtful"]:
        wanted = f"{doubt['side']} {doubt['quantity']} {doubt['symbol']} on {doubt['venue']}"
        yield f"outcome not known: {wanted}, {doubt['status']}, sent {minute(doubt['since'])} ({doubt['key']})"
    for order in found["foreign"]:
        what = f"{order['side']} {order['quantity']} {order['symbol']} on {order['venue']}"
        yield f"not ours: {what} is open ({order['order_id']})"
    for moved in found["differences"]:
        venues = ", ".join(f"{amount} on {venue}" for venue, amount in moved["venues"].items())
        yield f"no trade explains: {moved['net']} {moved['currency']} ({venues}), seen {minute(moved['at'])}"
    yield from (f"not looked at: {failure}" for failure in found["failures"])


def _decisions(told: Json) -> Iterator[str]:
    for decision in told["decisions"]:
        what = f"{decision['side']} {decision['asked']} {decision['symbol']}"
        what += f", {decision['type']} at {decision['trigger']}" if decision["trigger"] else ""
        what += f", to be given up at {decision['stop']}" if decision["stop"] else ""
        yield f"\n{minute(decision['at'])}  {what}: {decision['outcome']}, {decision['filled']} filled"
        yield f"  by       {decision['strategy']}, {decision['role']}"
        yield f"  because  {decision['reason']}"
        yield f"  knowing  {', '.join(f'{name} {value}' for name, value in decision['evidence'].items()) or 'nothing'}"
        yield from (f"  denied   {words}" for words in [decision["denial"]] if words)
        yield from (f"  read     {source}" for source in decision["sources"])
