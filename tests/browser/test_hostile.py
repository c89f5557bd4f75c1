"""Hostile markdown, wherever words of a model or a stranger are shown: nothing leaves, nothing runs, all is read."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from company.roles import SUMMARY_LIMIT
from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Browse, Visit, say, thread_of
from tests.browser.mind import Mind, Part, calling, delegating, saying
from tests.browser.served import Served
from tests.browser.trap import Trap
from tests.wire import Asked, Reply, ToolUse

CORPUS = Path(__file__).with_name("hostile.md")
LEAST = 60
ROLES = ("content", "operations", "research", "security", "trading")
READABLE = "Entry {} can still be read."

# fmt: off
TAGS = {
    "P", "BR", "HR", "H1", "H2", "H3", "H4", "H5", "H6", "BLOCKQUOTE", "UL", "OL", "LI", "DL", "DT", "DD", "TABLE",
    "THEAD", "TBODY", "TFOOT", "TR", "TH", "TD", "CAPTION", "A", "STRONG", "EM", "B", "I", "U", "S", "DEL", "INS",
    "MARK", "SMALL", "SUB", "SUP", "CODE", "PRE", "KBD", "SAMP", "VAR", "ABBR", "Q", "CITE", "DIV", "SPAN", "BUTTON",
    "FIGURE", "FIGCAPTION", "SVG", "POLYLINE",
}
# fmt: on
"""What may stand in an answer: markdown's own elements, and those of our code blocks and sparklines."""

_FORBIDDEN = {"style", "id", "name", "src", "srcset", "srcdoc", "background", "ping", "action", "accesskey", "onclick"}
_ATTRIBUTES = """box => [...box.querySelectorAll("*")].flatMap(one =>
    [...one.attributes].map(({name, value}) => [one.tagName.toUpperCase(), name, value]))"""
_WINDOW = """() => [Object.getOwnPropertyNames(window).sort().join(" "), typeof fetch, typeof localStorage.getItem,
    String(document.getElementById).includes("native"), document.body.tagName, document.baseURI.split("?")[0],
    Object.keys(Object.prototype).length, document.querySelectorAll("style, base, meta, link, script").length]"""


@pytest.fixture(scope="session")
def corpus(trap: Trap) -> dict[str, str]:
    """Entries by number."""
    text = CORPUS.read_text("utf-8").partition("\n## ")[2]
    meanings = {"EVIL": trap.url, "HARM": "window.harm=1;alert(1)", "RLO": "\u202e", "PDI": "\u2069"}
    for word, meaning in meanings.items():
        text = text.replace(word, meaning)
    entries = {}
    for entry in f"## {text}".split("\n## "):
        words = entry.removeprefix("## ").strip()
        entries[words[:2]] = f"## {words}\n\n{READABLE.format(words[:2])}"
    return entries


@pytest.fixture
def visit(browse: Browse, stage: Served) -> Visit:
    return browse(stage)


@pytest.fixture
def unharmed(visit: Visit, request: pytest.FixtureRequest) -> Callable[[Callable[[Page], Locator], str], None]:
    """Check that a page is as it was after something was shown on it."""

    def _check(show: Callable[[Page], Locator], place: str) -> None:
        page = visit.tab(place)
        before = page.evaluate(_WINDOW)
        box = show(page)
        page.mouse.move(200, 300)
        page.wait_for_timeout(300)
        assert page.evaluate(_WINDOW) == before
        assert page.evaluate("window.harm") is None
        assert page.url.endswith(place)
        assert (
            page.locator("iframe, object, embed, video, audio, img, form:not(.prompt, .approval-answer)").count() == 0
        )
        assert [asked for asked in visit.watch.requests if "beacon" in asked] == []
        assert len(visit.context.pages) == 1
        harmless(box)

    return _check


def harmless(box: Locator) -> None:
    """Check every element and attribute that the words became."""
    for tag, name, value in box.evaluate(_ATTRIBUTES):
        assert tag in TAGS, (tag, name, value)
        assert not name.startswith("on"), (tag, name, value)
        assert name not in _FORBIDDEN, (tag, name, value)
        assert name != "is" or not value  # an element's `is` can be emptied, not taken away
        if name == "href":
            assert re.match(r"https?://|mailto:|#", value), value
        if name == "href" and value.startswith("http"):
            assert tag == "A"
    for link in box.locator("a[href^=http]").all():
        assert {"noopener", "noreferrer"} <= set((link.get_attribute("rel") or "").split())
        assert link.get_attribute("target") == "_blank"


def test_the_corpus_is_large_and_every_entry_attacks_and_says_its_word(corpus: dict[str, str], trap: Trap) -> None:
    assert len(corpus) >= LEAST
    assert sorted(corpus) == [f"{number:02}" for number in range(1, len(corpus) + 1)]


def test_an_answer_of_the_ceo_does_no_harm_and_can_be_read(
    corpus: dict[str, str], unharmed: Callable, mind: Mind, request: pytest.FixtureRequest
) -> None:
    text = "\n\n".join(corpus.values())

    def show(page: Page) -> Locator:
        say(page, mind.play(saying(Reply(text, pieces=400))))
        expect(page.locator(".outcome")).to_contain_text("done", timeout=20_000)
        answer = page.locator(".answer .md")
        for number in corpus:
            expect(answer).to_contain_text(READABLE.format(number))
        return answer

    unharmed(show, f"/?thread={thread_of(request)}")


