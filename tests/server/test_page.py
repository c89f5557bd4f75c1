"""The plain page: useful without its script, safe with it."""

import re
from html.parser import HTMLParser

import pytest

from company.server.front.front import FOLDER

TOKEN = "a-token-that-is-long-enough-for-tests"


class Outline(HTMLParser):
    """Collects tags with their attributes, and the text outside of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> set[str | None]:
        return {attributes["id"] for _, attributes in self.tags if "id" in attributes}


def page(server, *, known: bool) -> Outline:
    with server.client(token=TOKEN if known else None) as client:
        answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Outline(answer.text)


def test_a_stranger_sees_that_it_works_and_how_to_log_in_but_no_words_and_no_amounts(server) -> None:
    server.run(server.say("hello"), until="done")
    text = page(server, known=False).text
    assert "all well" in text
    assert "company serve" in text
    assert "hello" not in text
    assert "$" not in text
    assert "R1" not in text


def test_without_its_script_the_page_shows_the_status_and_says_what_to_do(server) -> None:
    server.run(server.say("hello"), until="done")
    shown = page(server, known=True)
    assert "Spent today$0 of $10" in re.sub(r"\s*\n\s*", "", shown.text)
    assert ("noscript", {}) in shown.tags
    assert "company approvals approve" in shown.text


def test_an_approval_is_shown_with_its_exact_arguments_as_text(server) -> None:
    server.run(server.say("buy some bitcoin"), until="waiting")
    shown = page(server, known=True)
    assert '"quantity": "0.01"' in shown.text
    assert "<b>asked</b> for it" in shown.text.encode().decode("unicode_escape")
    assert "b" not in {tag for tag, _ in shown.tags}


@pytest.mark.parametrize("known", [True, False])
def test_the_page_keeps_to_its_content_security_policy(server, known: bool) -> None:
    tags = page(server, known=known).tags
    assert [attributes["src"] for tag, attributes in tags if tag == "script"] == ["/page/page.js"]
    assert "style" not in {tag for tag, _ in tags}
    assert not [attributes for _, attributes in tags if any(name.startswith(("on", "style")) for name in attributes)]


def test_the_script_only_ever_writes_text() -> None:
    script = (FOLDER / "page.js").read_text()
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|localStorage", script
    )


def test_everything_the_script_looks_for_is_on_the_page(server) -> None:
    looked_for = set(re.findall(r'\bat\("([a-z]+)"\)', (FOLDER / "page.js").read_text()))
    assert looked_for <= page(server, known=True).ids()


def test_every_control_has_a_name(server) -> None:
    tags = page(server, known=True).tags
    labelled = {attributes["for"] for tag, attributes in tags if tag == "label"}
    controls = [attributes for tag, attributes in tags if tag in {"textarea", "input", "select"}]
    assert controls
    assert all(control["id"] in labelled for control in controls)


@pytest.mark.parametrize(("path", "media"), [("/page/page.js", "text/javascript"), ("/page/page.css", "text/css")])
def test_the_script_and_the_stylesheet_are_open(server, path: str, media: str) -> None:
    with server.client(token=None) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
