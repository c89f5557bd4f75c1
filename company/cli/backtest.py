"""`company backtest`: a strategy over bars that have been, and a recorded session once more."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, Home, calm_numpy, find_company, locate, tell
from company.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from company.trading.backtest import Comparison, Result
    from company.trading.exchange import Exchange
    from company.trading.features import Bars
    from company.trading.strategies import Listed
    from company.world import PaperWorld

PAPER = "paper"
RECORDED = "recorded"
POLICY = "policy"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("backtest")(backtest)


def backtest(
    strategy: Annotated[
        str,
        typer.Argument(metavar="STRATEGY", help="A strategy, `policy`, or `recorded` for what a home's desk has done."),
    ],
    data: Annotated[
        list[str], typer.Option(metavar="FILE|paper", help="A file of candles, once a symbol, or the paper world.")
    ],
    symbol: Annotated[list[str] | None, typer.Option(help="Symbol, once a file; BTC/USDT.")] = None,
    timeframe: Annotated[str, typer.Option(help="Length of a bar: 1m, 5m, 15m, 1h, 4h or 1d.")] = "1h",
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Only bars from then on, as 2026-01-31 (UTC).")
    ] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Only bars that closed by then.")] = "",
    cash: Annotated[str, typer.Option(metavar="AMOUNT", help="What the account begins with.")] = "100000",
    policy: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="The trained policy to follow.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write the report as a web page.")] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Run a strategy over history with the company's own exchange, risk and ledger."""
    calm_numpy()
    if strategy == RECORDED:
        _show_comparison(_recorded(data, directory, home), as_json=as_json)
        return
    symbols, span = symbol or ["BTC/USDT"], (time_of(since, "--from"), time_of(until, "--to"))
    if span[0] and span[1] and span[0] >= span[1]:
        raise UsageError(
            f"{since} is not before {until}", where="--from", cure="give an earlier --from or a later --to"
        )
    result = _result(_asked(strategy, policy), data, symbols, timeframe, span, _cash(cash), directory)
    if report is not None:
        _write(report, result)
    _show(result, as_json=as_json)


def _asked(strategy: str, policy: Path | None) -> "Listed":
    """Return the strategy by its name; `policy` follows a trained one."""
    from company.trading.strategies import Listed, listed

    if (strategy == POLICY) != (policy is not None):
        cure = "name the file that training wrote" if policy is None else f"leave it out, or test {POLICY!r}"
        raise UsageError(f"{strategy!r} and a trained policy belong together", where="--policy", cure=cure)
    if policy is None:
        return listed(strategy)
    from company.trading.rl import Policy, Trained

    found = Policy.load(policy)
    return Listed(POLICY, "follows a trained policy", "bars", lambda: Trained(found))


def _result(
    asked: "Listed",
    data: list[str],
    symbols: list[str],
    timeframe: str,
    span: "tuple[datetime | None, datetime | None]",
    cash: "Decimal",
    directory: Path | None,
) -> "Result":
    from company.config import load_settings
    from company.trading import RiskLimits
    from company.trading.backtest import Terms, over_bars, over_pair

    found = find_company(directory)
    tell(found)
    settings = load_settings(found.config_file)
    terms, limits = Terms(cash=cash), RiskLimits.of(settings.limits)
    if PAPER in data:
        from company.cli.backtest_paper import over_paper

        if len(data) > 1:
            raise UsageError("the paper world is given with other data", where="--data", cure="give one of them")
        if asked.reads == "books":
            raise UsageError(f"{asked.name} needs two exchanges", where="--data", cure="give two files of candles")
        return over_paper(asked, symbols, timeframe, span, terms=terms, limits=limits, seed=settings.run.seed)
    histories = histories_of(data, symbols, timeframe, span)
    source = ", ".join(dict.fromkeys(bars.source for bars in histories))
    if asked.reads == "books":
        return over_pair(asked.make(), histories, terms=terms, limits=limits, source=source)
    if len({bars.symbol for bars in histories}) < len(histories):
        raise UsageError(
            f"{len(histories)} files hold {symbols[0]}",
            where="--symbol",
            cure="name a symbol of its own for each --data",
        )
    return over_bars(asked.name, asked.over, histories, terms=terms, limits=limits, source=source)


