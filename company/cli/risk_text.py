"""What `company risk` prints."""

from collections.abc import Iterator
from decimal import Decimal

from company.cli.tables import table
from company.events import Json

_CAPS = {
    "max_trade_fraction": "one order",
    "max_position_fraction": "one position",
    "max_correlated_fraction": "positions that move together",
    "max_gross_fraction": "all positions",
    "max_var_fraction": "value at risk of one day (95 %)",
    "max_cvar_fraction": "expected loss beyond it",
    "risk_per_trade": "loss of one order at its stop",
    "daily_loss_fraction": "loss of one day",
}
_STEPS = {
    "normal": "sizes as asked for",
    "halved": "sizes are halved",
    "no_new": "no new position, half sizes, only high conviction adds",
    "stop": "exits only, until: company risk rearm --reason '...'",
}


def as_lines(told: Json) -> str:
    """Return the state of risk as a person reads it."""
    return "\n".join([*_stand(told), "", *_limits(told), "", *_lists(told)])


def _stand(told: Json) -> Iterator[str]:
    ladder, stand = told["ladder"], told.get("stand")
    step = stand["drawdown_step"] if stand else ladder["step"]
    yield f"step        {step}: {_STEPS[step]}"
    if latch := ladder["latch"]:
        yield f"latched     {latch['at'][:16].replace('T', ' ')} at a drawdown of {_percent(latch['drawdown'])}"
    if stand is None:
        yield "the desk has no venue yet: it opens with the first run"
        return
    yield f"equity      {stand['equity']}"
    yield f"drawdown    {stand['drawdown_percent']} %, today's loss {stand['daily_loss_percent']} %"
    yield f"at stake    {told['exposure']['gross_percent']} % of equity"
    if tail := told["value_at_risk"]:
        yield f"one day     VaR {tail['var']} ({tail['var_percent']} %), CVaR {tail['cvar']} ({tail['cvar_percent']} %)"
    yield f"entries     {'allowed' if stand['entries_allowed'] else 'not allowed'}"


def _limits(told: Json) -> Iterator[str]:
    limits = told["limits"]
    rows = [(name, _percent(limits[key])) for key, name in _CAPS.items()]
    steps = " / ".join(_percent(limits[f"drawdown_{step}"]) for step in ("halved", "no_new", "stop"))
    yield table(("LIMIT", "OF EQUITY"), [*rows, ("drawdown steps, of the peak", steps)], empty="")


def _lists(told: Json) -> Iterator[str]:
    rows = [
        (
            row["symbol"].replace("*", "everything"),
            row["why"]["rule"],
            row["by"] or "the market",
            _end(row),
            row["reason"],
        )
        for row in told["pauses"]
    ]
    yield table(("PAUSED", "RULE", "BY", "UNTIL", "REASON"), rows, empty="nothing is paused")
    yield f"restricted: {', '.join(told['limits']['restricted']) or 'nothing'}"


def _end(row: Json) -> str:
    return row["until"][:16].replace("T", " ") if row["until"] else "resumed"


def _percent(fraction: str) -> str:
    return f"{(Decimal(fraction) * 100).normalize():f} %"
