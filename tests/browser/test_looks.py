"""Themes, and what axe-core finds in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from company.server.web.build import WEB
from tests.browser.chromium import DESKTOP, PHONE, Missing
from tests.browser.conftest import Browse, say
from tests.browser.served import Served

THEMES = ("dark", "light", "contrast")
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"

_CHOOSE = "if (location.host) localStorage.setItem('company.theme', '%s')"
_RUN = """async within => {
    const found = await axe.run(within, {resultTypes: ["violations"]});
    return found.violations.filter(({impact}) => impact === "serious" || impact === "critical").map(
        ({id, nodes}) => `${id}: ${nodes.map(({target, failureSummary}) => target + " " + failureSummary).join("; ")}`);
}"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core; the tests put it into the page past its security policy, as a debugger would."""
    if not AXE.is_file():
        raise Missing("axe-core is not installed: npm ci --prefix company/server/web")
    return Path(AXE).read_text("utf-8")


def findings(page: Page, axe: str, within: str = "html") -> list[str]:
    """Return what axe-core finds serious or critical in a part of the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {axe} }}")
    found: list[str] = page.evaluate(_RUN, within)
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(
    browse: Browse, company: Served, axe: str, theme: str, device: Mapping[str, Any]
) -> None:
    visit, phone = browse(company, device), device is PHONE
    visit.context.add_init_script(_CHOOSE % theme)
    page = visit.tab()
    assert page.locator("html").get_attribute("data-theme") == theme
    say(page, "/portfolio")
    expect(page.locator(".local")).to_contain_text("drawdown")
    page.locator(".lane summary").last.click()
    page.locator(".call summary").last.click()
    if phone:
        assert findings(page, axe) == []
        page.get_by_role("button", name="Dashboard").tap()
    expect(page.locator("#equity canvas").first).to_be_visible()
    expect(page.locator("#news li").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    assert findings(page, axe) == []
    if phone:
        page.get_by_role("button", name="Terminal").tap()
    page.get_by_label("Message to the CEO").fill("/")
    expect(page.get_by_role("listbox", name="Commands")).to_be_visible()
    assert findings(page, axe, ".prompt") == []
    page.keyboard.press("Escape")
    page.get_by_label("Settings").click()
    assert findings(page, axe, ".top") == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_on_the_way_in(browse: Browse, company: Served, axe: str, theme: str) -> None:
    visit = browse(company, login=False)
    visit.watch.allow("status of 401")
    visit.context.add_init_script(_CHOOSE % theme)
    page = visit.context.new_page()
    page.goto(company.url)
    expect(page.get_by_label("Or log in with the server's password")).to_be_visible()
    assert findings(page, axe) == []


def test_axe_finds_nothing_serious_on_the_plain_page(browse: Browse, company: Served, axe: str) -> None:
    visit = browse(company)
    page = visit.context.new_page()
    page.goto(f"{company.url}/plain")
    expect(page.get_by_role("heading").first).to_be_visible()
    assert findings(page, axe) == []


def test_a_chosen_theme_is_drawn_at_once_in_charts_too_and_survives_a_reload(page: Page) -> None:
    grounds = set()
    for theme, words in (("light", "Light"), ("dark", "Dark"), ("contrast", "High contrast")):
        page.get_by_label("Settings").click()
        page.get_by_label("Colours").select_option(words)
        page.get_by_label("Settings").click()
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page.locator("#equity canvas").first).to_be_visible()
        grounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(grounds) == 3


def test_esc_closes_the_settings_and_leaves_the_focus_where_it_was(page: Page) -> None:
    settings = page.get_by_label("Settings")
    settings.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Colours")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Colours")).to_be_hidden()
    expect(settings).to_be_focused()


@pytest.mark.parametrize(("wish", "ground"), [("dark", "rgb(13, 17, 23)"), ("light", "rgb(245, 246, 248)")])
def test_without_a_choice_the_system_decides(browse: Browse, company: Served, wish: str, ground: str) -> None:
    page = browse(company, DESKTOP, color_scheme=wish).tab()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == ground


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(page: Page) -> None:
    expect(page.locator("[aria-busy=true]")).to_have_count(0)  # a panel that fills takes the focus from what it had
    page.locator("header.top .threads").focus()
    reached = []
    while len(reached) < 80 and (not reached or reached[-1][0] != "Message to the CEO"):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const one = document.activeElement, style = getComputedStyle(one);
                    return [one.getAttribute("aria-label") || one.innerText.split("\\n")[0], style.outlineStyle];
                }"""
            )
        )
    names = [name for name, _ in reached]
    assert names.index("Settings") < names.index("Conversation") < names.index("Message to the CEO")
    assert [name for name, outline in reached if outline != "solid"] == []
