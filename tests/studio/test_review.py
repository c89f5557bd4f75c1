from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.studio import LONGEST_TEXT, Draft, figures_in, find_faults

OWN = ("company.example",)


def faults(text, *, channel="blog", figures=()):
    draft = Draft(
        id="D1",
        version=1,
        channel=channel,
        topic="t",
        text=text,
        author="content",
        figures=figures,
        status="drafted",
        hash="",
    )
    return [finding.rule for finding in find_faults(draft, OWN)]


FORBIDDEN = {
    "length": ["", "   ", "x" * 5_001],
    "hidden": ["calm\u200bweek", "\u202egnol", "a\x00b", "tag \U000e0041"],
    "profit": [
        "Guaranteed returns for all.", "It is risk-free.", "You can't lose with us.", "Bitcoin will soar next week.",
        "Double your money with us.", "We guarantee a profit.", "There is no risk here.", "Prices will certainly rise.",
    ],
    "advice": [
        "You should buy bitcoin.", "We recommend selling ether.", "Buy BTC before it is late.", "It is time to sell.",
        "Do it: sell everything.", "Buy now", "Don't miss it.", "You really must hold this.",
    ],
    "secret": [
        "Our key is sk-live_abcdEFGH1234567890", "AKIAABCDEFGHIJKLMNOP", "ghp_abcdefghijklmnopqrstu1",
        "Password: hunter22", "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln", "token=a1b2c3d4e5",
        "-----BEGIN RSA PRIVATE KEY-----", "0123456789abcdef0123456789abcdef", "\uff53\uff4b-live_abcdEFGH1234567890",
    ],
    "mail": ["Write to maria.keller@mail.example", "maria (at) mail.example"],
    "links": [
        "See https://evil.test/x", "see www.evil.com", "evil.io/x", "https://company.example.evil.com/",
        "https://company.example@evil.com/", "ftp://x.test", "[x](javascript:alert)", "https://notcompany.example/",
        "https://c\u043empany.example/",
    ],
    "figures": ["Up 5% this week.", "We made $1,200.50.", "\uff13 trades", "It rose 2.31 percent"],
    "tone": ["WOW THIS WEEK WAS REALLY GREAT", "What a week!!"],
}  # fmt: skip

ALLOWED = [
    "A calm week: BTC-USDT, ETH-USDT and SOL-USDT ended near where they began.",
    "Past performance does not guarantee future returns. This is not financial advice.",
    "No risk limit was breached, and the risk-free rate did not change.",
    "Our desk decided to sell it; buy orders outweighed sell orders.",
    "Buy orders were thin. Sell pressure was not.",
    "Read more on https://www.company.example/blog/what-moved-the-market-this-week-and-what-did-not",
    "The token is trading sideways; an API key is required for the export.",
    "In Q3 strategy S1 and draft D7 were reviewed on 2026-11-20.",
    "Returns are not guaranteed.",
    "Thank you for your letters!",
    "USDT, NASDAQ and NYSE are names.",
    "Good week 🎉 — steady hands, e.g. no panic.",
]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in FORBIDDEN.items() for text in texts])
def test_text_that_breaks_a_rule_is_held_back_by_it(rule, text):
    assert rule in faults(text)


@pytest.mark.parametrize("text", ALLOWED)
def test_honest_text_passes(text):
    assert faults(text) == []


def test_channel_has_its_own_length():
    assert faults("word " * 56, channel="social") == []
    assert faults("word " * 57, channel="social") == ["length"]
    assert LONGEST_TEXT == {"blog": 5_000, "social": 280, "newsletter": 8_000}


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Bitcoin at $64,210.50, up 2.31% in 24 hours.", ("64210.50", "+2.31 %", "24h")),
        ("It fell 3.0 per cent.", ("-3",)),
        ("1'200 requests, 7 alerts", ("1200 requests, 7 alerts",)),
        ("3 trades, 3 fills", ("3",)),
    ],
)
def test_figure_with_a_source_may_be_quoted_however_it_is_written(text, figures):
    assert faults(text, figures=figures) == []


def test_every_figure_without_a_source_is_named_once():
    draft = Draft(
        id="D1", version=1, channel="blog", topic="t", text="5 and 5 and 6.5 and 7", author="a", figures=("7",),
        status="drafted", hash="",
    )  # fmt: skip
    texts = [finding.text for finding in find_faults(draft, OWN)]
    assert [("'5'" in text, "'6.5'" in text) for text in texts] == [(True, False), (False, True)]


@given(st.decimals(min_value=0, max_value=10**12, places=4, allow_nan=False))
def test_figure_reads_back_with_and_without_thousands(amount):
    assert [number for _, number in figures_in(f"about {amount:,} or so")] == [amount]
    assert [number for _, number in figures_in(f"({amount}%)")] == [Decimal(amount)]


@given(st.text(max_size=300), st.sampled_from(["blog", "social", "newsletter"]))
def test_no_text_stops_the_review(text, channel):
    faults(text, channel=channel)
