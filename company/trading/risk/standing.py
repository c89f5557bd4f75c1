"""What the desk remembers of risk between orders, in its books: the drawdown step, the latch, and what is paused.

The last drawdown step is a latch. It falls when the drawdown of any mark reached `drawdown_stop`, also of one that
nobody looked at before an order, and it stays, whatever the equity does, whatever the settings say later and whichever
process opens the books, until a person re-arms the desk. Re-arming takes the last marked equity as the new peak: with
the old peak the latch would fall again at once. What the peak and the fall were stays in the books.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import AwareDatetime

from company.errors import UsageError
from company.ports import Books
from company.trading.figures import Figure, Report
from company.trading.risk.book import EVERYTHING
from company.trading.risk.limits import RiskLimits
from company.trading.risk.marks import MARKS, DrawdownStep, EquityMarks, next_step
from company.trading.risk.rules import Clamp, clamp

STANDING: Final = "trading.risk"
PAUSES: Final = "trading.risk.pause"
REARMED: Final = "trading.risk.rearmed"


class Latch(Report):
    """Why the desk only exits: the drawdown that did it, the equity then, and the peak it fell from, in quote units."""

    at: AwareDatetime
    drawdown: Figure
    equity: Figure
    peak: Figure


class Ladder(Report):
    """The drawdown step in force since a moment of company time, and the latch when it has fallen."""

    step: DrawdownStep = "normal"
    since: AwareDatetime | None = None
    latch: Latch | None = None
    deepest: Figure = Decimal(0)


class Pause(Report):
    """Why nothing of a symbol is bought.

    Attributes:
        symbol: Unified name; `*` is all of them.
        why: The rule, its limit and what was observed.
        by: The person; empty for an anomaly.
        reason: In words.
        at: Since when, company time.
        until: When it ends by itself; None when a person must resume.
    """

    symbol: str
    why: Clamp
    by: str
    reason: str
    at: AwareDatetime
    until: AwareDatetime | None


class Rearming(Report):
    """What re-arming the desk ended: the latch, and the equity that is the peak from now on."""

    latch: Latch
    equity: Figure
    by: str
    reason: str
    at: AwareDatetime


class Standing:
    """Reads and moves what is remembered of risk.

    Args:
        books: The desk's books.
        limits: For the steps of the ladder, and how long an anomaly pauses.
    """

    def __init__(self, books: Books, limits: RiskLimits) -> None:
        self._books, self._limits = books, limits

    def ladder(self, now: datetime) -> Ladder:
        """Return the step in force after the last mark, and remember it."""
        marks, last = _marks(self._books), _ladder(self._books)
        if marks is None:
            return last
        latch = last.latch or self._latched(marks, now)
        step = next_step("stop" if latch else _open(last.step), marks.drawdown, self._limits)
        since = last.since if step == last.step else now
        found = Ladder(step=step, since=since, latch=latch, deepest=marks.deepest)
        if found != last:
            self._books.put(STANDING, "ladder", found.model_dump(mode="json"))
        return found

    def pauses(self, now: datetime) -> list[Pause]:
        """Return what is paused now, in the order it was paused."""
        found = (Pause.model_validate(document) for _, document in self._books.items(PAUSES))
        return [pause for pause in found if pause.until is None or pause.until > now]

    def paused(self, now: datetime) -> Mapping[str, Clamp]:
        """Return the rules under which symbols are paused now."""
        return {pause.symbol: pause.why for pause in self.pauses(now)}

    def shy(self, symbol: str, why: Clamp, now: datetime) -> None:
        """Pause entries in a symbol because of what its market did."""
        until = now + self._limits.anomaly_pause
        _put(self._books, Pause(symbol=symbol, why=why, by="", reason=str(why), at=now, until=until))

    def rearm(self, *, by: str, reason: str, now: datetime) -> Rearming:
        """Let a desk open positions again that a drawdown had stopped; its last equity is the new peak.

        Args:
            by: The person.
            reason: Why.
            now: Company time.

        Raises:
            UsageError: It is not stopped.
        """
        books = self._books
        with books.transaction():
            marks, latch = _marks(books), self.ladder(now).latch
            if marks is None or latch is None:
                raise UsageError("the desk is not stopped by a drawdown", cure="company risk shows how it stands")
            done = Rearming(latch=latch, equity=marks.equity, by=by, reason=reason, at=now)
            books.put(MARKS, "equity", marks.rearmed(now).model_dump(mode="json"))
            books.put(STANDING, "ladder", Ladder(since=now).model_dump(mode="json"))
            books.put(REARMED, str(books.next_number(REARMED)), done.model_dump(mode="json"))
        return done

    def _latched(self, marks: EquityMarks, now: datetime) -> Latch | None:
        drawdown = max(marks.deepest, marks.drawdown)
        if drawdown < self._limits.drawdown_stop:
            return None
        return Latch(at=now, drawdown=drawdown, equity=marks.equity, peak=marks.peak)


def pause(books: Books, symbol: str, *, by: str, reason: str, now: datetime) -> Pause:
    """Stop entries in a symbol, or with `*` in all, until a person resumes.

    Args:
        books: The desk's books.
        symbol: Unified name, or `*`.
        by: The person.
        reason: Why.
        now: Company time.
    """
    found = Pause(symbol=symbol, why=clamp("risk.pause", 0, 1), by=by, reason=reason, at=now, until=None)
    _put(books, found)
    return found


def resume(books: Books, symbol: str, now: datetime) -> Pause:
    """End the pause of a symbol, or with `*` the one of all, whoever made it.

    Raises:
        UsageError: It is not paused.
    """
    with books.transaction():
        document = books.get(PAUSES, symbol)
        found = None if document is None else Pause.model_validate(document)
        if found is None or (found.until is not None and found.until <= now):
            name = "everything" if symbol == EVERYTHING else repr(symbol)
            raise UsageError(f"{name} is not paused", cure="company risk lists what is")
        books.delete(PAUSES, symbol)
    return found


def _put(books: Books, found: Pause) -> None:
    books.put(PAUSES, found.symbol, found.model_dump(mode="json"))


def _open(step: DrawdownStep) -> DrawdownStep:
    """A step without its latch; `stop` without one is a ladder that was just re-armed elsewhere."""
    return "normal" if step == "stop" else step


def _ladder(books: Books) -> Ladder:
    document = books.get(STANDING, "ladder")
    return Ladder() if document is None else Ladder.model_validate(document)


def _marks(books: Books) -> EquityMarks | None:
    document = books.get(MARKS, "equity")
    return None if document is None else EquityMarks.model_validate(document)
