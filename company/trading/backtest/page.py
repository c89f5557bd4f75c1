"""A backtest as one HTML file: own inline drawings, no script, nothing that is loaded from elsewhere.

Whatever came from outside (names, reasons, the source) is escaped. Tables hold the first 500 rows and say so; the JSON
holds all of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import accumulate

from company.trading.backtest.drawing import Chart, Marker
from company.trading.backtest.result import Result
from company.trading.backtest.summary import measure_rows

MOST_ROWS = 500
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#667;--line:#d8dce2;--back:#fff;
--curve:#2457c5;--fall:#c0392b;--up:#1e8449}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#99a;--line:#333a44;--back:#14171c;
--curve:#7aa2f7;--fall:#f0776a;--up:#6bcf8e}}
body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);
max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:2rem 0 .5rem}p{color:var(--soft)}
svg{width:100%;height:auto;display:block}text{font:11px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--line)}.line{fill:none;stroke:var(--curve);stroke-width:1.5}
.area{fill:var(--fall);fill-opacity:.25;stroke:var(--fall)}.buy{fill:var(--up)}.sell{fill:var(--fall)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:500}
""".strip()


def page(result: Result) -> str:
    """Return the report of a backtest as an HTML document."""
    title = f"Backtest of {result.strategy} on {', '.join(result.symbols)}"
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        f'<head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>',
        "<body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_opening(result))}</p>",
        *_drawings(result),
        "<h2>Measures</h2>",
        _table(("measure", "value"), measure_rows(result)),
        "<h2>Trades</h2>",
        _trades(result),
        "<h2>What risk cut or denied</h2>",
        _clamps(result),
        "<h2>Holes in the data</h2>",
        _holes(result),
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _opening(result: Result) -> str:
    terms = result.terms
    return (
        f"{result.bars:,} bars of {result.timeframe} from {result.source}, {_when(result.since)} to"
        f" {_when(result.until)}. Cash {terms.cash:,f}, fees {terms.maker_fee:f} maker and {terms.taker_fee:f} taker,"
        f" half spread {terms.half_spread:f}."
    )


def _drawings(result: Result) -> list[str]:
    times = [mark.at.timestamp() for mark in result.curve]
    equity = [float(mark.equity) for mark in result.curve]
    falls = [value / peak * 100 - 100 for value, peak in zip(equity, accumulate(equity, max), strict=True)]
    prices = [float(price) for price in result.prices]
    dates = (_when(result.curve[0].at), _when(result.curve[-1].at))
    symbol = result.symbols[0]
    return [
        "<h2>Equity</h2>",
        Chart("Equity over time", list(zip(times, equity, strict=True)), dates=dates).svg(),
        "<h2>Drawdown in per cent</h2>",
        Chart("Drawdown over time", list(zip(times, falls, strict=True)), dates=dates, filled=True).svg(),
        f"<h2>Price of {escape(symbol)} and trades</h2>",
        Chart(
            f"Price of {symbol} over time, with trades",
            list(zip(times, prices, strict=True)),
            dates=dates,
            markers=_markers(result, symbol),
        ).svg(),
    ]


def _markers(result: Result, symbol: str) -> list[Marker]:
    fills = [fill for fill in result.fills if fill.symbol == symbol]
    return [
        Marker(
            at=fill.at.timestamp(),
            value=float(fill.price),
            kind=fill.side,
            title=f"{fill.side} {fill.quantity:f} at {fill.price:f}, {_when(fill.at)}",
        )
        for fill in fills[:MOST_ROWS]
    ]


def _trades(result: Result) -> str:
    rows = [
        (
            _when(fill.at),
            fill.symbol,
            fill.side,
            fill.role,
            f"{fill.quantity:f}",
            f"{fill.price:f}",
            f"{fill.fee:f}",
            "" if fill.result is None else f"{fill.result:f}",
            fill.reason,
        )
        for fill in result.fills[:MOST_ROWS]
    ]
    head = ("at (UTC)", "symbol", "side", "role", "quantity", "price", "fee", "result", "reason")
    return _table(head, rows) + _more(len(result.fills))


def _clamps(result: Result) -> str:
    counts = Counter((clamp.rule, clamp.denied) for clamp in result.clamps)
    summed = [(rule, "denied" if denied else "cut", str(count)) for (rule, denied), count in sorted(counts.items())]
    rows = [
        (
            _when(clamp.at),
            clamp.symbol,
            clamp.side,
            clamp.rule,
            f"{clamp.limit:f}",
            f"{clamp.value:f}",
            "denied" if clamp.denied else "cut",
        )
        for clamp in result.clamps[:MOST_ROWS]
    ]
    head = ("at (UTC)", "symbol", "side", "rule", "limit", "value", "effect")
    return _table(("rule", "effect", "times"), summed) + _table(head, rows) + _more(len(result.clamps))


def _holes(result: Result) -> str:
    rows = [(hole.symbol, _when(hole.begins), _when(hole.ends), str(hole.bars)) for hole in result.holes]
    return _table(("symbol", "from", "to", "bars missing"), rows[:MOST_ROWS]) + _more(len(rows))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    if not body:
        return "<p>None.</p>"
    heading = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f'<div class="wide"><table>\n<tr>{heading}</tr>\n{body}</table></div>'


def _more(count: int) -> str:
    return f"<p>The first {MOST_ROWS} of {count:,}; the JSON has them all.</p>" if count > MOST_ROWS else ""


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