def histories_of(
    data: list[str], symbols: list[str], timeframe: str, span: "tuple[datetime | None, datetime | None]"
) -> "list[Bars]":
    """Read files of candles.

    Args:
        data: The files.
        symbols: One for each, or one that stands for all.
        timeframe: Length of a bar.
        span: Only bars from the first moment on, and those that closed by the second.

    Raises:
        UsageError: A file is malformed, or they do not go together.
    """
    from company.trading.backtest import within
    from company.trading.feeds import read_candles

    named = symbols * len(data) if len(symbols) == 1 else symbols
    if len(named) != len(data):
        what = f"{len(symbols)} symbols and {len(data)} files do not go together"
        raise UsageError(what, where="--symbol", cure="name one symbol, or one for each --data")
    for name in named:
        if name.count("/") != 1 or not all(name.split("/")):
            raise UsageError(f"{name!r} is no symbol", where="--symbol", cure="write it like BTC/USDT")
    if len(quotes := {name.partition("/")[2] for name in named}) > 1:
        raise UsageError(
            f"the symbols are priced in {', '.join(sorted(quotes))}", where="--symbol", cure="use one currency"
        )
    found = []
    for path, name in zip(data, named, strict=True):
        whole = read_candles(Path(path), symbol=name, timeframe=timeframe)
        if not len(bars := within(whole, *span)):
            held = f"the file holds {whole.at(0):%Y-%m-%d %H:%M} to {whole.at(-1):%Y-%m-%d %H:%M}"
            raise UsageError(f"no bar lies in the asked time; {held}", where=path, cure="change --from or --to")
        found.append(bars)
    return found


def _recorded(data: list[str], directory: Path | None, home: Path | None) -> "Comparison":
    """Replay what the orders of a home did on a fresh world of the same seed."""
    from company.cli.opening import opened_store
    from company.config import load_settings
    from company.home.desk import SEED_FLAG, company_clock
    from company.trading.backtest import replay
    from company.world import OPENING, START, MemoryBooks, PaperWorld, VirtualClock

    if data != [PAPER]:
        raise UsageError(
            f"a recorded session is of the paper world, not of {', '.join(data)}", where="--data", cure="give paper"
        )
    found, state = locate(directory, home)
    if not (state / "company.db").exists():
        raise UsageError(
            "there is no company in this home", where=str(state), cure="name its --home, or run the company"
        )
    settings = load_settings(found.config_file)
    with opened_store(directory, home) as store:
        seed = store.flags.get(SEED_FLAG)
        if seed is None:
            raise UsageError("no session was recorded in this home", where=str(state), cure="run the company first")
        recorded = PaperWorld(seed=int(seed), books=store.books("world"), clock=company_clock(settings))
        fresh = PaperWorld(seed=int(seed), books=MemoryBooks(), clock=VirtualClock(START))
        return replay(_exchanges(recorded), _exchanges(fresh), OPENING)


def _exchanges(world: "PaperWorld") -> "dict[str, Exchange]":
    return {name: venue.exchange for name, venue in world.venues.items()}


def _show(result: "Result", *, as_json: bool) -> None:
    from company.trading.backtest import summary

    typer.echo(result.model_dump_json(indent=2) if as_json else summary(result))


def _show_comparison(found: "Comparison", *, as_json: bool) -> None:
    """Print it; the exit code is 1 when something filled in another way."""
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        verdict = "all fill as they did" if not found.differences else f"{len(found.differences)} fill in another way"
        typer.echo(f"{found.orders} orders, {found.cancels} cancels, {found.fills} fills: {verdict}")
        for one in found.differences:
            told = one.refused or f"{len(one.recorded)} fills then, {len(one.replayed)} now"
            typer.echo(f"  {one.venue} {one.side} {one.symbol}, order {one.order}: {told}")
    raise typer.Exit(1 if found.differences else 0)


def _write(report: Path, result: "Result") -> None:
    """Write the page whole or not at all."""
    from company.trading.backtest import page

    part = report.with_name(f".{report.name}.part")
    try:
        part.write_text(page(result), "utf-8")
        part.replace(report)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        what = f"the report cannot be written: {error.strerror}"
        raise UsageError(what, where=str(report), cure="name a file in a folder you may write") from error


def time_of(text: str, where: str) -> "datetime | None":
    """Read an option that may name a moment, UTC unless it says otherwise.

    Raises:
        UsageError: It names none.
    """
    from datetime import UTC, datetime

    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time", where=where, cure="write it like 2026-01-31 or 2026-01-31T12:00"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _cash(text: str) -> "Decimal":
    from decimal import Decimal, InvalidOperation

    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or not 0 < amount <= 10**12:
        raise UsageError(f"{text!r} is not an amount of cash", where="--cash", cure="give a number above 0")
    return amount
