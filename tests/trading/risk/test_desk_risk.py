"""The desk uses every rule: through its own methods, over the paper world."""

import json
from decimal import Decimal

import pytest

from company.errors import ToolError
from company.trading import RiskLimits
from company.trading.risk import MARKS, Standing, pause, resume
from company.trading.risk.standing import STANDING
from company.world import START
from tests.trading.conftest import Office
from tests.trading.risk.books import rules

D = Decimal
ANN = {"by": "ann", "reason": "looked into it"}


@pytest.fixture
def office():
    return Office()


def fall(office, drawdown):
    """Let the books remember a peak from which today's equity is a fall."""
    equity = Decimal(office.books.get(MARKS, "equity")["equity"])
    peak = equity / (1 - D(drawdown))
    office.books.put(MARKS, "equity", {**office.books.get(MARKS, "equity"), "peak": peak})


async def test_an_entry_comes_with_a_stop_three_true_ranges_away(office):
    read = await office.desk.indicators("ETH")

    sizing = await office.desk.size("ETH", "buy", "0.9")

    assert float(sizing.price - sizing.stop) == pytest.approx(float(3 * read.atr), abs=0.02)
    assert json.loads(sizing.model_dump_json())["stop"] == f"{sizing.stop:f}"


async def test_a_fall_of_15_per_cent_latches_until_a_person_re_arms(office):
    await office.desk.limits()
    fall(office, "0.16")
    stopped = await office.desk.limits()
    assert (stopped.drawdown_step, stopped.latched, stopped.entries_allowed) == ("stop", True, False)

    office.books.put(MARKS, "equity", {**office.books.get(MARKS, "equity"), "peak": "1", "deepest": "0"})
    recovered = office.reopen()
    assert rules(await recovered.vet("ETH", "buy", 1)) == ["risk.drawdown_stop"]
    assert rules((await recovered.size("ETH", "buy", "0.9")).clamps) == ["risk.drawdown_stop"]
    with pytest.raises(ToolError, match=r"risk\.drawdown_stop"):
        await recovered.place("ETH", "buy", 1, key="k", reason="test")
    assert (await recovered.place("BTC", "sell", "0.01", key="out", reason="exit")).status == "closed"

    Standing(office.books, office.limits).rearm(now=START, **ANN)
    assert not (await recovered.limits()).latched
    assert await recovered.vet("ETH", "buy", 1) == []


async def test_looking_at_the_desk_moves_no_ladder(office):
    await office.desk.limits()
    fall(office, "0.16")

    assert (await office.desk.shown(office.venues).limits()).latched
    assert office.books.get(STANDING, "ladder") is None


async def test_what_a_person_paused_is_not_bought_and_can_be_sold(office):
    pause(office.books, "ETH/USDT", now=START, **ANN)

    assert rules(await office.desk.vet("ETH", "buy", 1)) == ["risk.pause"]
    assert rules(await office.desk.vet("SOL", "buy", 1)) == []
    pause(office.books, "*", now=START, **ANN)
    assert not (await office.desk.limits()).entries_allowed
    assert rules(await office.desk.vet("SOL", "buy", 1)) == ["risk.pause"]
    assert await office.desk.vet("BTC", "sell", "0.1") == []
    resume(office.books, "*", START)
    assert (await office.desk.limits()).paused == ["ETH/USDT"]


async def test_an_unusual_market_pauses_the_symbol_for_an_hour(open_office):
    office = open_office(limits=RiskLimits(anomaly_move=D("0.0001")))

    first = await office.desk.vet("ETH", "buy", 1)

    assert rules(first) == ["risk.anomaly_move"]
    assert (await office.desk.limits()).paused == ["ETH/USDT"]
    calm = open_office()
    calm.books, calm.clock = office.books, office.clock
    assert rules(await calm.reopen().vet("ETH", "buy", 1)) == ["risk.anomaly_move"]
    office.pass_time(minutes=61)
    assert (await office.desk.limits()).paused == []


async def test_nothing_on_the_restricted_list_is_bought(open_office):
    office = open_office(limits=RiskLimits(restricted=("SOL",)))

    assert rules(await office.desk.vet("SOL", "buy", 1)) == ["risk.restricted"]


