"""The desk's limits: frozen, checked, one field for each number of `[limits]`."""

from datetime import timedelta
from decimal import Decimal
from typing import Final, Self

from pydantic import model_validator

from company.config import LimitSettings
from company.trading.figures import Figure, Report

_RATIOS: Final = frozenset({"target_volatility", "stop_atr", "anomaly_move", "anomaly_volume"})
"""Fields that may be above 1."""

_CONVICTIONS: Final = frozenset({"min_conviction", "conservative_conviction"})
"""Fields that may be 0."""


class RiskLimits(Report):
    """The desk's limits. Fractions are of the equity over all venues unless said otherwise.

    Attributes:
        max_trade_fraction: Largest notional of one order.
        max_position_fraction: Largest notional of one symbol, open buy orders included.
        max_gross_fraction: Largest notional of all symbols together.
        max_correlated_fraction: Largest notional of a symbol and those that move with it, each weighted by its
            correlation with that symbol.
        correlation_threshold: Correlation from which two symbols count together.
        max_var_fraction: Largest historical value at risk of one day, at 95 %, with the order.
        max_cvar_fraction: Largest expected loss beyond that.
        risk_per_trade: Most that an order may lose when its stop is hit.
        stop_atr: Distance of a stop from the entry, in average true ranges of 14 hours.
        min_conviction: Least conviction that may open or add to a position.
        conservative_conviction: Least conviction that may add to one at the second drawdown step.
        daily_loss_fraction: Loss of the day, of the day's first equity, after which only exits are allowed.
        drawdown_halved: Drawdown from the peak, of the peak, from which orders are halved.
        drawdown_no_new: Drawdown from which no new position is opened and only high conviction adds to one.
        drawdown_stop: Drawdown from which only exits are allowed, until a person re-arms the desk.
        drawdown_release: By how much the drawdown must fall below one of the first two steps to leave it.
        kelly_cap: Most that half-Kelly may ask for.
        full_edge: Advantage over an even bet that full conviction claims: 0.05 means being right 55 times in 100.
        target_volatility: Annual volatility above which sizes shrink in proportion.
        restricted: Symbols (`XRP/USDT`) or assets (`XRP`) in which nothing is bought.
        wash_window: For how long after a sale the same symbol is not bought back at about its price.
        wash_fraction: What "about the same price" is, as a fraction of it.
        anomaly_move: Move of a price, in robust deviations of one bar, that pauses entries in the symbol.
        anomaly_volume: Volume of one bar, in medians, that does.
        anomaly_spread: Spread at the tightest venue, or distance of a venue from the others, that does.
        anomaly_pause: For how long.
    """

    max_trade_fraction: Figure = Decimal("0.05")
    max_position_fraction: Figure = Decimal("0.10")
    max_gross_fraction: Figure = Decimal("0.60")
    max_correlated_fraction: Figure = Decimal("0.25")
    correlation_threshold: Figure = Decimal("0.70")
    max_var_fraction: Figure = Decimal("0.05")
    max_cvar_fraction: Figure = Decimal("0.08")
    risk_per_trade: Figure = Decimal("0.005")
    stop_atr: Figure = Decimal(3)
    min_conviction: Figure = Decimal("0.60")
    conservative_conviction: Figure = Decimal("0.80")
    daily_loss_fraction: Figure = Decimal("0.03")
    drawdown_halved: Figure = Decimal("0.05")
    drawdown_no_new: Figure = Decimal("0.10")
    drawdown_stop: Figure = Decimal("0.15")
    drawdown_release: Figure = Decimal("0.01")
    kelly_cap: Figure = Decimal("0.05")
    full_edge: Figure = Decimal("0.05")
    target_volatility: Figure = Decimal("0.60")
    restricted: tuple[str, ...] = ()
    wash_window: timedelta = timedelta(seconds=60)
    wash_fraction: Figure = Decimal("0.001")
    anomaly_move: Figure = Decimal(8)
    anomaly_volume: Figure = Decimal(30)
    anomaly_spread: Figure = Decimal("0.02")
    anomaly_pause: timedelta = timedelta(hours=1)

    @classmethod
    def of(cls, settings: LimitSettings) -> Self:
        """Return the limits of `[limits]`; a setting has the name of its field, but for the three drawdown steps."""
        halved, no_new, stop = settings.drawdown_steps
        fields = {name: value for name, value in settings if name != "drawdown_steps"}
        return cls(drawdown_halved=halved, drawdown_no_new=no_new, drawdown_stop=stop, **fields)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name, value in self:
            if not isinstance(value, Decimal):
                continue
            if value < 0 or (not value and name not in _CONVICTIONS):
                raise ValueError(f"{name} is {value}; it must be above 0{'' if name in _RATIOS else ' and at most 1'}")
            if value > 1 and name not in _RATIOS:
                raise ValueError(f"{name} is {value}; it must be above 0 and at most 1")
        if not self.drawdown_halved < self.drawdown_no_new < self.drawdown_stop:
            raise ValueError("the drawdown steps must rise: drawdown_halved < drawdown_no_new < drawdown_stop")
        if self.drawdown_release >= self.drawdown_halved:
            raise ValueError(f"drawdown_release is {self.drawdown_release}; it must be below drawdown_halved")
        return self

    def restricts(self, symbol: str) -> bool:
        """Tell whether a symbol, or what it buys, is on the restricted list, however a person spells it there.

        `XRP/USDT`, `xrp-usdt`, `XRP_USDT` and `XRPUSDT` are one symbol, and `xrp` is all that buys XRP.
        """
        if not self.restricted:
            return False
        base, _, quote = symbol.partition("/")
        listed = {_plain(name) for name in self.restricted}
        return not listed.isdisjoint((_plain(base), _plain(base + quote)))


def _plain(name: str) -> str:
    """A name without what spellings differ in."""
    return "".join(letter for letter in name.upper() if letter.isalnum())
