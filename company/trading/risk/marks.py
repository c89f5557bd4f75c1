"""What is remembered of the equity, and the ladder of drawdown steps that rests on it.

Money that comes or goes without a trade is no result. When it does, peak and the day's beginning are scaled by the
equity after over the equity before, as a fund does with the value of its shares (CFA Institute, Global Investment
Performance Standards 2020, time-weighted return): a deposit neither lifts the peak nor makes a drawdown look smaller, a
withdrawal is no loss.

The ladder has three steps. A step is entered as soon as the drawdown reaches it. The first two are left when the
drawdown has fallen `drawdown_release` below them, so that an equity that trembles at a step does not switch sizes back
and forth. The last one is not left at all: a person re-arms the desk (`company.trading.risk.standing`).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from company.errors import ToolError
from company.trading.figures import Report
from company.trading.risk.limits import RiskLimits

MARKS: Final = "trading.marks"
"""Kind of the document in the desk's books; its key is `equity`."""

DrawdownStep = Literal["normal", "halved", "no_new", "stop"]
_STEPS: Final[tuple[DrawdownStep, ...]] = ("normal", "halved", "no_new", "stop")
_ZERO = Decimal(0)


class EquityMarks(Report):
    """What is remembered of the equity, to tell drawdown and the day's result.

    Attributes:
        day: UTC day of the last mark.
        day_equity: Equity the day started with: the last mark before it, or the first one ever; scaled by what was
            moved in or out since.
        equity: The last mark.
        peak: Highest mark since the desk was last re-armed, or ever, scaled likewise.
        peak_at: When the peak was marked.
        deepest: Deepest drawdown since then, as a fraction of the peak of its time.
        day_moved: What was moved in or out today less what that scaled the day's beginning by, in quote units.
    """

    day: date
    day_equity: Decimal
    equity: Decimal
    peak: Decimal
    peak_at: datetime
    deepest: Decimal = _ZERO
    day_moved: Decimal = _ZERO

    @property
    def drawdown(self) -> Decimal:
        """Fall from the peak as a fraction of the peak; 0 at the peak."""
        return 1 - self.equity / self.peak if self.peak > 0 else _ZERO

    @property
    def day_profit(self) -> Decimal:
        """Gain since the day began, in quote units; negative for a loss."""
        return self.equity - self.day_equity - self.day_moved

    @property
    def day_return(self) -> Decimal:
        """Gain since the day began as a fraction, what was moved in or out left out."""
        return self.equity / self.day_equity - 1 if self.day_equity > 0 else _ZERO

    def rearmed(self, now: datetime) -> "EquityMarks":
        """Return the marks of a desk that begins anew at its last equity: that is the peak, and nothing has fallen."""
        return self.model_copy(update={"peak": self.equity, "peak_at": now, "deepest": _ZERO})


def mark_equity(last: EquityMarks | None, equity: Decimal, now: datetime) -> EquityMarks:
    """Return the marks after seeing `equity` at `now`; the peak never falls.

    Raises:
        ToolError: The equity is not finite.
    """
    if not equity.is_finite():
        raise ToolError(f"equity is {equity}: a balance or a price of a venue is no number; nothing is marked")
    today = now.date()
    if last is None:
        return EquityMarks(day=today, day_equity=equity, equity=equity, peak=equity, peak_at=now)
    changed: dict[str, object] = {"equity": equity}
    if today != last.day:
        changed |= {"day": today, "day_equity": last.equity, "day_moved": _ZERO}
    if equity > last.peak:
        changed |= {"peak": equity, "peak_at": now}
    elif last.peak > 0 and (fall := 1 - equity / last.peak) > last.deepest:
        changed["deepest"] = fall
    return last.model_copy(update=changed)


def flow_factor(equity: Decimal, flow: Decimal) -> Decimal | None:
    """Return the equity after a flow over the one before it; None when there was nothing before, or nothing is left.

    Args:
        equity: After it, in quote units.
        flow: What came in; negative when it went out.
    """
    before = equity - flow
    return equity / before if before > 0 and equity > 0 else None


def moved_equity(last: EquityMarks, equity: Decimal, flow: Decimal, now: datetime) -> EquityMarks:
    """Return the marks after money came in or went out without a trade.

    The last mark may have been made before the money moved or after; the one that is nearer to the equity now is taken
    to be true. A mark that has the money already, and is the peak, stays the peak.

    Args:
        last: The marks before the flow was known.
        equity: Now, with the flow, in quote units.
        flow: What came in; negative when it went out.
        now: Company time.
    """
    factor = flow_factor(equity, flow)
    if factor is None:
        return last.model_copy(update={"equity": equity, "day_equity": equity, "peak": equity, "peak_at": now})
    day_equity = last.day_equity * factor
    moved = last.day_moved + flow - (day_equity - last.day_equity)
    changed: dict[str, object] = {"day_equity": day_equity, "day_moved": moved}
    has_moved = abs(last.equity - equity) < abs(last.equity + flow - equity)
    if not has_moved:
        changed["equity"] = last.equity * factor
    if not (has_moved and last.peak == last.equity):
        changed["peak"] = last.peak * factor
    return last.model_copy(update=changed)


def drawdown_step(drawdown: Decimal, limits: RiskLimits) -> DrawdownStep:
    """Return the step that a drawdown enters, whatever was before."""
    if drawdown >= limits.drawdown_stop:
        return "stop"
    if drawdown >= limits.drawdown_no_new:
        return "no_new"
    return "halved" if drawdown >= limits.drawdown_halved else "normal"


def worse(one: DrawdownStep, other: DrawdownStep) -> DrawdownStep:
    """Return the stricter of two steps."""
    return max(one, other, key=_STEPS.index)


def next_step(last: DrawdownStep, drawdown: Decimal, limits: RiskLimits) -> DrawdownStep:
    """Return the step in force after a drawdown was seen.

    Args:
        last: The step in force before.
        drawdown: Fall from the peak as a fraction of the peak.
        limits: For the steps, and how far below one the drawdown must fall to leave it.

    Returns:
        The step that the drawdown enters, or an earlier one that it has not left yet; `stop` is never left.
    """
    entered = drawdown_step(drawdown, limits)
    if last == "stop" or entered == "stop":
        return "stop"
    held = drawdown_step(min(drawdown + limits.drawdown_release, limits.drawdown_no_new), limits)
    return worse(entered, min(last, held, key=_STEPS.index))
