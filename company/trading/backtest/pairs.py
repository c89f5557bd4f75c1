"""Arbitrage over the candles of two exchanges: both legs at once, at the opens that follow.

At the close of a bar that both exchanges have, a book is drawn around each close as one is drawn around an open (see
`tape`), and the strategy looks at both. What it plans is sent when the next bars open: two limit orders that trade at
once or are dropped, and nothing when one exchange has a hole there. Legs that fill unevenly are settled by the
strategies' own rule (`legs.decide`): a small rest is held, a larger one undone at the market.

Each account opens with half of the cash, a twenty-fifth of it as inventory, because what is sold has to be there
already. Inventory counts at the first price for the whole time, so the curve shows what arbitrage earned, not what the
coin did. Nothing is moved between the exchanges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np

from company.errors import InsufficientFunds, UsageError
from company.ports import decimal_of
from company.trading import risk
from company.trading.backtest.lane import market_of
from company.trading.backtest.loop import ACCOUNT, Found
from company.trading.backtest.marks import Marks, Standing
from company.trading.backtest.outcome import outcome, row_of
from company.trading.backtest.result import ClampRow, FillRow, Result, Terms
from company.trading.backtest.tape import Tape
from company.trading.backtest.timeline import Timeline, moment
from company.trading.exchange import Exchange, PlainBooks, Refused, Request, Trade
from company.trading.exchange.orders import OrderType
from company.trading.features import Bars
from company.trading.figures import significant, whole_steps
from company.trading.markets import Market
from company.trading.matching import Side
from company.trading.risk import BookState, Clamp, ProposedOrder, RiskLimits
from company.trading.strategies import Arbitrage, TwoLegs, VenueBook
from company.trading.strategies.legs import Leg, decide

INVENTORY = Decimal("0.04")
_ZERO = Decimal(0)


def over_pair(
    strategy: Arbitrage, histories: Sequence[Bars], *, terms: Terms, limits: RiskLimits, source: str
) -> Result:
    """Backtest arbitrage between two exchanges.

    Args:
        strategy: Finds the plans.
        histories: The same symbol's bars at each exchange, of one timeframe.
        terms: What trading costs; the cash is shared out.
        limits: The limits of a plan.
        source: Where the bars came from.

    Raises:
        UsageError: There are not two histories of one symbol, or they do not overlap.
    """
    if len(histories) != 2 or len({bars.symbol for bars in histories}) != 1:
        named = ", ".join(f"{bars.symbol} from {bars.source}" for bars in histories)
        raise UsageError(
            f"arbitrage was given {named}", where="--data", cure="give two files with the same symbol's bars"
        )
    if not np.isin(histories[0].times, histories[1].times).any():
        raise UsageError("the bars of the two exchanges do not overlap", where="--data", cure="give the same days")
    books = PlainBooks()
    base = decimal_of(float(histories[0].opens[0]))
    names = [histories[0].source, histories[1].source + " (2)" * (histories[0].source == histories[1].source)]
    stalls = [_Stall.opened(name, bars, books, terms, base) for name, bars in zip(names, histories, strict=True)]
    pairs = _Pairs(strategy, stalls, terms, limits)
    found = pairs.run()
    fills = pairs.fills
    return outcome(strategy=strategy.name, source=source, histories=histories, terms=terms, found=found, fills=fills)


@dataclass(slots=True)
class _Stall:
    """One exchange, and what the company has there; inventory counts at `base`, the same at both."""

    bars: Bars
    tape: Tape
    exchange: Exchange
    market: Market
    base: Decimal
    cash: Decimal
    held: Decimal
    trades: list[Trade] = field(default_factory=list)

    @classmethod
    def opened(cls, name: str, bars: Bars, books: PlainBooks, terms: Terms, base: Decimal) -> "_Stall":
        tape = Tape([bars], terms.half_spread)
        exchange = Exchange(name, books, tape.instruments, tape, maker_fee=terms.maker_fee, taker_fee=terms.taker_fee)
        market = market_of(exchange, bars.symbol)
        held = whole_steps(terms.cash / 2 * INVENTORY / base, market.step)
        cash = terms.cash / 2 - held * base
        exchange.open(ACCOUNT, {bars.symbol.partition("/")[2]: cash, market.base: held}, moment(int(bars.times[0])))
        return cls(bars, tape, exchange, market, base, cash, held)

    def book(self, bar: int) -> VenueBook:
        """Return the book around the close of a bar."""
        levels = self.tape.around_close(self.bars.symbol, bar)
        bids, asks = ([(price, amount) for side, price, amount in levels if side == want] for want in ("buy", "sell"))
        return VenueBook(self.market, bids, asks, self.cash, self.held)

    def trade(self, side: Side, amount: Decimal, limit: Decimal | None, at: datetime) -> Leg:
        """Trade at once, up to a limit or at the market."""
        kind: OrderType = "market" if limit is None else "limit"
        request = Request(self.bars.symbol, side, kind, amount, limit, time_in_force="IOC")
        try:
            order = self.exchange.place(ACCOUNT, request, at)
        except (Refused, InsufficientFunds) as refusal:
            return Leg(_ZERO, known=True, why=str(refusal))
        sign = 1 if side == "buy" else -1
        self.held += sign * order.filled
        self.cash -= sign * order.cost + order.fee
        self.trades += self.exchange.account(ACCOUNT).trades_of(order)
        return Leg(order.filled, known=True)

    def taken(self) -> Iterator[tuple[str, Trade]]:
        """Yield the trades since the last call, with the exchange's name."""
        trades, self.trades = self.trades, []
        return ((self.exchange.id, trade) for trade in trades)


