"""Takes the pictures in docs/screens of a real company with seed 7, after some cycles and a question or two."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.chromium import PHONE, launched
from tests.browser.served import Served, until

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
CYCLES = 30
WIDE: Mapping[str, Any] = {"viewport": {"width": 1600, "height": 1000}}
DRAWN = 1_500
"""Milliseconds after which charts have drawn themselves."""


def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, launched() as browser:
        served = Served(Path(place) / "home", None, {"HOME": place})
        served.run("run", "--cycles", str(CYCLES), "--seed", "7")
        served.start()
        try:
            _take_all(browser, served)
        finally:
            served.end()


def _take_all(browser: Browser, served: Served) -> None:
    for text in ("how are we doing?", "buy 0.1 BTC"):
        _ask(served, text)
    for theme in ("dark", "light", "contrast"):
        page = _opened(browser, served, WIDE, theme)
        _unfold(page)
        _keep(page, "terminal-desktop" if theme == "dark" else f"terminal-{theme}")
        if theme == "dark":
            _alone(page)
            _keep(page, "dashboard-desktop")
        page.context.close()
    page = _opened(browser, served, PHONE, "dark")
    _keep(page, "terminal-phone")
    page.get_by_role("button", name="Dashboard").click()
    page.wait_for_timeout(DRAWN)
    _keep(page, "dashboard-phone")


def _ask(served: Served, text: str) -> None:
    run = served.post("/messages", {"text": text})["run"]
    until(lambda: served.get(f"/runs/{run}"), lambda found: found["status"] in {"done", "degraded", "waiting"})


def _opened(browser: Browser, served: Served, device: Mapping[str, Any], theme: str) -> Page:
    page = browser.new_context(**device, color_scheme="light" if theme == "light" else "dark").new_page()
    page.add_init_script(f"localStorage.setItem('company.theme', '{theme}')")
    page.goto(served.login())
    page.get_by_text("waits for you").last.wait_for()
    page.wait_for_timeout(DRAWN)
    return page


def _unfold(page: Page) -> None:
    """Open the newest lane, so that its tool calls are seen."""
    page.locator(".lane > summary").last.click()


def _alone(page: Page) -> None:
    """Give the dashboard the whole window, as a person does who drags the divider."""
    page.set_viewport_size({"width": 1600, "height": 1320})
    page.locator("[role=separator]").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(DRAWN)


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/screens/{name}.png")


if __name__ == "__main__":
    main()
