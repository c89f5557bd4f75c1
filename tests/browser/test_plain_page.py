"""`/plain`: what serves without the web UI, and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.browser.served import Served, until


@pytest.fixture
def bare(browse: Browse, own_company: Served) -> Page:
    """The plain page in a browser that runs no scripts, after somebody logged in with the password."""
    with own_company.store() as store:
        store.password.set("correct horse battery")
    page = browse(own_company, login=False, java_script_enabled=False).context.new_page()
    page.goto(f"{own_company.url}/plain")
    page.get_by_label("password").fill("correct horse battery")
    page.locator("#known").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="send")).to_be_visible()
    return page


def test_without_scripts_one_talks_and_approves_with_forms(bare: Page, own_company: Served) -> None:
    bare.locator("textarea, input[name=text]").first.fill("buy 3 ETH please")
    bare.get_by_role("button", name="send").click()
    until(lambda: own_company.get("/approvals"))
    bare.goto(f"{own_company.url}/plain")
    expect(bare.get_by_text("buy 3 ETH please").first).to_be_visible()
    expect(bare.get_by_text("place_order").first).to_be_visible()
    bare.get_by_role("button", name="approve").first.click()
    until(lambda: own_company.get("/orders")["trades"])
    expect(bare.get_by_role("button", name="approve")).to_have_count(0)


def test_a_stranger_sees_the_way_in_and_nothing_of_the_company(browse: Browse, company: Served) -> None:
    page = browse(company, login=False, java_script_enabled=False).context.new_page()
    page.goto(f"{company.url}/plain")
    expect(page.get_by_label("password")).to_be_visible()
    for words in ("publish_post", "autopilot", "USDT"):
        assert words not in page.content()


def test_with_scripts_words_stream_into_the_plain_page_too(browse: Browse, company: Served) -> None:
    page = browse(company).context.new_page()
    page.goto(f"{company.url}/plain")
    page.locator("textarea, input[name=text]").first.fill("good morning")
    page.get_by_role("button", name="send").click()
    expect(page.get_by_text("Helena here").first).to_be_visible()
