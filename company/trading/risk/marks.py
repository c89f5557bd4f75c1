"""What is remembered of the equity, and the ladder of drawdown steps that rests on it.

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

    Money moved in or out of the accounts is not told apart from profit.

    Attributes:
        day: UTC day of the last mark.
        day_equity: Equity the day started with: the last mark before it, or the first one ever.
        equity: The last mark.
        peak: Highest mark since the desk was last re-armed, or ever.
        peak_at: When the peak was marked.
        deepest: Deepest drawdown since then, as a fraction of the peak of its time.
    """

    day: date
    day_equity: Decimal
    equity: Decimal
    peak: Decimal
    peak_at: datetime
    deepest: Decimal = _ZERO

    @property
    def drawdown(self) -> Decimal:
        """Fall from the peak as a fraction of the peak; 0 at the peak."""
        return 1 - self.equity / self.peak if self.peak > 0 else _ZERO

    @property
    def day_profit(self) -> Decimal:
        """Gain since the day began, in quote units; negative for a loss."""
        return self.equity - self.day_equity

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
        changed |= {"day": today, "day_equity": last.equity}
    if equity > last.peak:
        changed |= {"peak": equity, "peak_at": now}
    elif last.peak > 0 and (fall := 1 - equity / last.peak) > last.deepest:
        changed["deepest"] = fall
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
