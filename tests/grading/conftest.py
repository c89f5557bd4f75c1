"""A small company of its own."""

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from company.config import load_settings
from company.grading import Case, load_cases
from company.home import CompanyDirectory, bundled_directory, load_content, trust

CEO = """
---
id: ceo
title: Chief executive
summary: Leads.
handles:
  - say: [hello, good morning]
    do: [{answer: Good morning.}]
playbook:
  - delegate: trading
    task: Work the book.
    standing: true
  - answer: "{{ reports.trading.summary }}"
---
You lead.
"""
TRADING = """
---
id: trading
title: Trader
reports_to: ceo
summary: Trades.
tools: [ticker, size_position, place_order]
handles:
  - say: [the price of bitcoin, how much is bitcoin]
    do:
      - call: ticker
        with: {symbol: BTC/USDT}
        as: quote
      - report: "Bitcoin stands at {{ quote.price }}."
  - say: [guess the price of ether]
    do: [{report: "Ether stands at 123456.78."}]
  - say: [wait for ever]
    do: [{call: wait}, {report: Done.}]
playbook:
  - call: size_position
    with: {symbol: SOL/USDT, side: buy, conviction: 0.9}
    as: size
  - call: place_order
    when: size.approved
    with: {symbol: SOL/USDT, side: buy, quantity: 3, reason: a test}
    as: order
  - report: "Bought {{ order.filled }} at {{ order.price }}."
---
You trade.
"""
WAIT = '''
import asyncio

from company import tool


@tool(effect="read", timeout=600)
async def wait() -> str:
    """Wait for ever."""
    await asyncio.sleep(600)
    return "done"
'''
SETTINGS = """
[[mandates]]
id = "small-orders"
tools = ["place_order"]
roles = ["trading"]
max_notional = 1000
"""


@pytest.fixture
def shop(tmp_path: Path) -> CompanyDirectory:
    """A trusted company of two roles over the bundled tools."""
    root = tmp_path / "shop"
    waiting = TRADING.replace("[ticker, ", "[ticker, wait, ")
    files = {"roles/ceo.md": CEO, "roles/trading.md": waiting, "tools/wait.py": WAIT, "company.toml": SETTINGS}
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), "utf-8")
    trust(root, os.environ)
    return CompanyDirectory(root.resolve(), bundled_directory())


@pytest.fixture
def load(shop: CompanyDirectory) -> Callable[[], tuple[Case, ...]]:
    """Read the cases of the shop."""
    return lambda: load_cases(shop.evals, load_content(shop, load_settings(shop.config_file), os.environ))


@pytest.fixture
def write_cases(shop: CompanyDirectory) -> Callable[..., Path]:
    """Write a file of cases into the shop."""

    def _write(text: str, name: str = "cases.yaml") -> Path:
        shop.evals.mkdir(exist_ok=True)
        file = shop.evals / name
        file.write_text(dedent(text).lstrip("\n"), "utf-8")
        return file

    return _write