def test_links_of_an_answer_say_where_they_go(
    corpus: dict[str, str], unharmed: Callable, mind: Mind, request: pytest.FixtureRequest
) -> None:
    def show(page: Page) -> Locator:
        say(page, mind.play(saying(Reply("\n\n".join(corpus[number] for number in ("19", "24", "25", "67"))))))
        expect(page.locator(".outcome")).to_contain_text("done")
        answer = page.locator(".answer .md")
        links = answer.locator("a[href^=http]").evaluate_all("all => all.map(one => [one.host, one.innerText])")
        assert len(links) >= 6
        for host, words in links:
            assert host in words
        return answer

    unharmed(show, f"/?thread={thread_of(request)}")


def test_reports_of_roles_do_no_harm(
    corpus: dict[str, str], unharmed: Callable, mind: Mind, request: pytest.FixtureRequest
) -> None:
    def show(page: Page) -> Locator:
        for turn, parts in enumerate(batched(_parts(corpus), len(ROLES)), 1):
            reports = ["\n\n".join(corpus[entry] for entry in entries) for entries in parts]
            say(page, mind.play(delegating(ROLES[: len(parts)], _reporting(reports), lambda said: Reply("Reported."))))
            expect(page.locator(".outcome.done")).to_have_count(turn)
            for lane, entries in zip(page.locator(".run").last.locator(".lane").all(), parts, strict=True):
                lane.locator("summary").first.click()
                for entry in entries:
                    expect(lane.locator(".work > .md")).to_contain_text(READABLE.format(entry))
                harmless(lane.locator(".work > .md"))
        return page.locator(".answer .md").last

    unharmed(show, f"/?thread={thread_of(request)}")


def _reporting(reports: list[str]) -> Part:
    def _part(asked: Asked) -> Reply:
        return Reply(reports[int(re.findall(r"part (\d+) of scene", asked.messages[0]["text"])[-1]) - 1])

    return _part


def test_a_call_and_what_a_tool_gave_are_text(
    corpus: dict[str, str], unharmed: Callable, mind: Mind, request: pytest.FixtureRequest
) -> None:
    draft = {"channel": "blog", "topic": "week", "text": "\n".join(list(corpus.values())[:20])[:3_500], "figures": []}

    def show(page: Page) -> Locator:
        work = calling(ToolUse("draft_post", draft), Reply("Drafted."))
        say(page, mind.play(delegating(["content"], work, lambda said: Reply("It is drafted."))))
        expect(page.locator(".answer")).to_contain_text("It is drafted.")
        page.locator(".lane summary").first.click()
        page.locator(".call summary").first.click()
        facts = page.locator(".lane .facts")
        expect(facts.locator("pre", has_text="<script>window.harm").first).to_be_visible()
        expect(facts.locator("img, svg, a, script, style, iframe")).to_have_count(0)
        return page.locator(".answer .md")

    unharmed(show, f"/?thread={thread_of(request)}")


def batched(parts: list[list[str]], size: int) -> list[list[list[str]]]:
    return [parts[begin : begin + size] for begin in range(0, len(parts), size)]


def _parts(corpus: dict[str, str]) -> list[list[str]]:
    """Share the entries out so that each part is as long as a report may be."""
    parts: list[list[str]] = [[]]
    for number, entry in corpus.items():
        if sum(len(corpus[other]) + 2 for other in parts[-1]) + len(entry) > SUMMARY_LIMIT:
            parts.append([])
        parts[-1].append(number)
    return parts


def test_what_a_person_types_and_what_an_approval_shows_is_text(
    corpus: dict[str, str], browse: Browse, stage: Served, mind: Mind, request: pytest.FixtureRequest
) -> None:
    words = " ".join(corpus[number] for number in ("01", "08", "11", "16", "32"))
    order = {"symbol": "ETH/USDT", "side": "buy", "quantity": "3.25", "reason": corpus["11"][:200]}
    page = browse(stage, DESKTOP).tab(f"/?thread={thread_of(request)}")
    work = calling(ToolUse("place_order", order), Reply("Asked."))
    say(page, f"{words} {mind.play(delegating(['trading'], work, lambda said: Reply('It waits.')))}")
    card = page.locator(".approval").last
    expect(card.get_by_role("button", name="Approve")).to_be_visible()
    for box in (page.locator(".request .words"), card.locator("dl"), page.locator("#approvals dl").last):
        expect(box).to_contain_text("<script>")
        expect(box.locator("script, img, a, style")).to_have_count(0)
    assert page.evaluate("window.harm") is None
    card.get_by_role("button", name="Reject").click()


def test_the_plain_page_shows_hostile_words_as_text(
    corpus: dict[str, str], visit: Visit, stage: Served, mind: Mind
) -> None:
    text = "\n\n".join(corpus.values())
    run = stage.post("/messages", {"text": mind.play(saying(Reply(text))), "thread": "main"})["run"]
    stage.answer(run)
    page = visit.context.new_page()
    page.goto(f"{stage.url}/plain")
    expect(page.locator("#log")).to_contain_text(READABLE.format("72"))
    expect(page.locator("#log").locator("img, a, svg, iframe, script")).to_have_count(0)
    assert page.evaluate("window.harm") is None


def test_the_trap_catches_what_an_unguarded_page_would_leak(chromium, corpus: dict[str, str]) -> None:
    """The corpus and the trap themselves are tested: without our guards the same words do leave the browser."""
    with Trap() as other:
        page = chromium.new_context().new_page()
        page.set_content("".join(corpus[number] for number in ("08", "09", "32")).replace(_foreign(corpus), other.url))
        page.wait_for_timeout(500)
        page.context.close()
        assert len(other.asked) >= 3


def _foreign(corpus: dict[str, str]) -> str:
    return re.search(r"http://127\.0\.0\.1:\d+", corpus["08"])[0]
