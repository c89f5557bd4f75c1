from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from company.errors import UsageError
from company.home import open_store
from company.trading.portfolio import MARKS as PORTFOLIO_MARKS
from company.trading.risk import (
    EVERYTHING,
    MARKS,
    REARMED,
    RiskLimits,
    Standing,
    mark_equity,
    pause,
    resume,
)
from company.trading.risk.rules import clamp
from company.world import MemoryBooks

D = Decimal
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
LIMITS = RiskLimits()
ANN = {"by": "ann", "reason": "looked into it"}


def see(books, *equities, limits=LIMITS):
    """Mark equities an hour apart; the ladder looks after the last one."""
    raw = books.get(MARKS, "equity")
    marks = None if raw is None else type(mark_equity(None, D(1), NOON)).model_validate(raw)
    for hour, equity in enumerate(equities):
        marks = mark_equity(marks, D(equity), NOON + timedelta(hours=hour))
    books.put(MARKS, "equity", marks.model_dump(mode="json"))
    return Standing(books, limits).ladder(NOON)


def test_the_marks_are_those_of_the_portfolio():
    assert MARKS == PORTFOLIO_MARKS


def test_nothing_is_in_force_before_the_first_mark():
    ladder = Standing(MemoryBooks(), LIMITS).ladder(NOON)

    assert (ladder.step, ladder.latch) == ("normal", None)


def test_a_fall_that_nobody_looked_at_latches_all_the_same():
    ladder = see(MemoryBooks(), 100, 84, 130)

    assert ladder.step == "stop"
    assert ladder.latch.drawdown == D("0.16")


def test_the_latch_survives_the_file_being_closed_and_opened_again(tmp_path):
    store = open_store(tmp_path)
    see(store.books("trading"), 100, 84, 100)
    store.close()

    store = open_store(tmp_path)
    assert see(store.books("trading"), 120).step == "stop"
    Standing(store.books("trading"), LIMITS).rearm(now=NOON, **ANN)
    store.close()

    store = open_store(tmp_path)
    assert see(store.books("trading"), 119).step == "normal"
    assert see(store.books("trading"), 101).step == "stop"
    store.close()


def test_neither_a_recovery_nor_other_settings_lift_the_latch():
    books = MemoryBooks()
    see(books, 100, 80)

    assert see(books, 500).step == "stop"
    assert see(books, 501, limits=RiskLimits(drawdown_stop=D("0.9"))).step == "stop"


def test_a_person_re_arms_at_the_equity_of_now_and_it_is_on_record():
    books = MemoryBooks()
    see(books, 100, 80, 82)

    done = Standing(books, LIMITS).rearm(now=NOON, **ANN)

    assert (done.equity, done.latch.drawdown, done.by) == (82, D("0.2"), "ann")
    assert [row["reason"] for _, row in books.items(REARMED)] == ["looked into it"]
    assert see(books, 82).step == "normal"
    assert see(books, 76).step == "halved"


def test_a_latch_that_nobody_saw_fall_is_re_armed_too():
    books = MemoryBooks()
    see(books, 100)
    marks = {**books.get(MARKS, "equity"), "equity": "80", "deepest": "0.2"}
    books.put(MARKS, "equity", marks)

    assert Standing(books, LIMITS).rearm(now=NOON, **ANN).latch.drawdown == D("0.2")


def test_a_desk_that_is_not_stopped_cannot_be_re_armed():
    books = MemoryBooks()
    see(books, 100, 88)

    with pytest.raises(UsageError, match="not stopped by a drawdown"):
        Standing(books, LIMITS).rearm(now=NOON, **ANN)


def test_the_step_is_remembered_between_looks():
    books = MemoryBooks()

    assert see(books, 100, 94).step == "halved"
    assert see(books, D("95.5")).step == "halved"
    assert see(books, D("96.5")).step == "normal"


def test_a_person_pauses_and_resumes_one_symbol_or_all():
    books = MemoryBooks()
    standing = Standing(books, LIMITS)
    pause(books, "BTC/USDT", now=NOON, **ANN)
    pause(books, EVERYTHING, now=NOON, **ANN)

    later = NOON + timedelta(days=400)
    assert [row.symbol for row in standing.pauses(later)] == ["BTC/USDT", EVERYTHING]
    assert {row.rule for row in standing.paused(later).values()} == {"risk.pause"}
    resume(books, EVERYTHING, later)
    assert list(standing.paused(later)) == ["BTC/USDT"]


def test_an_anomaly_pauses_for_the_stated_time():
    standing = Standing(MemoryBooks(), LIMITS)
    why = clamp("risk.anomaly_move", 12, 20)
    standing.shy("BTC/USDT", why, NOON)

    assert standing.paused(NOON + timedelta(minutes=59)) == {"BTC/USDT": why}
    assert standing.paused(NOON + timedelta(minutes=60)) == {}


def test_what_is_not_paused_cannot_be_resumed():
    books = MemoryBooks()
    Standing(books, LIMITS).shy("BTC/USDT", clamp("risk.anomaly_move", 12, 20), NOON)

    with pytest.raises(UsageError, match="'ETH/USDT' is not paused"):
        resume(books, "ETH/USDT", NOON)
    with pytest.raises(UsageError, match="'BTC/USDT' is not paused"):
        resume(books, "BTC/USDT", NOON + timedelta(hours=2))
