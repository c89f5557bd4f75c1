"""Talking to the CEO: words as they come, what everybody does, and the prompt."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Browse, say, thread_of
from tests.browser.mind import Mind, calling, delegating, prose, saying
from tests.browser.served import Served, until
from tests.wire import Fault, Reply, ToolUse


@pytest.fixture
def tab(browse: Browse, stage: Served, request: pytest.FixtureRequest) -> Page:
    return browse(stage).tab(f"/?thread={thread_of(request)}")


def test_an_answer_is_shown_word_by_word_and_ends_as_the_journal_has_it(tab: Page, mind: Mind, stage: Served) -> None:
    text = prose(200)
    say(tab, mind.play(saying(Reply(text, pieces=120, pace=0.01))))
    answer = tab.locator(".answer")
    seen = {until(lambda: len(answer.inner_text()), lambda length, least=least: length > least) for least in (40, 400)}
    expect(answer).to_have_class(re.compile("streaming"))
    expect(tab.locator(".outcome")).to_contain_text("done")
    run = tab.locator(".run").get_attribute("aria-label").split()[-1]
    assert stage.answer(run) == text
    assert len(seen) == 2
    assert answer.get_by_role("heading").count() == text.count("## ")
    assert answer.get_by_role("table").count() == text.count("| name")
    expect(answer.locator("pre").last).to_contain_text("answer = ")


def test_a_plan_gets_its_ticks_while_lanes_work_and_a_lane_unfolds_to_its_calls(tab: Page, mind: Mind) -> None:
    use = ToolUse("place_order", {"symbol": "BTC/USDT", "side": "buy", "quantity": "0.003", "reason": "a test"})
    work = calling(use, Reply("Bought it.", pieces=4, pace=0.2))
    say(tab, mind.play(delegating(["trading"], work, lambda said: Reply("They did it."))))
    tick = tab.locator(".plan li .tick")
    expect(tick).to_have_attribute("aria-label", "working")
    lane = tab.locator(".lane")
    expect(lane.locator("summary").first).to_contain_text("trading")
    expect(tick).to_have_attribute("aria-label", "ok")
    expect(tab.locator(".answer")).to_contain_text("They did it.")
    lane.locator("summary").first.click()
    expect(lane.locator(".work")).to_contain_text("Bought it.")
    call = lane.locator(".call")
    expect(call.locator("summary")).to_contain_text("place_order")
    call.locator("summary").click()
    facts = call.locator(".facts")
    expect(facts).to_contain_text("arguments")
    expect(facts).to_contain_text('"quantity": "0.003"')
    expect(facts).to_contain_text("verdict")
    expect(facts).to_contain_text("allow")
    expect(facts).to_contain_text("trade-paper")
    expect(facts).to_contain_text("result")
    expect(facts).to_contain_text("order_id")
    expect(tab.locator(".note.good")).to_contain_text("BUY 0.003 BTC/USDT")


def test_a_lane_that_read_strangers_says_so(tab: Page, mind: Mind) -> None:
    work = calling(ToolUse("headlines"), Reply("Nothing new."))
    say(tab, mind.play(delegating(["research"], work, lambda said: Reply("All quiet."))))
    lane = tab.locator(".lane")
    expect(lane.locator("summary").first).to_contain_text("untrusted")
    lane.locator("summary").first.click()
    lane.locator(".call summary").click()
    expect(lane.locator(".facts")).to_contain_text("result, with text of strangers")


def test_tables_code_and_a_line_of_numbers_are_drawn_in_an_answer(tab: Page, mind: Mind) -> None:
    text = "| coin | price |\n| :-- | --: |\n| BTC | 70,000 |\n\n```spark\n1 2 3 5 8\n```\n\n```python\nprint(1)\n```"
    say(tab, mind.play(saying(Reply(text))))
    answer = tab.locator(".answer")
    expect(answer.get_by_role("row", name="BTC 70,000")).to_be_visible()
    expect(answer.get_by_role("img", name=re.compile("5 values: 1, 2, 3, 5, 8"))).to_be_visible()
    expect(answer.locator("code")).to_have_text("print(1)")


def test_esc_stops_the_answer_that_is_being_written(tab: Page, mind: Mind, stage: Served) -> None:
    say(tab, mind.play(saying(Reply(" tick" * 2000, pieces=2000, pace=0.02))))
    expect(tab.locator(".answer")).to_contain_text("tick tick")
    tab.keyboard.press("Escape")
    expect(tab.locator(".outcome")).to_contain_text("stopped")
    run = tab.locator(".run").get_attribute("aria-label").split()[-1]
    assert stage.get(f"/runs/{run}")["status"] == "stopped"
    expect(tab.get_by_role("button", name="Send")).to_be_visible()


def test_arrow_up_brings_back_what_was_typed_and_arrow_down_the_draft(tab: Page, mind: Mind) -> None:
    prompt = tab.get_by_label("Message to the CEO")
    first, second = mind.play(saying(Reply("One."))), mind.play(saying(Reply("Two.")))
    for text, answer in ((first, "One."), (second, "Two.")):
        say(tab, text)
        expect(tab.locator(".answer", has_text=answer)).to_be_visible()
    prompt.fill("a draft")
    prompt.press("ArrowUp")
    expect(prompt).to_have_value(second)
    prompt.press("ArrowUp")
    expect(prompt).to_have_value(first)
    prompt.press("ArrowDown")
    prompt.press("ArrowDown")
    expect(prompt).to_have_value("a draft")


def test_shift_enter_makes_a_new_line_and_enter_sends_both(tab: Page, mind: Mind) -> None:
    prompt = tab.get_by_label("Message to the CEO")
    prompt.fill(mind.play(saying(Reply("Read."))))
    height = prompt.bounding_box()["height"]
    prompt.press("Shift+Enter")
    prompt.press_sequentially("second line")
    assert prompt.bounding_box()["height"] > height
    prompt.press("Enter")
    expect(tab.locator(".answer")).to_have_text("Read.")
    expect(tab.locator(".request .words")).to_have_text(re.compile(r"for us\nsecond line"))


def test_a_message_is_never_shown_twice_however_late_the_server_says_that_it_has_it(
    browse: Browse, stage: Served, mind: Mind, request: pytest.FixtureRequest
) -> None:
    visit = browse(stage)

    def late(route: Route) -> None:
        answer = route.fetch()
        tab.wait_for_timeout(700)
        route.fulfill(response=answer)

    visit.context.route("**/api/v1/messages", late)
    tab = visit.tab(f"/?thread={thread_of(request)}")
    tab.evaluate(
        """() => {
            window.most = 0;
            const look = () => { window.most = Math.max(window.most, document.querySelectorAll(".request").length) };
            new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
        }"""
    )
    say(tab, mind.play(saying(Reply("Read."))))
    expect(tab.locator(".outcome")).to_contain_text("done")
    tab.wait_for_timeout(1_000)
    assert tab.locator(".request").count() == 1
    assert tab.evaluate("window.most") == 1


def test_what_the_provider_breaks_off_is_said_in_the_run(tab: Page, mind: Mind) -> None:
    say(tab, mind.play(lambda asked: Fault("rejected")))
    expect(tab.locator(".outcome")).to_have_class(re.compile("failed"))
    expect(tab.locator(".run .note.bad")).to_be_visible()


def test_a_thumb_is_given_by_keyboard_and_is_there_after_a_reload(
    browse: Browse, stage: Served, mind: Mind, request: pytest.FixtureRequest
) -> None:
    visit, path = browse(stage), f"/?thread={thread_of(request)}"
    tab, other = visit.tab(path), visit.tab(path)
    say(tab, mind.play(saying(Reply("Read."))))
    expect(tab.locator(".outcome")).to_contain_text("done")
    tab.get_by_role("button", name="Bad answer").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("Why you think so")).to_be_visible()
    tab.keyboard.press("Tab")
    tab.keyboard.type("it did not look")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name="kept")).to_be_visible()
    for seen in (tab, other):
        seen.reload()
        expect(seen.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
        expect(seen.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "false")
        expect(seen.locator(".thumbs")).to_contain_text("it did not look")
    tab.get_by_role("button", name="Bad answer").click()
    expect(other.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "false")