class _Pairs:
    """One run over the bars that both exchanges have."""

    def __init__(self, strategy: Arbitrage, stalls: Sequence[_Stall], terms: Terms, limits: RiskLimits) -> None:
        self._strategy, self._stalls, self._limits = strategy, stalls, limits
        self._timeline = Timeline([stall.bars for stall in stalls])
        still = np.tile([float(stall.base) for stall in stalls], (len(self._timeline), 1))
        marks = Marks(self._timeline.closes_at, still, float(terms.cash), limits)
        self._found = Found(self._timeline, marks)
        self.fills: list[FillRow] = []
        self._own(0)

    def run(self) -> Found:
        """Go through all bars; a plan that does not find both opens right after its close is let go."""
        plan: TwoLegs | None = None
        for row, places in self._timeline:
            shared = dict(places) if len(places) == len(self._stalls) else {}
            if plan is not None and shared and self._follows(shared):
                self._execute(row, plan, moment(int(self._stalls[0].bars.times[shared[0]])))
            plan = self._plan(row, shared) if shared else None
        self._found.marks.at(len(self._timeline) - 1)
        return self._found

    def _follows(self, shared: dict[int, int]) -> bool:
        """True when no bar is missing before these."""
        return all(not self._stalls[number].bars.missing[bar] for number, bar in shared.items())

    def _plan(self, row: int, shared: dict[int, int]) -> TwoLegs | None:
        plan = self._strategy([self._stalls[number].book(bar) for number, bar in shared.items()])
        if plan is None:
            return None
        self._found.signals += 1
        denied = self._denied(plan, self._found.marks.at(row), self._timeline.at(row))
        self._found.clamps += [
            ClampRow(at=self._timeline.at(row), symbol=plan.symbol, side="buy", denied=True, **dict(clamp))
            for clamp in denied
        ]
        return None if denied else plan

    def _denied(self, plan: TwoLegs, standing: Standing, at: datetime) -> list[Clamp]:
        """Return the rules the purchase would break if it alone filled, the worst that can happen."""
        held = sum((stall.held for stall in self._stalls), _ZERO)
        state = BookState(
            equity=decimal_of(standing.equity),
            day_equity=decimal_of(standing.day_equity),
            drawdown=decimal_of(standing.drawdown),
            notionals={plan.symbol: held * plan.buy_limit},
            held={plan.symbol: held},
            step=standing.step,
            deepest=decimal_of(standing.deepest),
            at=at,
        )
        return risk.check(ProposedOrder(plan.symbol, "buy", plan.quantity, plan.buy_limit), state, self._limits)

    def _execute(self, row: int, plan: TwoLegs, at: datetime) -> None:
        """Send both legs, settle what is left uneven, and book what the pair came to."""
        by_name = {stall.exchange.id: stall for stall in self._stalls}
        buyer, seller = by_name[plan.buy], by_name[plan.sell]
        before = sum((stall.cash + stall.held * stall.base for stall in self._stalls), _ZERO)
        bought = buyer.trade("buy", plan.quantity, plan.buy_limit, at)
        sold = seller.trade("sell", plan.quantity, plan.sell_limit, at)
        if decide(plan, bought, sold) == "unwind":
            surplus = bought.filled - sold.filled
            if surplus > 0:
                buyer.trade("sell", surplus, None, at)
            else:
                seller.trade("buy", -surplus, None, at)
        self._found.unfilled += (not bought.filled) + (not sold.filled)
        earned = sum((stall.cash + stall.held * stall.base for stall in self._stalls), _ZERO) - before
        reason = f"buy at {plan.buy}, sell at {plan.sell}, {plan.edge_bps:f} bp after fees"
        taken = [pair for stall in self._stalls for pair in stall.taken()]
        self.fills += [
            row_of(venue, trade, reason, significant(earned, 8) if place == len(taken) else None)
            for place, (venue, trade) in enumerate(taken, 1)
        ]
        self._own(row)

    def _own(self, row: int) -> None:
        cash = sum((stall.cash for stall in self._stalls), _ZERO)
        self._found.marks.own(row, float(cash), [float(stall.held) for stall in self._stalls])
