"""The report of a backtest: whole in one file, escaped, and the same every time."""

import re
from decimal import Decimal
from html.parser import HTMLParser

from company.trading.backtest import Result, page, summary
from company.trading.backtest.drawing import Chart
from company.trading.backtest.outcome import thinned
from tests.trading.backtest.scripted import QUIET, Desk, Script


def result(desk: Desk) -> Result:
    bars = desk.without(desk.calm(130), 100, 110)
    return desk.run(Script({30: "buy", QUIET: "buy", 90: "sell", 92: "sell"}), bars)


class Tags(HTMLParser):
    """Collects what a page opens, and checks that it is closed again."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_holds_the_curve_the_trades_and_the_measures(desk: Desk) -> None:
    found = result(desk)
    text = page(found)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.seen.count("svg") == 3
    assert text.count("<title>buy") + text.count("<title>sell") == len(found.fills) == 2
    for word in (
        "Sharpe ratio",
        "deepest drawdown",
        "risk.no_short",
        "risk.history",
        "told to at bar 90",
        "2023-11-19",
    ):
        assert word in text


def test_the_page_loads_nothing_and_runs_nothing(desk: Desk) -> None:
    tags = Tags()
    tags.feed(text := page(result(desk)))
    assert not {"script", "link", "img", "iframe", "object"} & set(tags.seen)
    assert not {"src", "href", "onload"} & set(tags.attributes)
    assert not re.search(r"https?:|url\(|@import", text)


def test_what_came_from_outside_is_escaped(desk: Desk) -> None:
    found = result(desk)
    nasty = "<script>alert('\"&')</script>"
    fills = [fill.model_copy(update={"reason": nasty}) for fill in found.fills]
    text = page(found.model_copy(update={"source": nasty, "strategy": nasty, "symbols": [nasty], "fills": fills}))
    assert "<script" not in text
    assert "&lt;script&gt;alert(" in text


def test_the_same_bars_give_the_same_bytes(desk: Desk) -> None:
    one, other = result(desk), result(Desk())
    assert one.model_dump_json() == other.model_dump_json()
    assert page(one) == page(other)
    assert summary(one) == summary(other)


def test_a_long_table_says_how_much_it_leaves_out(desk: Desk) -> None:
    found = result(desk)
    text = page(found.model_copy(update={"fills": found.fills * 300}))
    assert "The first 500 of 600; the JSON has them all." in text
    assert text.count("told to at bar 90") == 250


def test_a_run_without_trades_has_a_page_too(desk: Desk) -> None:
    found = desk.run(Script({}), desk.calm())
    assert "None." in page(found)
    assert found.measures.sharpe is None
    assert "Sharpe ratio" in summary(found)


def test_a_single_mark_draws_a_chart() -> None:
    text = Chart("one", [(0.0, 5.0)], dates=("a", "b")).svg()
    assert "nan" not in text
    assert "M84.0" in text


def test_the_terminal_names_holes_and_clamps(desk: Desk) -> None:
    text = summary(result(desk))
    assert "hole in BTC/USDT: 11 bars are missing from 2023-11-19 04:00 to 2023-11-19 15:00" in text
    assert "risk.no_short denied 1" in text


def test_a_thinned_curve_keeps_its_ends_and_its_extremes(desk: Desk) -> None:
    closes = desk.walk(5000).closes
    kept = thinned(closes, 100)
    assert len(kept) <= 100
    assert (kept[0], kept[-1]) == (0, 4999)
    assert {int(closes.argmin()), int(closes.argmax())} <= set(kept)


def test_the_measures_are_those_of_the_curve_and_the_fills(desk: Desk) -> None:
    found = result(desk)
    _, sold = found.fills
    assert found.measures.trades == 1
    assert found.measures.expectancy == round(sold.result or Decimal(0), 4)
    assert found.measures.fees == round(sum(fill.fee for fill in found.fills), 2)
    assert found.measures.total_return == round((found.equity / 100_000 - 1) * 100, 4)
