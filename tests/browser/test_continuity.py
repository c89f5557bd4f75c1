"""Nothing is lost: reloads, crashes, many tabs, sleep, no network."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, Visit, ready, say, thread_of
from tests.browser.mind import Mind, prose, saying
from tests.browser.served import Served, until
from tests.wire import Reply

TEXT = prose(300)
PLAIN = re.sub(r"\W+", "", re.sub(r"^[-| :]+$|```\w*", "", TEXT, flags=re.MULTILINE))
"""What of the text is seen: letters and digits."""


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    return f"/?thread={thread_of(request)}"


@pytest.fixture
def story(mind: Mind) -> str:
    """What to say for an answer that takes some seconds."""
    return mind.play(saying(Reply(TEXT, pieces=150, pace=0.02)))


def begun(page: Page) -> None:
    """Wait until an answer is under way."""
    expect(page.locator(".answer")).to_contain_text("third of 1")
    expect(page.locator(".answer")).to_have_class(re.compile("streaming"))


def whole(page: Page) -> None:
    """Check that the answer is there, each word once."""
    expect(page.locator(".outcome").last).to_contain_text("done", timeout=30_000)
    until(lambda: seen(page), lambda words: words == PLAIN, patience=5)
    expect(page.locator(".request")).to_have_count(1)


def seen(page: Page) -> str:
    text = page.locator(".answer").evaluate(
        "box => [...box.querySelectorAll('.code-head')].map(e => e.remove()) && box.innerText"
    )
    return re.sub(r"\W+", "", text)


def test_a_reload_in_the_middle_of_an_answer_loses_nothing(
    browse: Browse, stage: Served, story: str, place: str
) -> None:
    page = browse(stage).tab(place)
    say(page, story)
    begun(page)
    for _ in range(2):
        page.reload()
        expect(page.locator(".answer")).to_contain_text("third of 1")
    expect(page.locator(".answer")).to_have_class(re.compile("streaming"))
    run = page.locator(".run").get_attribute("aria-label").split()[-1]
    assert stage.answer(run) == TEXT
    whole(page)


def test_a_server_that_is_killed_in_mid_answer_and_comes_back_completes_it(
    browse: Browse, spare: Served, story: str, place: str
) -> None:
    visit = browse(spare)
    visit.watch.allow("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
    page = visit.tab(place)
    say(page, story)
    begun(page)
    spare.kill()
    expect(page.locator(".connection")).to_have_attribute("data-state", "reconnecting")
    expect(page.locator(".connection")).to_contain_text("reconnecting")
    spare.start()
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    expect(page.locator(".outcome").last).to_contain_text("done", timeout=30_000)
    run = page.locator(".run").first.get_attribute("aria-label").split()[-1]
    assert spare.answer(run) == TEXT
    whole(page)


def test_a_server_that_ends_says_farewell_and_the_page_waits_for_the_next(
    browse: Browse, spare: Served, place: str
) -> None:
    visit = browse(spare)
    visit.watch.allow("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING")
    page = visit.tab(place)
    spare.end()
    expect(page.locator(".connection")).to_have_attribute("data-state", "farewell")
    spare.start()
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")


def test_eight_tabs_share_one_stream_and_all_get_the_answer(
    browse: Browse, stage: Served, story: str, place: str
) -> None:
    before = stage.gauge("company_sse_clients")
    visit = browse(stage)
    tabs = [visit.tab(place) for _ in range(7)]
    say(tabs[0], story)
    begun(tabs[6])
    tabs.append(visit.tab(place))
    assert stage.gauge("company_sse_clients") - before == 1
    for tab in tabs:
        whole(tab)


def test_a_tab_that_leads_the_others_may_close_where_there_is_no_shared_worker(
    browse: Browse, stage: Served, story: str, place: str
) -> None:
    before = stage.gauge("company_sse_clients")
    visit = browse(stage)
    visit.context.add_init_script("delete window.SharedWorker")
    leader, follower = visit.tab(place), visit.tab(place)
    assert stage.gauge("company_sse_clients") - before == 1
    say(follower, story)
    begun(follower)
    leader.close()
    whole(follower)


def test_what_is_typed_without_network_is_queued_and_said_once_when_it_is_back(
    browse: Browse, stage: Served, mind: Mind, place: str
) -> None:
    visit = browse(stage)
    visit.watch.allow("ERR_INTERNET_DISCONNECTED")
    page = visit.tab(place)
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    text = mind.play(saying(Reply("Welcome back.")))
    visit.context.set_offline(True)
    say(page, text)
    expect(page.locator(".pending")).to_contain_text("queued")
    page.reload()
    expect(page.locator(".pending")).to_contain_text("queued")
    visit.context.set_offline(False)
    expect(page.locator(".answer")).to_have_text("Welcome back.")
    expect(page.locator(".request")).to_have_count(1)
    said = stage.get(f"/threads/{place.partition('=')[2]}/messages")
    assert [message["text"] for message in said if message["from"] == "person"] == [text]


def test_an_approval_is_never_queued(browse: Browse, company: Served) -> None:
    visit = browse(company)
    visit.watch.allow("ERR_INTERNET_DISCONNECTED")
    page = visit.tab()
    say(page, "/approve")
    card = page.locator(".local .approval")
    visit.context.set_offline(True)
    card.get_by_role("button", name="Approve").click()
    expect(card.get_by_role("alert")).to_contain_text("cannot be reached")
    visit.context.set_offline(False)
    page.wait_for_timeout(2_500)  # longer than the outbox's first pause
    expect(card.get_by_role("button", name="Approve")).to_be_enabled()
    assert [approval["state"] for approval in company.get("/approvals")] == ["open"]


def test_a_page_that_slept_through_an_answer_has_all_of_it_when_it_wakes(
    browse: Browse, stage: Served, story: str, place: str
) -> None:
    page = browse(stage).tab(place)
    say(page, story)
    begun(page)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    run = until(lambda: [run for run in stage.get("/runs?limit=5") if run["thread"] == place.partition("=")[2]])[0][
        "id"
    ]
    stage.answer(run)
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    whole(page)


@pytest.fixture
def clocked(browse: Browse, spare: Served) -> Visit:
    """A browser whose stream runs in its page, where the clock can be moved on."""
    visit = browse(spare)
    visit.context.add_init_script("delete window.SharedWorker")
    visit.context.clock.install()
    return visit


def test_a_server_that_falls_silent_is_called_stalled_and_nothing_is_lost(
    clocked: Visit, spare: Served, story: str, place: str
) -> None:
    page = clocked.tab(place)
    say(page, story)
    begun(page)
    with spare.asleep():
        page.wait_for_timeout(300)
        clocked.context.clock.fast_forward(21_000)
        expect(page.locator(".connection")).to_have_attribute("data-state", "stalled")
        expect(page.locator(".connection")).to_contain_text(re.compile(r"stalled 2\d s"))
        clocked.context.clock.fast_forward(20_000)
        expect(page.locator(".connection")).to_have_attribute("data-state", "reconnecting")
    clocked.context.clock.fast_forward(2_000)
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    whole(page)


def test_a_session_that_ends_shows_the_way_in(browse: Browse, stage: Served, mind: Mind, place: str) -> None:
    visit = browse(stage)
    visit.watch.allow("status of 401")
    page, other = visit.tab(place), visit.tab(place)
    say(
        page, mind.play(saying(Reply(" tick" * 500, pieces=500, pace=0.02)))
    )  # a silent stream notices at its heartbeat
    with stage.store() as store:
        store.access.revoke_all("session")
    for tab in (page, other):
        expect(tab.get_by_label("Or log in with the server's password")).to_be_visible(timeout=20_000)
    page.goto(stage.login())
    ready(page)


def test_a_code_works_once_and_leaves_the_address(browse: Browse, stage: Served) -> None:
    visit = browse(stage, login=False)
    visit.watch.allow("status of 401")
    page = visit.context.new_page()
    address = stage.login()
    page.goto(address)
    ready(page)
    assert "#" not in page.url
    stranger = browse(stage, login=False)
    stranger.watch.allow("status of 401")
    late = stranger.context.new_page()
    late.goto(address)
    expect(late.get_by_role("alert")).to_contain_text("used already")
    assert "#" not in late.url


def test_a_password_lets_in(browse: Browse, spare: Served) -> None:
    with spare.store() as store:
        store.password.set("correct horse battery")
    visit = browse(spare, login=False)
    visit.watch.allow("status of 401")
    page = visit.context.new_page()
    page.goto(spare.url)
    field = page.get_by_label("Or log in with the server's password")
    field.fill("wrong horse battery")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    field.fill("correct horse battery")
    field.press("Enter")
    ready(page)
