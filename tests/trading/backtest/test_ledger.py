"""What a backtest says it has is what the exchange's double-entry ledger says."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from company.trading.backtest import ACCOUNT, Terms, over_exchange
from company.trading.backtest.tape import Tape
from company.trading.exchange import Exchange, PlainBooks
from company.trading.risk import RiskLimits
from tests.trading.backtest.scripted import QUIET, Desk, Script

SIDES = st.sampled_from(["buy", "sell"])


@settings(max_examples=15, deadline=None)
@given(wishes=st.dictionaries(st.integers(QUIET, 158), SIDES, max_size=30), seed=st.integers(0, 1000))
def test_law_the_ledger_balances_and_holds_what_the_curve_ends_with(wishes: dict[int, str], seed: int) -> None:
    bars, terms = Desk().walk(160, seed=seed), Terms()
    tape = Tape([bars], terms.half_spread)
    fees = {"maker_fee": terms.maker_fee, "taker_fee": terms.taker_fee}
    exchange = Exchange("law", PlainBooks(), tape.instruments, tape, **fees)  # type: ignore[arg-type]

    script = Script(wishes)  # type: ignore[arg-type]
    result = over_exchange(
        "script", lambda _frame: script, [bars], exchange, terms=terms, limits=RiskLimits(), source="law"
    )

    exchange.ledger.verify()
    balances = exchange.account(ACCOUNT).balances()
    held = balances["BTC"].free if "BTC" in balances else Decimal(0)
    worth = balances["USDT"].free + held * Decimal(str(bars.closes[-1]))
    assert result.equity == round(worth, 2)
    assert result.measures.fees == round(exchange.ledger.balance("fees", "USDT"), 2)
