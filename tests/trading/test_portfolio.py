import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from company.trading import Desk, RiskLimits
from company.world import START, MemoryBooks, VirtualClock

D = Decimal
CENTS = D("0.03")  # three rounded figures


async def explained(desk, opening):
    """Net profit explains the change of equity to the cent."""
    result = await desk.profit_and_loss()
    return abs(result.equity - opening - result.net) <= CENTS


async def test_inventory_found_at_first_sight_costs_its_mark(office):
    [position] = await office.desk.positions()

    assert (position.symbol, position.quantity) == ("BTC/USDT", D("0.15"))
    assert (position.unrealised, position.realised, position.fees) == (0, 0, 0)
    assert position.venues == {"paper-a": D("0.05"), "paper-b": D("0.05"), "paper-c": D("0.05")}


async def test_a_new_desk_has_earned_nothing(office):
    result = await office.desk.profit_and_loss()

    assert (result.net, result.day, result.drawdown_percent) == (0, 0, 0)
    assert result.equity == result.peak
    assert result.since == office.clock.now()


async def test_balances_add_up_to_the_equity(office):
    await office.desk.place("SOL", "buy", 20, key="k", reason="test")

    balances = await office.desk.balances()

    assert abs(sum(balance.value for balance in balances) - (await office.desk.profit_and_loss()).equity) < 1


async def test_buying_costs_fee_and_spread(office):
    opening = (await office.desk.profit_and_loss()).equity
    report = await office.desk.place("ETH", "buy", 2, key="k", reason="test")

    result = await office.desk.profit_and_loss()

    assert result.fees == report.fee.quantize(D("0.01"))
    assert result.unrealised < 0
    assert await explained(office.desk, opening)


async def test_the_market_moves_unrealised_profit_and_selling_realises_it(office):
    opening = (await office.desk.profit_and_loss()).equity
    await office.desk.place("ETH", "buy", 4, key="k1", reason="test")
    office.pass_time(hours=30)
    held = next(row for row in await office.desk.positions() if row.symbol == "ETH/USDT")
    await office.desk.place("ETH", "sell", 4, key="k2", reason="test")

    result = await office.desk.profit_and_loss()

    assert held.unrealised != 0
    assert result.realised == pytest.approx(held.unrealised, abs=5)  # the spread lies between mark and sale
    assert "ETH/USDT" not in [row.symbol for row in await office.desk.positions()]
    assert await explained(office.desk, opening)


async def test_a_restarted_desk_goes_on_with_the_same_figures(office):
    await office.desk.place("SOL", "buy", 30, key="k1", reason="test")
    office.pass_time(hours=5)
    await office.desk.place("SOL", "sell", 10, key="k2", reason="test")
    before = await office.desk.profit_and_loss(), await office.desk.positions()

    desk = office.reopen()

    assert (await desk.profit_and_loss(), await desk.positions()) == before


async def test_trades_made_between_two_readings_are_booked_once(office):
    opening = (await office.desk.profit_and_loss()).equity
    for number in range(6):
        await office.desk.place("XRP", "buy", 500, key=f"k{number}", reason="test")
        if number % 2:
            office.pass_time(minutes=10)
        await office.desk.positions()

    [position, _] = sorted(await office.desk.positions(), key=lambda row: row.symbol != "XRP/USDT")
    assert position.quantity == 3000
    assert await explained(office.desk, opening)


async def test_readings_at_the_same_time_book_a_trade_once(office):
    await office.desk.positions()
    await office.desk.place("SOL", "buy", 30, key="k", reason="test")

    await asyncio.gather(*(office.desk.profit_and_loss() for _ in range(4)))

    position = next(row for row in await office.desk.positions() if row.symbol == "SOL/USDT")
    assert position.quantity == 30
    assert position.fees > 0


async def test_a_resting_order_that_fills_later_is_booked_with_its_maker_fee(office):
    opening = (await office.desk.profit_and_loss()).equity
    price = (await office.desk.ticker("SOL")).best_bid * D("0.999")
    report = await office.desk.place("SOL", "buy", 5, key="k", reason="dip", type="limit", price=price, venue="paper-c")
    for _ in range(48):
        office.pass_time(hours=1)
        if not await office.desk.open_orders():
            break

    position = next(row for row in await office.desk.positions() if row.symbol == "SOL/USDT")
    assert report.status == "open"
    assert position.average_cost == pytest.approx(report.price, rel=D("1e-4"))
    assert position.fees == pytest.approx(5 * report.price * D("0.0002"), abs=D("0.01"))
    assert await explained(office.desk, opening)


async def test_the_day_starts_anew_at_midnight(office):
    await office.desk.profit_and_loss()
    await office.desk.place("ETH", "buy", 4, key="k", reason="test")
    evening = await office.desk.profit_and_loss()
    office.pass_time(hours=24)

    morning = await office.desk.profit_and_loss()

    assert morning.day == pytest.approx(morning.equity - evening.equity, abs=CENTS)


