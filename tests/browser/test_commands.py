"""The `/` menu: found, chosen and left with the keyboard alone; every command gives a result."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse, say
from tests.browser.mind import Mind
from tests.browser.served import Served

COMMANDS = (
    *("status", "run", "stop", "approve", "reject", "agents", "portfolio", "risk"),
    *("cost", "report", "why", "memory", "persona", "mode", "help"),
)


@pytest.fixture
def menu(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Commands")


@pytest.fixture
def prompt(page: Page) -> Locator:
    prompt = page.get_by_label("Message to the CEO")
    expect(prompt).to_be_focused()
    return prompt


def active(page: Page) -> Locator:
    """Return the option that the prompt says is active."""
    return page.locator(f"[id='{page.get_by_label('Message to the CEO').get_attribute('aria-activedescendant')}']")


def test_the_menu_lists_every_command(page: Page, menu: Locator, prompt: Locator) -> None:
    page.keyboard.type("/")
    expect(menu).to_be_visible()
    names = [re.match(r"/(\w+)", text)[1] for text in menu.get_by_role("option").all_inner_texts()]
    assert sorted(names) == sorted(COMMANDS)


def test_the_menu_is_used_without_a_mouse(page: Page, menu: Locator, prompt: Locator) -> None:
    page.keyboard.press("Control+k")
    expect(prompt).to_have_attribute("role", "combobox")
    expect(active(page)).to_contain_text("/status")
    page.keyboard.press("ArrowDown")
    expect(active(page)).to_contain_text("/run")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(active(page)).to_contain_text("/help")
    expect(active(page)).to_have_attribute("aria-selected", "true")
    page.keyboard.type("po")
    expect(menu.get_by_role("option").first).to_contain_text("/portfolio")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(prompt).to_have_value("/po")
    page.keyboard.type("r")
    page.keyboard.press("Enter")
    expect(menu).to_have_count(0)
    expect(page.locator(".local")).to_contain_text("/portfolio")
    expect(page.locator(".local")).to_contain_text("equity")
    expect(prompt).to_have_value("")
    expect(prompt).to_be_focused()


def test_tab_completes_a_command_that_takes_something(page: Page, menu: Locator, prompt: Locator) -> None:
    page.keyboard.type("/wh")
    page.keyboard.press("Tab")
    expect(prompt).to_have_value("/why ")
    page.keyboard.type("A1")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Trail")).to_contain_text("publish_post")


RESULTS = {
    "/status": "all well",
    "/stop": "nothing is running",
    "/approve": "publish_post",
    "/reject": "publish_post",
    "/agents": "trading",
    "/portfolio": "drawdown",
    "/risk": "daily loss",
    "/cost": "month",
    "/report": "roles reported",
    "/why R3": "R3",
    "/memory": "memories",
    "/memory BTC": "memories",
    "/persona": "Chief executive",
    "/persona trading": "Tomás Rey",
    "/mode": "paper",
    "/help": "Shift+Enter",
    "/nonsense": "there is no command /nonsense",
    "/approve A99": "A99",
    "/why": "say of what",
}


def test_every_command_gives_a_result(browse: Browse, company: Served) -> None:
    visit = browse(company)
    visit.watch.allow("status of 404|status of 400")  # of A99
    page = visit.tab()
    for command, said in RESULTS.items():
        say(page, command)
        block = page.locator(".local").last
        expect(block.locator(".request")).to_contain_text(command)
        expect(block.locator(".printed")).to_contain_text(said)
        assert block.locator(".line.bad").count() == (command == "/approve A99")
    assert {command.strip("/").split()[0] for command in RESULTS} | {"run"} == {*COMMANDS, "nonsense"}


def test_run_starts_a_cycle_whose_lanes_appear_and_esc_stops_it(
    browse: Browse, own_stage: Served, mind: Mind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mind, "pause", 1.0)
    page = browse(own_stage).tab()
    say(page, "/run")
    expect(page.locator(".local")).to_contain_text("begins")
    cycle = page.locator(".run", has=page.locator(".cycle-head"))
    expect(cycle.locator(".lane")).to_have_count(5)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_label("Message to the CEO").press("Escape")
    expect(cycle.locator(".outcome")).to_contain_text("stopped")
