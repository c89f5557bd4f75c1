"""Deciding about a call that waits: what is approved is what stands there, and the first decision counts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Browse, say, thread_of
from tests.browser.mind import Mind, calling, delegating
from tests.browser.served import Served
from tests.wire import Reply, ToolUse

ORDER = {"symbol": "ETH/USDT", "side": "buy", "quantity": "3.25", "reason": "larger than <b>any</b> mandate"}

Asking = Callable[[Page], Locator]


@pytest.fixture
def ask(mind: Mind) -> Asking:
    """Have the trader ask for an order that waits; return its card."""

    def _ask(page: Page) -> Locator:
        work = calling(ToolUse("place_order", ORDER), Reply("Asked."))
        say(page, mind.play(delegating(["trading"], work, lambda said: Reply("It waits."))))
        card = page.locator(".approval").last
        expect(card.get_by_role("button", name="Approve")).to_be_visible()
        return card

    return _ask


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    return f"/?thread={thread_of(request)}"


def test_an_approval_shows_the_exact_arguments_and_is_approved_inline(
    browse: Browse, stage: Served, ask: Asking, place: str
) -> None:
    page = browse(stage).tab(place)
    card = ask(page)
    name = identity(card)
    for field, value in stage.get(f"/approvals/{name}")["arguments"].items():
        expect(card.get_by_text(field, exact=True)).to_be_visible()
        expect(card.locator("dd", has_text=str(value))).to_be_visible()
    card.get_by_label(f"Note about {name}").fill("go ahead")
    card.get_by_role("button", name="Approve").click()
    expect(card).to_contain_text("approved by ada")
    expect(card).to_contain_text("note: go ahead")
    expect(page.locator(".note.good")).to_contain_text("BUY 3.25 ETH/USDT")
    assert stage.get(f"/approvals/{name}")["state"] == "approved"


def test_a_call_is_rejected_inline_and_nothing_is_ordered(
    browse: Browse, stage: Served, ask: Asking, place: str
) -> None:
    page = browse(stage).tab(place)
    before = len(stage.get("/orders")["trades"])
    card = ask(page)
    card.get_by_role("button", name="Reject").click()
    expect(card).to_contain_text("rejected by ada")
    expect(card.get_by_role("button")).to_have_count(0)
    assert len(stage.get("/orders")["trades"]) == before


def test_a_key_decides_only_while_its_card_has_the_focus(
    browse: Browse, stage: Served, ask: Asking, place: str
) -> None:
    page = browse(stage).tab(place)
    card = ask(page)
    page.get_by_label("Message to the CEO").press_sequentially("arr")
    expect(card).to_contain_text("waits for you")
    card.focus()
    page.keyboard.press("r")
    expect(card).to_contain_text("rejected by ada")


def test_a_decision_disappears_from_every_tab_and_from_the_dashboard(
    browse: Browse, stage: Served, ask: Asking, place: str
) -> None:
    visit = browse(stage, DESKTOP)
    first, second = visit.tab(place), visit.tab(place)
    ask(first)
    card = second.locator(".approval").last
    expect(card.get_by_role("button", name="Approve")).to_be_visible()
    shown = second.locator(f"#approvals [aria-labelledby=decide-{identity(card)}]")
    expect(shown).to_contain_text("3.25")
    shown.get_by_role("button", name="Reject").click()
    for tab in (first, second):
        expect(tab.locator(".approval").last).to_contain_text("rejected by ada")
    expect(shown).to_have_count(0)


def test_a_decision_of_the_command_line_closes_the_card(browse: Browse, stage: Served, ask: Asking, place: str) -> None:
    page = browse(stage).tab(place)
    card = ask(page)
    stage.run("approvals", "reject", identity(card))
    expect(card).to_contain_text("rejected by")
    expect(card.get_by_role("button")).to_have_count(0)


def test_who_comes_second_is_told_so(browse: Browse, stage: Served, ask: Asking, place: str) -> None:
    visit = browse(stage)
    visit.watch.allow("status of 409")
    page = visit.tab(place)
    card = ask(page)
    name = identity(card)

    def first(route) -> None:  # the other decision arrives while this one is under way
        stage.post(f"/approvals/{name}", {"approved": False, "note": ""})
        route.continue_()

    page.route(f"**/api/v1/approvals/{name}", first, times=1)
    card.get_by_role("button", name="Approve").click()
    expect(card.get_by_role("alert")).to_contain_text(name)
    expect(card).to_contain_text("rejected by ada")


def test_the_dashboard_leads_to_the_card_in_the_conversation(
    browse: Browse, stage: Served, ask: Asking, place: str
) -> None:
    page = browse(stage, DESKTOP).tab(place)
    card = ask(page)
    name = identity(card)
    page.locator(".transcript").evaluate("box => { box.style.height = '1px'; box.scrollTop = 0 }")
    page.get_by_role("button", name=f"Show in the conversation {name}").click()
    expect(card).to_be_focused()
    card.get_by_role("button", name="Reject").click()


def test_who_may_only_read_cannot_decide(browse: Browse, stage: Served, ask: Asking, place: str) -> None:
    card = ask(browse(stage).tab(place))
    reader = browse(stage, scopes=("read",)).tab(place).locator(".approval").last
    expect(reader).to_contain_text("may not approve")
    expect(reader.get_by_role("button", name="Approve")).to_be_disabled()
    card.get_by_role("button", name="Reject").click()
    expect(reader).to_contain_text("rejected by ada")


def identity(card: Locator) -> str:
    return re.search(r"A\d+", card.locator(".approval-title").inner_text())[0]