class Vault:
    """A ccxt-like venue whose account a test sets by hand."""

    def __init__(self):
        self.id = "vault"
        self.total = {"USDT": 1000.0, "BTC": 2.0, "DUST": 5.0, "NONE": None}
        self.price = 100.0
        self.trades, self.meanwhile = [], []

    async def load_markets(self, reload=False):
        return {
            f"{base}/USDT": {"symbol": f"{base}/USDT", "base": base, "quote": "USDT", "taker": 0.001}
            for base in ("BTC", "BNB")
        }

    async def fetch_ticker(self, symbol):
        return {"bid": self.price, "ask": self.price}

    async def fetch_balance(self):
        return {"total": self.total, "free": dict.fromkeys(self.total)}

    async def fetch_open_orders(self, symbol=None, since=None, limit=None):
        return []

    async def fetch_my_trades(self, symbol=None, since=None, limit=None):
        await asyncio.sleep(0)  # as a network does: others run before the answer is here
        page = [trade for trade in self.trades if trade["symbol"] == symbol and trade["timestamp"] >= since][:2]
        while self.meanwhile:  # after this answer was made
            self.meanwhile.pop()()
        return page


@pytest.fixture
def vault():
    venue = Vault()
    venue.clock = VirtualClock(START)
    books = MemoryBooks()
    venue.desk, venue.other = (
        Desk(venues={"vault": venue}, clock=venue.clock, books=books, limits=RiskLimits()) for _ in range(2)
    )
    return venue


def later(vault, *, price, held):
    vault.clock.advance_to(vault.clock.now() + timedelta(hours=1))
    vault.price, vault.total["BTC"] = price, held


def bought(vault, number, quantity, price, **fee):
    """Book a purchase on the vault as the exchange would."""
    at = int(vault.clock.now().timestamp() * 1000)
    vault.trades.append(
        {"id": str(number), "timestamp": at, "symbol": "BTC/USDT", "side": "buy", "amount": quantity, "price": price,
         "fee": fee or None}
    )  # fmt: skip
    vault.total["BTC"] += quantity
    vault.total["USDT"] -= quantity * price


async def test_a_currency_that_no_venue_quotes_is_named_and_counts_nothing(vault):
    result = await vault.desk.profit_and_loss()

    assert result.unpriced == ["DUST"]
    assert result.equity == 1200


async def test_trades_older_than_the_books_do_not_count(vault):
    bought(vault, 1, 1.0, 50.0)

    [position] = await vault.desk.positions()

    assert (position.quantity, position.average_cost, position.unrealised) == (3, 100, 0)


async def test_a_deposit_is_no_profit(vault):
    await vault.desk.positions()
    later(vault, price=110.0, held=3.0)

    [position] = await vault.desk.positions()

    assert (position.quantity, position.unrealised) == (3, 20)  # of the first two only


async def test_a_withdrawal_leaves_the_average_cost(vault):
    await vault.desk.positions()
    later(vault, price=110.0, held=0.5)

    [position] = await vault.desk.positions()

    assert (position.average_cost, position.realised, position.unrealised) == (100, 0, 5)


def moved(vault, *, price=100.0, cash):
    vault.clock.advance_to(vault.clock.now() + timedelta(minutes=10))
    vault.price, vault.total["USDT"] = price, cash


@pytest.mark.parametrize("look", ["profit_and_loss", "limits"])  # the first books what moved, the second does not
@pytest.mark.parametrize(("cash", "left"), [(2080.0, "2160"), (460.0, "540"), (1005.0, "1085")])
async def test_money_that_comes_or_goes_neither_hides_a_drawdown_nor_makes_one(vault, look, cash, left):
    await vault.desk.profit_and_loss()
    moved(vault, price=40.0, cash=1000.0)
    before = await vault.desk.profit_and_loss()
    assert (before.equity, before.drawdown_percent, before.peak) == (1080, 10, 1200)

    moved(vault, price=40.0, cash=cash)
    await getattr(vault.desk, look)()
    after = await vault.desk.profit_and_loss()

    assert (after.equity, after.drawdown_percent) == (D(left), 10)
    assert after.peak == pytest.approx(D(left) / D("0.9"), abs=CENTS)
    assert (after.day, after.day_percent) == (-120, -10)
    assert (await vault.desk.limits()).drawdown_step == "no_new"


@pytest.mark.parametrize("look", ["profit_and_loss", "limits"])
async def test_most_of_the_money_may_be_taken_out_without_stopping_the_desk(vault, look):
    await vault.desk.profit_and_loss()
    moved(vault, cash=100.0)

    await getattr(vault.desk, look)()

    limits = await vault.desk.limits()
    assert (limits.equity, limits.drawdown_percent, limits.daily_loss_percent, limits.latched) == (300, 0, 0, False)


