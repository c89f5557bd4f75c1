"""`company portfolio`: what is owned, what was earned, and whose ideas earned it. Looking writes nothing."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from company.cli.desk import NO_WORLD, ask
from company.cli.opening import AsJson, Directory, Home
from company.cli.tables import minute, table
from company.events import Json

if TYPE_CHECKING:
    from company.trading import Desk

PATIENCE = 30.0
"""Seconds in which a venue must answer: the first answer of a real exchange takes a while."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("portfolio")(portfolio)


def portfolio(as_json: AsJson = False, directory: Directory = None, home: Home = None) -> None:
    """Print what the company owns, what it earned, and which strategies and roles earned it."""
    told = ask(directory, home, _look)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(NO_WORLD if told is None else "\n".join(_lines(told)))


async def _look(desk: "Desk") -> Json:
    """What the desk owns, and who earned what, in JSON."""
    from company.trading import Board

    look = await Board(desk, patience=PATIENCE).look()
    owned, earned = await look.portfolio(), await look.attribution()
    return {**owned.model_dump(mode="json"), "attribution": earned.model_dump(mode="json")}


def _lines(told: Json) -> Iterator[str]:
    yield from _result(told)
    yield ""
    yield table(
        ("POSITION", "QUANTITY", "COST", "PRICE", "VALUE", "UNREALISED", "%"), _positions(told), empty="no position"
    )
    yield ""
    yield table(("VENUE", "CURRENCY", "FREE", "TOTAL", "VALUE"), _balances(told), empty="no balance")
    yield ""
    yield from _calibration(told["calibration"])
    yield table(
        ("STRATEGY", "ROLE", "TRADES", "REALISED", "FEES", "NET", "HOLDS"), _owners(told), empty="nothing traded yet"
    )


def _result(told: Json) -> Iterator[str]:
    quote = told["quote"]
    yield f"equity      {told['equity']} {quote}, of it {told['cash']} in cash, at {minute(told['as_of'])}"
    yield f"today       {told['day']} ({told['day_percent']} %)"
    yield (
        f"net         {told['net']} since {minute(told['since'])}: realised {told['realised']}, unrealised "
        f"{told['unrealised']}, fees {told['fees']}"
    )
    yield f"drawdown    {told['drawdown_percent']} % of the peak, {told['peak']}"
    rate = told["win_rate_percent"]
    yield f"closed      {told['closed_trades']} trades" + ("" if rate is None else f", {rate} % of them earned")
    if told["unpriced"]:
        yield f"not priced  {', '.join(told['unpriced'])}: no venue quotes it, it counts nothing"


def _calibration(told: Json) -> Iterator[str]:
    """How far stated convictions were borne out; nothing before the first trade that had one."""
    if not told["trades"]:
        return
    yield (
        f"conviction  Brier score {told['brier']} over {told['trades']} closed trades; always saying the share that "
        f"earned would score {told['base']}"
    )
    yield ""
    rows = [
        [f"{row['low']}-{row['high']}", str(row["trades"]), str(row["earned"]), row["stated"], row["result"]]
        for row in told["buckets"]
    ]
    yield table(("CONVICTION", "TRADES", "EARNED", "STATED", "RESULT"), rows, empty="")
    yield ""


def _positions(told: Json) -> list[list[str]]:
    keys = ("symbol", "quantity", "average_cost", "price", "value", "unrealised", "unrealised_percent")
    return [[row[key] for key in keys] for row in told["positions"]]


def _balances(told: Json) -> list[list[str]]:
    return [[row["venue"], row["currency"], row["free"], row["total"], row["value"] or "-"] for row in told["balances"]]


def _owners(told: Json) -> list[list[str]]:
    """Rows of who earned what, in cents; a total below more than one."""
    rows = told["attribution"]["rows"]
    shown = [*rows, told["attribution"]["total"]] if len(rows) > 1 else rows
    return [[row["strategy"], row["role"], str(row["trades"]), *map(_cents, _sums(row))] for row in shown]


def _sums(row: Json) -> tuple[str, ...]:
    return row["realised"], row["fees"], row["net"], row["cost"]


def _cents(amount: str) -> str:
    from company.trading.figures import money

    return f"{money(amount):f}"
