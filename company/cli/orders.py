"""`company orders`: what the desk ordered, why, and what became of it.

The newest orders are told as the desk last heard of them; no venue is asked, so this works while one is down. With
`--open` every venue is asked what rests in its books, and one that does not answer is an error, never a shorter list.
Looking writes nothing.

An order of which nobody will ever know what became is closed by a person, on their word and for a reason. That needs
the store only, for the venue may be gone.
"""

import getpass
import json
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.desk import NO_WORLD, ask
from company.cli.opening import AsJson, Directory, Home
from company.cli.tables import minute, table
from company.events import Json

if TYPE_CHECKING:
    from company.trading import Desk

HEAD = ("AT", "SIDE", "QUANTITY", "SYMBOL", "VENUE", "PRICE", "FILLED", "STATUS", "STRATEGY", "ROLE", "REASON")
FIELDS = (
    "at", "symbol", "side", "type", "quantity", "price", "trigger", "stop", "filled", "average", "status", "venue",
    "order_id", "strategy", "role", "reason", "sources", "evidence",
)  # fmt: skip

Limit = Annotated[int, typer.Option(min=1, max=1_000, help="How many of the newest.")]
Open = Annotated[bool, typer.Option("--open", help="Only what rests in a book now; asks every venue.")]


app = typer.Typer(help="Orders of the desk: list, abandon.", invoke_without_command=True)


@app.callback()
def orders(
    context: typer.Context,
    only_open: Open = False,
    limit: Limit = 20,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Print the newest orders with reason, strategy, role and status."""
    if context.invoked_subcommand is not None:
        return

    async def look(desk: "Desk") -> list[Json]:
        return (await _resting(desk))[:limit] if only_open else _newest(desk, limit)

    rows = ask(directory, home, look)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    elif rows is None:
        typer.echo(NO_WORLD)
    else:
        empty = "no open orders" if only_open else "no order was placed yet"
        typer.echo(table(HEAD, [_cells(row) for row in rows], empty=empty))


@app.command()
def abandon(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The client order id, or its first six characters or more.")
    ],
    reason: Annotated[str, typer.Option(help="How you know what became of it; kept in the journal.")] = "",
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Close a lost order: nobody looks for it any more, and it is never sent again."""
    from company import events
    from company.cli.risk import acting
    from company.events import Draft
    from company.trading.orders import Orders

    by = getpass.getuser()
    with acting(directory, home, "close an order", reason) as office:
        orders = Orders(office.store.books("trading"))
        key, row = orders.abandon(key, by=by, reason=reason, at=office.now)
        told = {name: row[name] for name in ("venue", "symbol", "side", "quantity")}
        body = events.custom("order.abandoned", {**told, "clientOrderId": key, "by": by, "reason": reason})
        office.store.journal.append([Draft("", "", "person", "user", body)])
    what = f"{row['side']} {row['quantity']} {row['symbol']} on {row['venue']}"
    typer.echo(f"the order to {what} is closed ({key}); what it traded after all would be booked as not ours")


def _newest(desk: "Desk", limit: int) -> list[Json]:
    return [_row(key, row) for key, row in desk.newest_orders(limit)]


async def _resting(desk: "Desk") -> list[Json]:
    """Every open order on every venue; one that is not the desk's has neither a reason nor a strategy."""
    found = await desk.shown(desk.markets.venues).open_orders()
    now = [(order, order.model_dump(mode="json", include=set(FIELDS))) for order in found]
    return [_row(order.client_order_id, {**(desk.order(order.client_order_id) or {}), **told}) for order, told in now]


def _row(key: str, row: Json) -> Json:
    return {"client_order_id": key, **{field: row.get(field) for field in FIELDS}}


def _cells(row: Json) -> list[str]:
    waits = f"{row['type']} {row['trigger']}" if row["trigger"] and row["status"] == "open" else ""
    price = waits or row["average"] or row["price"] or row["type"]
    named = ("status", "strategy", "role", "reason")
    traded = (row["symbol"], row["venue"], price, row["filled"] or "0")
    return [minute(row["at"] or ""), row["side"], row["quantity"], *traded, *(row[field] or "-" for field in named)]
