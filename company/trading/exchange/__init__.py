"""An exchange with many accounts: the one place where paper orders match, fill and settle.

It is the same for the paper world, for the HTTP door and for a backtest. It knows no clock, no network and no world:
who uses it says what time it is, where the records are kept (`Books`) and who else trades (`Liquidity`: quotes that
rest during a bar, and the flow of the bars that are over).

    listed = {"BTC/USDT": Instrument("BTC/USDT", tick=Decimal("0.01"), step=Decimal("0.00001"))}
    fee = Decimal("0.001")
    exchange = Exchange("paper-x", PlainBooks(), listed, liquidity, maker_fee=fee, taker_fee=fee)
    exchange.open("alice", {"USDT": Decimal(100_000)}, at)             # once; an account is known by its name
    exchange.settle(at)                                                 # match what rests with the bars that are over
    order = exchange.place("alice", Request("BTC/USDT", "buy", "limit", Decimal("0.1"), Decimal("60000")), at)
    stop = Request("BTC/USDT", "sell", "market", Decimal("0.1"), trigger=Decimal("57000"), when="stop")
    exchange.place("alice", stop, at)
    exchange.replace("alice", order.id, Request("BTC/USDT", "buy", "limit", Decimal("0.1"), Decimal("61000")), at)
    exchange.account("alice").balances()                                # by asset: free and used
    for change in exchange.changes(after=0):                            # every change of every account, numbered
        print(change.number, change.account, change.order, change.what, change.trades)

`ExchangeVenue(exchange, clock, "alice")` shows one account in ccxt's unified shapes. `PlainBooks` are the books of a
simulation; any other `Books` keep everything over a restart, each change in one transaction.

Every method takes `at`, the aware time now, and expects that `settle(at)` was called with it first.
"""

from company.trading.exchange.account import OWN, Account
from company.trading.exchange.exchange import Exchange
from company.trading.exchange.liquidity import PARTICIPATION, Bar, Liquidity, Quote, Taker, flow
from company.trading.exchange.orders import Balance, Change, Order, Request, Trade
from company.trading.exchange.plain import PlainBooks
from company.trading.exchange.venue import ExchangeVenue
from company.trading.matching import Instrument, Refused

__all__ = [
    "OWN",
    "PARTICIPATION",
    "Account",
    "Balance",
    "Bar",
    "Change",
    "Exchange",
    "ExchangeVenue",
    "Instrument",
    "Liquidity",
    "Order",
    "PlainBooks",
    "Quote",
    "Refused",
    "Request",
    "Taker",
    "Trade",
    "flow",
]
