"""390 by 844 pixels and a finger."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import Browse, say, thread_of
from tests.browser.mind import Mind, calling, delegating
from tests.browser.served import Served
from tests.browser.test_approvals import ORDER
from tests.wire import Reply, ToolUse

INLINE = 24
FULL = 44

_TARGETS = """() => {
    const seen = [];
    const kinds = "button, a[href], input, select, textarea, summary, [role=separator]";
    for (const one of document.querySelectorAll(kinds)) {
        const label = one.type === "checkbox" ? one.closest("label") ?? one : one;
        const box = label.getBoundingClientRect();
        if (!one.checkVisibility({visibilityProperty: true}) || one.closest(".unseen")) continue;
        const words = one.getAttribute("aria-label") || one.innerText || one.tagName;
        seen.push({words: words.trim().slice(0, 40), inline: getComputedStyle(one).display === "inline",
                   x: box.x, y: box.y, width: box.width, height: box.height});
    }
    return seen;
}"""


@pytest.fixture
def phone(browse: Browse, company: Served) -> Page:
    return browse(company, PHONE).tab()


def test_no_part_of_the_page_scrolls_sideways(phone: Page) -> None:
    say(phone, "/agents")
    expect(phone.locator(".local")).to_contain_text("trading")
    fits(phone)
    phone.get_by_role("button", name="Dashboard").tap()
    expect(phone.locator("#equity canvas").first).to_be_visible()
    fits(phone)
    phone.get_by_label("Settings").tap()
    fits(phone)


def test_a_finger_hits_every_target(phone: Page) -> None:
    hit(phone)
    phone.get_by_role("button", name="Commands").tap()
    options = phone.get_by_role("listbox").get_by_role("option")
    assert all(option.bounding_box()["height"] >= FULL for option in options.all())
    phone.keyboard.press("Escape")
    phone.get_by_label("Settings").tap()
    hit(phone)
    phone.get_by_label("Settings").tap()
    say(phone, "/approve")
    expect(phone.locator(".local .approval")).to_be_visible()
    phone.locator(".lane summary").last.tap()
    hit(phone)
    phone.get_by_role("button", name="Dashboard").tap()
    expect(phone.locator("#approvals").get_by_role("button", name="Approve")).to_be_visible()
    expect(phone.locator("#news li").first).to_be_visible()
    hit(phone)


def test_talking_and_approving_work_with_a_finger(
    browse: Browse, stage: Served, mind: Mind, request: pytest.FixtureRequest
) -> None:
    page = browse(stage, PHONE).tab(f"/?thread={thread_of(request)}")
    work = calling(ToolUse("place_order", ORDER), Reply("Asked."))
    page.get_by_label("Message to the CEO").tap()
    page.keyboard.type(mind.play(delegating(["trading"], work, lambda said: Reply("It waits."))))
    page.get_by_role("button", name="Send").tap()
    card = page.locator(".approval").last
    expect(card.get_by_role("button", name="Approve")).to_be_in_viewport()
    expect(page.locator(".outcome")).to_contain_text("waits for a person")
    fits(page)
    page.get_by_role("button", name="Dashboard").tap()
    name = card.locator(".approval-title strong").text_content()
    page.get_by_role("button", name=f"Show in the conversation {name}").tap()
    expect(card).to_be_in_viewport()
    card.get_by_role("button", name="Reject").tap()
    expect(card).to_contain_text("rejected by ada")


def test_the_pill_of_the_header_leads_to_what_waits(phone: Page) -> None:
    phone.locator("header.top").get_by_role("button", name="1 approval waits").tap()
    expect(phone.locator("#approvals").get_by_role("button", name="Approve")).to_be_in_viewport()


def fits(page: Page) -> None:
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in (".transcript", ".side-dashboard"):
        box = page.locator(part)
        if box.is_visible():
            assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, part


def hit(page: Page) -> None:
    """Check that every target is as large as a finger, or is in a sentence and has room around it."""
    page.wait_for_timeout(100)
    targets = page.evaluate(_TARGETS)
    assert targets
    small = [target for target in targets if min(target["width"], target["height"]) < FULL]
    assert [
        target for target in small if min(target["width"], target["height"]) < INLINE and not target["inline"]
    ] == []
    assert [target for target in small if not target["inline"] and _crowded(target, targets)] == []


def _crowded(target: dict, others: list[dict]) -> bool:
    """Tell whether a circle of 44 pixels around a small target's centre meets another target."""
    x, y = target["x"] + target["width"] / 2, target["y"] + target["height"] / 2
    return any(
        max(abs(_beyond(x, other["x"], other["width"])), abs(_beyond(y, other["y"], other["height"]))) < FULL / 2
        for other in others
        if other is not target and not _holds(other, target)
    )


def _beyond(at: float, begin: float, length: float) -> float:
    return max(begin - at, 0, at - begin - length)


def _holds(outer: dict, inner: dict) -> bool:
    return (
        outer["x"] <= inner["x"]
        and outer["y"] <= inner["y"]
        and outer["x"] + outer["width"] >= inner["x"] + inner["width"]
        and outer["y"] + outer["height"] >= inner["y"] + inner["height"]
    )
