"""`company costs`: what the models took, and what is left of the budget."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from company.cli.opening import AsJson, Directory, Home, locate
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.home import CompanyDirectory
    from company.store import CostRow, Costs, Meter

By = Literal["department", "role", "run", "day", "model"]
COLUMNS = ("calls", "failed", "input", "cached", "output", "reasoning", "usd", "share")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("costs")(costs)


def costs(
    by: Annotated[By, typer.Option(help="What makes a line.")] = "role",
    since: Annotated[str, typer.Option(help="Only calls of the last time: 90s, 5m, 12h, 7d.")] = "",
    run: Annotated[str, typer.Option(metavar="RUN", help="Only calls of this run, such as R12.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Print what the model calls took, in tokens and dollars, and what is left of the budget."""
    from company.config import load_settings
    from company.home import open_store
    from company.store import Meter, Records
    from company.world import WallClock

    found, state = locate(directory, home)
    budget, wall = load_settings(found.config_file).budget, WallClock()
    begin = _before(wall.now(), since) if since else None
    store = open_store(state)
    try:
        if run:
            store.runs.get(run)
        rows = _rows(Meter(store), by, found, since=begin, run=run)
        counted = Records(store, day_usd=budget.day_usd, month_usd=budget.month_usd, now=wall.now).costs()
    finally:
        store.close()
    _print(by, rows, counted, as_json=as_json)


def _rows(
    meter: "Meter", by: By, directory: "CompanyDirectory", *, since: datetime | None, run: str
) -> Sequence["CostRow"]:
    """Add up; which department a role belongs to is what its file says today, also for calls of long ago."""
    from company.home import roles_of
    from company.store import CostRow

    if by != "department":
        return meter.by(by, since=since, run=run)
    departments = {role.id: role.department for role in roles_of(directory).values()}
    return CostRow.grouped(meter.by("role", since=since, run=run), departments)


def _before(now: datetime, length: str) -> datetime:
    from company.config import parse_duration

    try:
        return now - parse_duration(length)
    except OverflowError as error:
        cure = "leave it out to count every call"
        raise UsageError(f"{length!r} goes back before the calendar begins", where="--since", cure=cure) from error


def _print(by: By, rows: Sequence["CostRow"], counted: "Costs", *, as_json: bool) -> None:
    from company.store import CostRow

    total = CostRow.of("total", rows)
    if by in {"department", "role", "model"}:
        rows = sorted(rows, key=lambda row: (-row.usd, -row.input - row.output, row.key))
    if as_json:
        typer.echo(json.dumps(_document(by, rows, total, counted), ensure_ascii=False))
        return
    lines = [_cells(row, total) for row in rows]
    typer.echo(table([by, *COLUMNS], lines, empty="no model was called"))
    typer.echo(_last_line(total, counted))


def _cells(row: "CostRow", total: "CostRow") -> list[str]:
    counts = (row.calls, row.failed, row.input, row.cached, row.output, row.reasoning)
    share = f"{row.usd / total.usd:.0%}" if total.usd else "-"
    return [row.key, *(f"{count:,}" for count in counts), _dollars(row.usd), share]


def _dollars(usd: Decimal) -> str:
    """Return dollars to a hundredth of a cent; what is less, but not nothing, is not shown as nothing."""
    return "<$0.0001" if 0 < usd < Decimal("0.0001") else f"${usd:,.4f}"


def _last_line(total: "CostRow", counted: "Costs") -> str:
    from company.cli.lines import count

    day = f"${counted.usd_day_limit - counted.usd_today:.2f} of ${counted.usd_day_limit:.2f} today"
    month = f"${counted.usd_month_limit - counted.usd_month:.2f} of ${counted.usd_month_limit:.2f} this month"
    tokens = count(total.input + total.output, "token")
    return f"total {_dollars(total.usd)} for {count(total.calls, 'call')} and {tokens} · left {day}, {month} (UTC)"


def _document(by: By, rows: Sequence["CostRow"], total: "CostRow", counted: "Costs") -> dict[str, Any]:
    """Return everything as JSON data; dollars and seconds are decimal strings, exact."""
    from company.events import plain

    left = {
        "day_usd": counted.usd_day_limit,
        "day_left_usd": counted.usd_day_limit - counted.usd_today,
        "month_usd": counted.usd_month_limit,
        "month_left_usd": counted.usd_month_limit - counted.usd_month,
    }
    document: dict[str, Any] = plain(
        {"by": by, "rows": [asdict(row) for row in rows], "total": asdict(total), "budget": left}
    )
    return document
