import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from company.errors import UsageError
from company.trading.features import Bars, Quoted, frame
from company.trading.figures import significant
from company.trading.signals import Frame, State
from company.trading.strategies import STRATEGIES, CostAveraging, MeanReversion, Momentum, Scalping, listed

NAN = float("nan")
ON_BARS = [entry for entry in STRATEGIES.values() if entry.reads == "bars"]


def rows_of(closes, wick):
    opens = [closes[0], *closes[:-1]]
    return [
        [60_000 * number, o, max(o, c) * (1 + wick), min(o, c) * (1 - wick), c, 5.0]
        for number, (o, c) in enumerate(zip(opens, closes, strict=True))
    ]


def frame_of(closes, quoted=None, wick=0.001):
    bars = Bars.read(rows_of(closes, wick), symbol="BTC/USDT", timeframe="1m", source="test")
    return frame(bars, quoted)


def walk(count, seed=1, size=0.004):
    return 100 * np.exp(np.cumsum(size * np.random.default_rng(seed).normal(size=count)))


def book(count, seed=2):
    source = np.random.default_rng(seed)
    return Quoted(spread_bps=6 * source.random(count), imbalance=2 * source.random(count) - 1)


def signals(entry, made):
    return [(row, wish) for row in range(len(made)) if (wish := entry.over(made)(State(made, row))) is not None]


@pytest.mark.parametrize("entry", ON_BARS, ids=lambda entry: entry.name)
def test_a_strategy_wishes_for_something_on_a_moving_market_and_only_after_its_warm_up(entry):
    found = signals(entry, frame_of(walk(4000), book(4000)))

    assert found
    assert all(row >= 33 for row, _ in found)
    assert all(0.3 <= wish.conviction <= 1 for _, wish in found)
    assert {wish.strategy for _, wish in found} == {entry.name}


@pytest.mark.parametrize("entry", ON_BARS, ids=lambda entry: entry.name)
def test_a_strategy_wishes_for_nothing_without_one_of_the_figures_it_used(entry):
    made = frame_of(walk(4000), book(4000))
    always = {"close", "sma_20"} if entry.name == "mean_reversion" else {"close"}  # there whenever its z-score is

    for row, used in signals(entry, made)[:10]:
        for name in (set(used.evidence) & set(made.columns)) - always:
            columns = {**made.columns, name: [NAN] * 4000}
            without = Frame(made.symbol, made.timeframe, made.closes_at, columns)
            assert entry.make()(State(without, row)) is None, name


@pytest.mark.parametrize("entry", ON_BARS, ids=lambda entry: entry.name)
def test_a_strategy_wishes_for_nothing_where_no_feature_has_a_value(entry):
    made = frame_of(walk(1500))
    blank = {**dict.fromkeys(made.columns, [NAN] * 1500), "missing": [0.0] * 1500}
    nothing = Frame(made.symbol, made.timeframe, made.closes_at, blank)

    assert [row for row in range(1500) if entry.make()(State(nothing, row))] == []


@pytest.mark.parametrize("entry", ON_BARS, ids=lambda entry: entry.name)
def test_a_strategy_wishes_for_nothing_on_a_market_that_does_not_move(entry):
    made = frame_of([100.0] * 1600, book(1600), wick=0.0)

    assert signals(entry, made) == []


@pytest.mark.parametrize("entry", ON_BARS, ids=lambda entry: entry.name)
def test_the_evidence_is_what_was_read(entry):
    made = frame_of(walk(4000), book(4000))

    for row, wish in signals(entry, made):
        read = {name: made.columns[name][row] for name in wish.evidence if name in made.columns and name != "z_score"}
        assert {name: wish.evidence[name] for name in read} == {n: significant(v) for n, v in read.items()}
        assert wish.evidence
        assert wish.horizon > timedelta(0)


def test_the_registry_names_every_strategy_with_its_parameters():
    names = {"crossover", "momentum", "mean_reversion", "scalping", "dca", "ensemble", "arbitrage"}
    assert set(STRATEGIES) == names
    assert all(entry.name == name == entry.make().name and entry.about for name, entry in STRATEGIES.items())
    assert listed("mean_reversion").parameters == {"deviations": 2.0}
    assert listed("mean_reversion").over(frame_of(walk(10)), deviations=1.0) == MeanReversion(1.0)


def test_the_page_about_strategies_names_every_strategy_with_its_line():
    page = (Path(__file__).parents[3] / "docs/strategies.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (?:bars|bars and a book|books) \|", page, flags=re.M)

    assert dict(rows) == {entry.name: entry.about for entry in STRATEGIES.values()}


def test_an_unknown_strategy_names_the_known_ones():
    with pytest.raises(UsageError, match="'luck' is unknown") as raised:
        listed("luck")
    assert "crossover, momentum" in str(raised.value)


def test_scalping_is_refused_over_data_without_a_book():
    with pytest.raises(UsageError, match="needs spread_bps and imbalance, which candles do not tell"):
        listed("scalping").over(frame_of(walk(10)))


def test_arbitrage_is_refused_over_bars():
    with pytest.raises(UsageError, match="reads the order books of several venues") as raised:
        listed("arbitrage").over(frame_of(walk(10)))
    assert "crossover" in str(raised.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Momentum(enter=0.0),
        lambda: Momentum(leave=1.1),
        lambda: Momentum(enter=NAN),
        lambda: MeanReversion(deviations=3.0),
        lambda: MeanReversion(deviations=NAN),
        lambda: Scalping(spread_bps=0.0),
        lambda: Scalping(imbalance=1.0),
        lambda: CostAveraging(budget=Decimal(0)),
        lambda: CostAveraging(every=timedelta(0)),
        lambda: CostAveraging(every=timedelta(days=7)),
        lambda: CostAveraging(span=timedelta(hours=1)),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(make):
    with pytest.raises(UsageError, match=" is "):
        make()
