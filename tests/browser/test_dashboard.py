"""The business at a glance: every panel fills, charts have a table, and what happens is shown."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Browse, say
from tests.browser.served import Served

PANELS = {
    "summary": "Portfolio value",
    "equity": "as of",
    "prices": "1h",
    "approvals": "publish_post",
    "risk": "Drawdown",
    "agents": "trading",
    "market": "BTC/USDT",
    "positions": "USDT",
    "trades": "paper-",
    "orders": "order",
    "balances": "paper-a",
    "news": "confidence",
    "threats": "blocked",
    "costs": "This month",
    "memory": "of all roles and people",
}


def test_every_panel_fills(page: Page) -> None:
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    for panel, words in PANELS.items():
        expect(page.locator(f"#{panel}")).to_contain_text(words)
    assert page.locator("section.panel").count() == len(PANELS) - 1
    expect(page.locator(".failed")).to_have_count(0)


def test_the_figures_are_those_of_the_api(page: Page, company: Served) -> None:
    portfolio, risk = company.get("/portfolio"), company.get("/risk")
    digits = page.locator("#summary .tile.lead .value").inner_text()
    assert "".join(sign for sign in digits if sign.isdigit() or sign == ".") == portfolio["equity"]
    expect(page.locator("#risk")).to_contain_text(f"{float(risk['gross_percent']):.1f} % of")
    rows = page.locator("#positions tbody tr")
    assert rows.count() == len(portfolio["positions"])


def test_candles_with_fills_have_a_table_of_the_same_rows(page: Page, company: Served) -> None:
    symbol = company.get("/orders")["trades"][0]["symbol"]
    candles = company.get(f"/market/candles?symbol={symbol}&timeframe=1h&limit=200")
    panel = page.locator("#prices")
    expect(panel.get_by_label("Symbol")).to_have_value(symbol)
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", _contains(f"{len(candles['fills'])} own fill"))
    expect(panel.locator("canvas").first).to_be_visible()
    expect(panel.locator(".twin tbody tr")).to_have_count(len(candles["candles"]))
    panel.get_by_role("button", name="Table").click()
    expect(panel.locator("canvas").first).to_be_hidden()
    expect(panel.locator(".twin table")).to_be_visible()
    assert panel.locator(".twin tbody tr", has_text="buy ").count() >= 1


def test_another_symbol_and_another_timeframe_are_asked_for(page: Page, company: Served) -> None:
    panel = page.locator("#prices")
    expect(panel.locator(".twin tbody tr").first).to_be_attached()
    panel.get_by_label("Symbol").select_option("XRP/USDT")
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", _contains("XRP/USDT, "))
    panel.get_by_role("button", name="1d").click()
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", _contains("candles of 1d"))
    expect(panel.get_by_role("button", name="1d")).to_have_attribute("aria-pressed", "true")


def test_equity_has_a_table_too(page: Page, company: Served) -> None:
    points = company.get("/portfolio/equity?points=500")["points"]
    panel = page.locator("#equity")
    panel.get_by_role("button", name="Table").click()
    expect(panel.locator(".twin tbody tr")).to_have_count(len(points))


def test_a_cycle_moves_the_figures_without_a_reload(browse: Browse, own_company: Served) -> None:
    page = browse(own_company, DESKTOP).tab()
    expect(page.locator("#trades")).not_to_contain_text("paper-")
    say(page, "/run")
    expect(page.locator("#trades")).to_contain_text("paper-", timeout=20_000)
    expect(page.locator("#approvals")).to_contain_text("publish_post")
    expect(page.locator("header.top")).to_contain_text("1 approval waits")
    expect(page.locator("#threats")).to_contain_text("blocked")


def test_a_panel_that_cannot_be_loaded_says_so_and_leaves_the_others_alone(browse: Browse, company: Served) -> None:
    visit = browse(company, DESKTOP)
    visit.watch.allow("status of 503")
    visit.context.route(
        "**/api/v1/risk",
        lambda route: route.fulfill(status=503, json={"error": {"message": "the venue sleeps", "code": "unavailable"}}),
    )
    page = visit.tab()
    expect(page.locator("#risk .failed")).to_contain_text("the venue sleeps")
    expect(page.locator("#positions")).to_contain_text("USDT")
    visit.context.unroute("**/api/v1/risk")
    page.locator("#risk").get_by_role("button", name="Try again").click()
    expect(page.locator("#risk")).to_contain_text("Drawdown")


def test_the_terminal_s_width_is_moved_with_the_keyboard_and_kept(page: Page) -> None:
    divider = page.get_by_role("separator", name="Width of the terminal")
    before = page.locator(".side-terminal").bounding_box()["width"]
    divider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    after = page.locator(".side-terminal").bounding_box()["width"]
    assert after < before - 100
    page.reload()
    expect(page.locator(".side-terminal")).to_be_visible()
    assert page.locator(".side-terminal").bounding_box()["width"] == pytest.approx(after, abs=1)


def _contains(words: str):
    import re

    return re.compile(re.escape(words))


def test_a_memory_is_found_by_words_and_tells_where_it_came_from(page: Page, company: Served) -> None:
    wanted = company.get("/memory?limit=30")["items"][-1]
    panel = page.locator("#memory")
    panel.get_by_label("Search memories").fill(wanted["text"][:200])
    panel.get_by_label("Role of memories").select_option(wanted["role"])
    row = panel.locator(".rows > li").filter(has=page.get_by_text(wanted["id"], exact=True)).first
    expect(row.locator(".number")).to_be_visible()
    row.get_by_text("History and origin").click()
    expect(row).to_contain_text(f"learned in {wanted['run']}")
    panel.get_by_label("Status of memories").select_option("archived")
    expect(panel).to_contain_text("No memory of yours or the company's fits.")