async def test_a_purchase_does_not_meet_our_own_resting_sale(office):
    quote = await office.desk.ticker("BTC")
    await office.desk.place(
        "BTC", "sell", "0.01", key="k", reason="test", type="limit", price=quote.best_bid * D("1.0008")
    )

    found = rules(await office.desk.vet("BTC", "buy", "0.01"))
    assert found == ["risk.self_trade"]
    await office.desk.cancel("k")
    assert await office.desk.vet("BTC", "buy", "0.01") == []


async def test_what_was_just_sold_is_not_bought_back_at_its_price(office):
    await office.desk.place("BTC", "sell", "0.01", key="k", reason="test")

    assert rules(await office.desk.vet("BTC", "buy", "0.01")) == ["risk.wash_trade"]
    assert await office.desk.vet("BTC", "sell", "0.01") == []
    assert await office.desk.vet("ETH", "buy", 1) == []
    office.pass_time(minutes=2)
    assert await office.desk.vet("BTC", "buy", "0.01") == []


async def test_many_small_orders_since_do_not_hide_a_sale_of_a_moment_ago(office):
    await office.desk.place("BTC", "sell", "0.01", key="k", reason="test")
    for number in range(21):
        await office.desk.place("XRP", "buy", 10, key=f"k{number}", reason="cover")

    assert rules(await office.desk.vet("BTC", "buy", "0.01")) == ["risk.wash_trade"]


async def test_a_mark_of_another_process_in_between_keeps_its_peak_and_its_deepest_fall(office):
    class Between:
        """Books in which somebody else marks just before the first transaction begins."""

        def __init__(self, inner):
            self.inner, self.met = inner, False

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def transaction(self):
            if not self.met:
                self.met = True
                mark = self.inner.get(MARKS, "equity")
                self.inner.put(MARKS, "equity", {**mark, "peak": "900000", "deepest": "0.2"})
            return self.inner.transaction()

    await office.desk.limits()
    office.pass_time(minutes=1)
    inner, office.books = office.books, Between(office.books)

    await office.reopen().limits()

    assert {name: D(str(inner.get(MARKS, "equity")[name])) for name in ("peak",)} == {"peak": D(900000)}
    assert D(str(inner.get(MARKS, "equity")["deepest"])) >= D("0.2")


async def test_buying_in_instalments_passes(office):
    for number in range(4):
        await office.desk.place("ETH", "buy", "0.5", key=f"k{number}", reason="savings plan")


async def test_the_exposure_of_a_symbol_counts_what_moves_with_it(office):
    await office.desk.place("ETH", "buy", 2, key="k", reason="test")

    exposure = await office.desk.exposure()

    values = {row.symbol: row.value for row in exposure.symbols}
    both = {row.symbol: row.correlated for row in exposure.symbols}
    assert values["BTC/USDT"] < both["BTC/USDT"] < sum(values.values())


class Silent:
    """A venue that gives no candles of one symbol."""

    def __init__(self, venue):
        self._venue = venue

    def __getattr__(self, name):
        return getattr(self._venue, name)

    async def fetch_ohlcv(self, symbol, timeframe="1m", since=None, limit=None):
        bars = await self._venue.fetch_ohlcv(symbol, timeframe, since, limit)
        return bars[-30:] if symbol == "BTC/USDT" else bars


async def test_what_has_no_past_is_not_bought_and_counts_as_lost_when_it_is_held(open_office):
    office = open_office(around={"paper-a": Silent})

    assert rules(await office.desk.vet("BTC", "buy", "0.01")) == ["risk.history"]
    assert await office.desk.vet("BTC", "sell", "0.01") == []
    [denied] = [row for row in await office.desk.vet("ETH", "buy", 3) if row.rule == "risk.var"] or [None]
    assert denied is None
    tight = open_office(around={"paper-a": Silent}, limits=RiskLimits(max_var_fraction=D("0.03")))
    assert rules(await tight.desk.vet("ETH", "buy", 1)) == ["risk.var"]
