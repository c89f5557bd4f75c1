"""Laws over random markets: what is allowed stays below every cap, what is sized is allowed, exits always are."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import ToolError
from company.trading.risk import EVERYTHING, BookState, Dealt, History, ProposedOrder, Resting, RiskLimits, check
from company.trading.risk.rules import clamp
from tests.trading.risk.books import LIMITS, SYMBOLS, book, buy, history, market, rules, sized

D = Decimal
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
PASTS = [history(seed, together=together, size=size) for seed, together, size in
         [(1, 0.95, 0.02), (2, 0.5, 0.03), (3, 0.85, 0.002), (4, 0.8, 0.05)]]  # fmt: skip
symbols, fractions = st.sampled_from(SYMBOLS), st.decimals("0.01", "1", places=2)
orders = st.lists(st.tuples(symbols, st.decimals("1", "40000", places=2)), min_size=1, max_size=12)
limit_sets = st.builds(
    RiskLimits,
    max_trade_fraction=fractions,
    max_position_fraction=fractions,
    max_gross_fraction=fractions,
    max_correlated_fraction=fractions,
    correlation_threshold=fractions,
    max_var_fraction=fractions,
    max_cvar_fraction=fractions,
    risk_per_trade=fractions,
    kelly_cap=fractions,
    full_edge=fractions,
)
books = st.builds(
    book,
    equity=st.decimals("-100", "200000", places=2),
    drawdown=st.decimals("0", "0.3", places=3),
    held=st.dictionaries(symbols, st.decimals("0", "20000", places=2)),
    pending=st.dictionaries(symbols, st.decimals("0", "5000", places=2)),
    step=st.sampled_from(["normal", "halved", "no_new", "stop"]),
    history=st.sampled_from([None, *PASTS]),
)
asks = {
    "state": books,
    "limits": limit_sets,
    "symbol": symbols,
    "price": st.decimals("0.01", "100000", places=2),
    "volatility": st.decimals("0", "3", places=2),
    "free": st.decimals("0", "100000", places=2),
    "atr": st.none() | st.decimals("0.01", "1000", places=2),
}
convictions = st.decimals("0", "1", places=3)


def bought(state: BookState, symbol: str, notional: Decimal) -> BookState:
    values = {**state.notionals, symbol: state.notionals.get(symbol, D(0)) + notional}
    return book(state.equity, held=values, history=state.history)


def assert_below_every_cap(state: BookState, limits: RiskLimits) -> None:
    equity, values, past = state.equity, state.exposures(), state.history
    assert all(value <= equity * limits.max_position_fraction for value in values.values())
    assert state.gross <= equity * limits.max_gross_fraction
    slack = 1 + 1e-9  # of floats
    for symbol in (name for name, value in values.items() if value):
        together = past.correlated(symbol, values, limits.correlation_threshold)
        assert together <= float(equity * limits.max_correlated_fraction) * slack
    var, cvar = past.at_risk(values)
    assert var <= float(equity * limits.max_var_fraction) * slack
    assert cvar <= float(equity * limits.max_cvar_fraction) * slack


@settings(max_examples=1_000)
@given(orders=orders, past=st.sampled_from(PASTS), limits=limit_sets | st.just(LIMITS))
def test_no_sequence_of_allowed_orders_ends_above_any_cap(orders, past, limits):
    state = book(100_000, history=past)
    for symbol, notional in orders:
        order = buy(notional, symbol)
        if not check(order, state, limits):
            assert order.notional <= state.equity * limits.max_trade_fraction
            state = bought(state, symbol, order.notional)
            assert_below_every_cap(state, limits)


@given(conviction=convictions, **asks)
def test_what_sizing_approves_the_check_allows_with_its_stop(
    conviction, state, limits, symbol, price, volatility, free, atr
):
    sizing = sized(
        state, conviction, symbol=symbol, limits=limits, price=price, volatility=volatility, free=free, atr=atr
    )

    if sizing.approved:
        order = ProposedOrder(symbol, "buy", sizing.quantity, price, sizing.stop, is_market=True)
        assert check(order, state, limits) == []
        if atr is not None:
            lost = sizing.quantity * (price - (sizing.stop or 0))
            assert lost <= state.equity * limits.risk_per_trade


@given(low=convictions, high=convictions, side=st.sampled_from(["buy", "sell"]), **asks)
def test_a_higher_conviction_never_gets_less(low, high, side, state, limits, symbol, price, volatility, free, atr):
    low, high = sorted([low, high])
    given = {"symbol": symbol, "side": side, "limits": limits, "price": price, "volatility": volatility, "free": free}

    less, more = (sized(state, conviction, atr=atr, **given) for conviction in (low, high))

    assert less.quantity <= more.quantity


@given(part=st.decimals("0", "1", places=2), state=books, symbol=symbols)
def test_an_exit_is_allowed_at_every_step_latched_paused_restricted_and_beside_own_orders(part, state, symbol):
    hindered = BookState(
        state.equity, state.day_equity, state.drawdown, state.notionals, state.held, state.pending,
        step="stop", deepest=D("0.5"), history=state.history,
        paused={EVERYTHING: clamp("risk.pause", 0, 1), symbol: clamp("risk.anomaly_move", 12, 40)},
        resting=[Resting("a", symbol, "buy", D(100))], dealt=[Dealt(symbol, "buy", D(100), NOW)], at=NOW,
    )  # fmt: skip
    limits = RiskLimits(restricted=(symbol,))

    assert check(ProposedOrder(symbol, "sell", state.held.get(symbol, D(0)) * part, D(100)), hindered, limits) == []
    if state.held.get(symbol, D(0)) > 1:
        assert sized(hindered, "1", symbol=symbol, side="sell", limits=limits).approved


BAD = ["NaN", "Infinity", "-Infinity", "-1"]


@pytest.mark.parametrize("number", BAD)
@pytest.mark.parametrize("field", ["notionals", "held", "pending"])
def test_a_book_that_cannot_be_right_lets_nobody_buy(field, number):
    broken = BookState(D(1000), D(1000), D(0), **{field: {"ETH/USDT": D(number)}})

    for ask in (lambda: check(buy(10), broken, LIMITS), lambda: sized(broken)):
        with pytest.raises(ToolError, match=f"{field} of ETH/USDT of the book is"):
            ask()


@pytest.mark.parametrize("number", BAD[:3])
@pytest.mark.parametrize("field", ["equity", "day_equity", "drawdown"])
def test_a_book_whose_worth_is_no_number_lets_nobody_buy(field, number):
    broken = BookState(**{"equity": D(1000), "day_equity": D(1000), "drawdown": D(0), field: D(number)})

    with pytest.raises(ToolError, match=f"{field} of the book is"):
        check(buy(10), broken, LIMITS)


@pytest.mark.parametrize("number", BAD)
@pytest.mark.parametrize("field", ["quantity", "price", "stop"])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_order_that_cannot_be_right_is_refused(field, number, side):
    given = {"quantity": D(1), "price": D(100), "stop": D(95), field: D(number)}

    with pytest.raises(ToolError, match=f"{field} of the order is"):
        ProposedOrder("BTC/USDT", side, **given)


def test_a_stop_above_the_price_of_a_buy_is_refused():
    with pytest.raises(ToolError, match="the stop of a buy lies below its price"):
        buy(100, stop=100)


@pytest.mark.parametrize("number", BAD)
@pytest.mark.parametrize("field", ["conviction", "price", "free", "at_most", "volatility", "atr"])
def test_a_request_that_cannot_be_right_is_refused(field, number):
    with pytest.raises(ToolError, match=r"must be|must not be|from 0 to 1"):
        sized(book(), **{field: D(number)})


@pytest.mark.parametrize("number", BAD)
def test_an_exit_from_a_holding_that_is_no_number_is_refused(number):
    broken = BookState(D(1000), D(1000), D(0), held={"BTC/USDT": D(number)})

    with pytest.raises(ToolError, match="held of BTC/USDT"):
        check(ProposedOrder("BTC/USDT", "sell", D(1), D(100)), broken, LIMITS)


def test_a_symbol_without_a_past_is_not_bought():
    state = book(history=history(symbols=("ETH/USDT",)))

    assert rules(check(buy(100), state, LIMITS)) == ["risk.history"]
    assert rules(sized(state).clamps) == ["risk.history"]
    assert isinstance(state.history, History)
    assert market().symbol not in state.history