async def test_a_loss_after_a_deposit_is_held_against_all_that_was_there(vault):
    await vault.desk.profit_and_loss()
    moved(vault, cash=2000.0)
    await vault.desk.profit_and_loss()

    moved(vault, price=45.0, cash=2000.0)
    result = await vault.desk.profit_and_loss()

    assert (result.equity, result.peak, result.drawdown_percent) == (2090, 2200, 5)
    assert (result.day, result.net) == (-110, -110)


async def test_a_deposit_into_an_empty_account_begins_anew(vault):
    vault.total = {"USDT": 0.0, "BTC": 0.0}
    await vault.desk.profit_and_loss()
    moved(vault, cash=500.0)

    result = await vault.desk.profit_and_loss()

    assert (result.equity, result.peak, result.drawdown_percent, result.day) == (500, 500, 0, 0)


async def test_the_returns_of_the_curve_are_those_of_what_was_there(vault):
    async def lived(deposit):
        books, clock = MemoryBooks(), VirtualClock(START)
        vault.clock, vault.total, vault.price = clock, {"USDT": 0.0, "BTC": 10.0}, 100.0
        desk = Desk(venues={"vault": vault}, clock=clock, books=books, limits=RiskLimits())
        for hour in range(48):
            vault.price = 100.0 + hour % 5
            if hour == 20 and deposit:
                vault.total["BTC"] = 20.0
            await desk.profit_and_loss()
            clock.advance_to(clock.now() + timedelta(hours=1))
        return desk.curve.sharpe(clock.now())

    assert await lived(True) == await lived(False)


async def test_more_trades_than_one_page_are_all_read(vault):
    await vault.desk.positions()
    for number in range(5):
        vault.clock.advance_to(vault.clock.now().replace(second=number))
        bought(vault, number, 1.0, 100.0, currency="USDT", cost=0.5)

    [position] = await vault.desk.positions()

    assert (position.quantity, position.fees) == (7, D("2.5"))


async def test_fees_in_a_third_currency_are_valued_at_its_price(vault):
    await vault.desk.positions()
    bought(vault, 1, 1.0, 100.0, currency="BNB", cost=0.01)

    [position] = await vault.desk.positions()

    assert position.fees == 1


async def test_two_processes_over_the_same_books_book_a_trade_once(vault):
    await vault.desk.positions()
    bought(vault, 1, 1.0, 100.0, currency="USDT", cost=0.5)

    await asyncio.gather(vault.desk.positions(), vault.other.positions())

    [position] = await vault.desk.positions()
    assert (position.quantity, position.fees) == (3, D("0.5"))


async def test_a_trade_that_happens_while_the_accounts_are_read_keeps_its_price(vault):
    await vault.desk.positions()
    bought(vault, 1, 1.0, 100.0)
    vault.meanwhile.append(lambda: bought(vault, 2, 1.0, 60.0))

    [position] = await vault.desk.positions()

    assert (position.quantity, position.average_cost, position.unrealised) == (4, 90, 40)


def as_an_earlier_version_kept_it(books):
    """Take from the books what only this version writes, and give holdings, cursors and orders their older form."""
    for kind in ("booked", "traded", "count", "ledger.entry", "ledger.balance", "unsettled", "placed", "unread"):
        for key, _ in list(books.items(f"trading.{kind}")):
            books.delete(f"trading.{kind}", key)
    for key, row in list(books.items("trading.holding")):
        figures = ("quantity", "cost", "realised", "fees", "entry_fees")
        totals = {name: str(sum(D(part[name]) for part in row["parts"])) for name in figures}
        books.put("trading.holding", key, {**totals, "closed": row["closed"], "won": row["won"]})
    for key, row in list(books.items("trading.cursor")):
        books.put("trading.cursor", key, {"at": row["at"], "ids": row["ids"]})
    for key, row in list(books.items("trading.order")):
        new = ("strategy", "role", "expected", "asked", "evidence")
        books.put("trading.order", key, {name: value for name, value in row.items() if name not in new})


async def test_a_home_of_an_earlier_version_goes_on_with_the_same_figures(office):
    await office.desk.place("SOL", "buy", 30, key="k1", reason="test")
    price = (await office.desk.ticker("SOL")).best_bid * D("0.999")
    await office.desk.place("SOL", "buy", 5, key="k2", reason="dip", type="limit", price=price, venue="paper-c")
    office.pass_time(minutes=1)
    before = await office.desk.positions(), await office.desk.profit_and_loss()
    as_an_earlier_version_kept_it(office.books)

    desk = office.reopen()
    after = await desk.positions(), await desk.profit_and_loss()
    for _ in range(48):
        office.pass_time(hours=1)
        if (found := await desk.reconcile()).settled:
            break

    assert after == before
    assert [order.client_order_id for order in found.settled] == ["k2"]
    assert (found.agrees, (await desk.audit()).difference) == (True, "")
