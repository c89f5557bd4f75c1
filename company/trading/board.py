"""The board: what people are shown of the desk.

Looking changes nothing. The figures are the desk's own, worked out by the desk's own code, but over venues as they were
last heard (`Heard`) and over books in which nothing stays (`ScratchBooks`). So no peak, mark, holding or candle that a
run will find later depends on whether somebody watched, and no venue can hold the picture up.

A venue that failed takes part with what it said before; `as_of` is then the time of that. Of one that never answered
nobody knows what it holds: the market is shown without it, sums of money are not.
"""

import asyncio
from collections.abc import Hashable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

from company.errors import ToolError, VenueError
from company.ports import Json
from company.trading.answers import number
from company.trading.attribution import Attribution
from company.trading.curve import sampled
from company.trading.desk import Desk
from company.trading.ear import PATIENCE, Ear, VenueState
from company.trading.features import Candle
from company.trading.figures import percent
from company.trading.heard import Heard, Words
from company.trading.shown import CurveReport, ExposureRow, MarketReport, OpenOrder, PortfolioReport, RiskReport

EVERY = 5
"""Seconds of company time after which another look is worth it, when nothing else happened."""

WATCHED = 20
"""Newest orders whose fate makes another look worth it."""


class Look:
    """One picture of the desk; made by `Board.look`.

    Args:
        desk: The desk.
        ears: All its venues.
        heard: What each of them said, None where nothing was ever heard.
    """

    def __init__(self, desk: Desk, ears: Sequence[Ear], heard: Sequence[Words | None]) -> None:
        said = {ear.name: words for ear, words in zip(ears, heard, strict=True) if words}
        self._desk = desk.shown(
            {ear.name: Heard(ear.name, said[ear.name], ear.candles) for ear in ears if ear.name in said}
        )
        self._ears, self._said = ears, said
        self._curve, self._now = desk.curve, desk.markets.clock.now()
        self._as_of = min([self._now, *(words.at for words in said.values())])

    async def portfolio(self) -> PortfolioReport:
        """Return what is owned and what was earned.

        Raises:
            VenueError: A venue never answered.
        """
        self._require_all()
        result, closed = await self._desk.profit_and_loss(), await self._desk.closed_trades()
        return PortfolioReport(
            as_of=self._as_of,
            cash=(await self._desk.exposure()).cash,
            win_rate_percent=percent(Decimal(closed.won) / closed.count) if closed.count else None,
            closed_trades=closed.count,
            calibration=self._desk.calibration(),
            positions=await self._desk.positions(),
            balances=await self._desk.balances(),
            **dict(result),
        )

    async def attribution(self) -> Attribution:
        """Return what every strategy and role earned, to the same answers of the venues.

        Raises:
            VenueError: A venue never answered.
        """
        self._require_all()
        return await self._desk.attribution()

    async def risk(self) -> RiskReport:
        """Return what is at stake, and the limits.

        Raises:
            VenueError: A venue never answered.
        """
        self._require_all()
        stand, exposure = await self._desk.limits(), await self._desk.exposure()
        limits, var95, var99 = stand.limits, await self._value_at_risk(0.95), await self._value_at_risk(0.99)
        return RiskReport(
            as_of=self._as_of,
            equity=stand.equity,
            drawdown_percent=stand.drawdown_percent,
            drawdown_steps_percent=(
                percent(limits.drawdown_halved),
                percent(limits.drawdown_no_new),
                percent(limits.drawdown_stop),
            ),
            drawdown_step=stand.drawdown_step,
            entries_allowed=stand.entries_allowed,
            daily_loss_percent=stand.daily_loss_percent,
            daily_loss_limit_percent=percent(limits.daily_loss_fraction),
            gross_percent=exposure.gross_percent,
            gross_limit_percent=percent(limits.max_gross_fraction),
            position_limit_percent=percent(limits.max_position_fraction),
            exposures=[
                ExposureRow(symbol=row.symbol, value=row.value + row.pending, percent=row.percent)
                for row in exposure.symbols
            ],
            var95=var95[0],
            var95_percent=var95[1],
            var99=var99[0],
            var99_percent=var99[1],
            sharpe=self._curve.sharpe(self._now),
        )

    async def open_orders(self) -> list[OpenOrder]:
        """Return what waits in a book on the venues that were heard, the last placed first."""
        placed = {
            (name, str(raw["id"])): _placed_at(name, raw) for name, words in self._said.items() for raw in words.orders
        }
        orders = [
            OpenOrder(
                at=placed[order.venue, order.order_id], **order.model_dump(exclude={"notional", "fee", "sources"})
            )
            for order in await self._desk.open_orders()
        ]
        return sorted(orders, key=lambda order: order.at, reverse=True)

    async def market(self) -> MarketReport:
        """Return every symbol at a glance, and how the venues answer."""
        rows = []
        for symbol in await self._desk.symbols():
            with suppress(ToolError, VenueError):
                rows.append(await self._desk.glance(symbol))
        rows.sort(key=lambda row: (-row.score, row.symbol))
        return MarketReport(as_of=self._as_of, quote=self._desk.markets.quote, rows=rows, venues=self._states())

    async def symbols(self) -> list[str]:
        """Return every symbol of the venues that were heard."""
        return await self._desk.symbols()

    async def resolve(self, text: str) -> str:
        """Return the unified symbol meant by `text`.

        Raises:
            ToolError: No venue lists such a symbol.
        """
        return await self._desk.resolve(text)

    async def candles(self, symbol: str, timeframe: str, count: int) -> list[Candle]:
        """Return the last closed bars of a unified symbol, oldest first.

        Raises:
            ToolError: They are malformed or stale.
            VenueError: The venue does not answer, and nothing was heard before.
        """
        return await self._desk.history(symbol, timeframe, count)

    async def _value_at_risk(self, confidence: float) -> tuple[Decimal, Decimal] | tuple[None, None]:
        try:
            found = await self._desk.value_at_risk(confidence)
        except (ToolError, VenueError):
            return None, None
        return found.var, found.var_percent

    def _states(self) -> list[VenueState]:
        return [ear.state() for ear in self._ears]

    def _require_all(self) -> None:
        missing = [f"{state.name} ({state.error})" for state in self._states() if state.name not in self._said]
        if missing:
            raise VenueError(
                f"what the company owns cannot be told: no answer yet from {', '.join(missing)}; it is asked again soon"
            )


