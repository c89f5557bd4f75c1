"""A backtest in words: the rows of measures, and the lines a terminal shows."""

from collections import Counter
from decimal import Decimal

from company.trading.backtest.result import Fall, Result


def measure_rows(result: Result) -> list[tuple[str, str]]:
    """Return every measure with its name, as shown in a report."""
    found, money = result.measures, result.symbols[0].partition("/")[2]
    return [
        ("equity at the end", f"{result.equity:,f} {money}"),
        ("total return", _percent(found.total_return)),
        ("growth a year (CAGR)", _percent(found.cagr)),
        ("volatility a year", _percent(found.volatility)),
        ("Sharpe ratio", _plain(found.sharpe)),
        ("Sortino ratio", _plain(found.sortino)),
        ("Calmar ratio", _plain(found.calmar)),
        ("deepest drawdown", _fall(found.max_drawdown)),
        (f"VaR 95 % of one bar ({result.timeframe})", _percent(found.value_at_risk)),
        (f"CVaR 95 % of one bar ({result.timeframe})", _percent(found.conditional_value_at_risk)),
        ("closed trades", f"{found.trades:,}"),
        ("win rate", _percent(found.win_rate)),
        ("profit factor", _plain(found.profit_factor)),
        ("expectancy a trade", _plain(found.expectancy, money)),
        ("mean exposure", _percent(found.exposure)),
        ("turnover a year", _plain(found.turnover)),
        ("fees", f"{found.fees:,f} {money}"),
    ]


def summary(result: Result) -> str:
    """Return the report for a terminal."""
    rows = measure_rows(result)
    wide = max(len(name) for name, _ in rows)
    head = (
        f"{result.strategy} on {', '.join(result.symbols)}, {result.bars:,} bars of {result.timeframe} from"
        f" {result.source}\n{result.since:%Y-%m-%d %H:%M} to {result.until:%Y-%m-%d %H:%M} UTC"
    )
    lines = [head, "", *(f"  {name:<{wide}}  {value}" for name, value in rows), "", f"  {_counts(result)}"]
    return "\n".join([*lines, *_clamps(result), *_holes(result)])


def _counts(result: Result) -> str:
    unfilled = f", {result.unfilled} orders without a trade" if result.unfilled else ""
    return f"{result.signals:,} signals, {len(result.fills):,} fills{unfilled}"


def _clamps(result: Result) -> list[str]:
    counts = Counter((clamp.rule, clamp.denied) for clamp in result.clamps)
    return [f"  {rule} {'denied' if denied else 'cut'} {count:,}" for (rule, denied), count in sorted(counts.items())]


def _holes(result: Result) -> list[str]:
    return [
        f"  hole in {hole.symbol}: {hole.bars:,} {'bar is' if hole.bars == 1 else 'bars are'} missing from"
        f" {hole.begins:%Y-%m-%d %H:%M} to {hole.ends:%Y-%m-%d %H:%M}, nothing traded there"
        for hole in result.holes
    ]


def _percent(value: Decimal | None) -> str:
    return "none" if value is None else f"{value:,f} %"


def _plain(value: Decimal | None, unit: str = "") -> str:
    return "none" if value is None else f"{value:,f} {unit}".rstrip()


def _fall(fall: Fall) -> str:
    if not fall.percent:
        return "none"
    over = "not recovered" if fall.recovered_at is None else f"recovered {fall.recovered_at:%Y-%m-%d %H:%M}"
    return f"{fall.percent:f} %, {fall.peak_at:%Y-%m-%d %H:%M} to {fall.trough_at:%Y-%m-%d %H:%M}, {over}"