class Board:
    """Looks at the desk.

    Args:
        desk: The desk.
        patience: Seconds in which a venue must answer.
    """

    def __init__(self, desk: Desk, *, patience: float = PATIENCE) -> None:
        self._desk = desk
        markets = desk.markets
        self._ears = [
            Ear(name, venue, clock=markets.clock, quote=markets.quote, patience=patience)
            for name, venue in markets.venues.items()
        ]

    def mark(self) -> Hashable:
        """Return what a look rests on; when it changes, another look is worth it.

        That is company time, how the venues answer, and what became of the last orders, whichever process sent them.
        """
        failing = tuple((ear.has_failed, ear.is_left_alone) for ear in self._ears)
        orders = tuple((key, row["status"], row.get("filled")) for key, row in self._desk.newest_orders(WATCHED))
        return int(self._desk.markets.clock.now().timestamp()) // EVERY, failing, orders

    async def look(self) -> Look:
        """Listen to all venues at once, each within its time limit, and return the picture."""
        heard = await asyncio.gather(*(ear.listen(self._desk.read_until) for ear in self._ears))
        return Look(self._desk, self._ears, heard)

    def curve_mark(self) -> Hashable:
        """Return what changes when the curve does."""
        last = self._desk.curve.last()
        return last and (last.at, last.equity)

    def curve(self, most: int) -> CurveReport:
        """Return the equity curve as the desk marked it, at most `most` points (2 or more) spread evenly."""
        return CurveReport(quote=self._desk.markets.quote, points=sampled(self._desk.curve.points(), most))


def _placed_at(venue: str, raw: Json) -> datetime:
    return datetime.fromtimestamp(float(number(raw, "timestamp", f"{venue} order {raw['id']!r}")) / 1000, UTC)
