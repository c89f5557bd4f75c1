"""The plain page: useful without its script, safe with it."""

import re
from html.parser import HTMLParser

import pytest

from company.server.access.codes import login_address
from company.server.front.built import STATIC
from company.server.front.front import FOLDER

FORM = "application/x-www-form-urlencoded"


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

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]

    def ids(self) -> set[str | None]:
        return {attributes["id"] for _, attributes in self.tags if "id" in attributes}


def page(server, *, known: bool) -> Outline:
    with server.client(**({} if known else {"token": None})) as client:
        answer = client.get("/plain")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Outline(answer.text)


def test_a_stranger_sees_how_to_log_in_and_nothing_of_the_company_but_its_name(server) -> None:
    server.run(server.say("hello"), until="done")
    text = page(server, known=False).text
    assert "company login" in text
    for told in ("hello", "all well", "Cycles", "autopilot", "paper", "$", "R1"):
        assert told not in text


def test_without_its_script_the_page_shows_the_status_and_the_conversation(server) -> None:
    server.run(server.say("hello"), until="done")
    shown = page(server, known=True)
    assert "Spent today$0 of $10" in re.sub(r"\s*\n\s*", "", shown.text)
    assert "Hello, nice to see you." in shown.text
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
    shown = page(server, known=known)
    assert [attributes["src"] for attributes in shown.all("script")] == ["/page/page.js"]
    assert not shown.all("style")
    assert not [name for _, attributes in shown.tags for name in attributes if name.startswith(("on", "style"))]
    assert {attributes["method"] for attributes in shown.all("form")} == {"post"}


def test_the_script_only_ever_writes_text() -> None:
    script = (FOLDER / "page.js").read_text()
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|localStorage", script
    )


def test_everything_the_script_looks_for_is_on_the_page(server) -> None:
    looked_for = set(re.findall(r'\bat\("([a-z]+)"\)', (FOLDER / "page.js").read_text()))
    assert looked_for <= page(server, known=True).ids()


@pytest.mark.parametrize("known", [True, False])
def test_every_control_has_a_name(server, known: bool) -> None:
    shown = page(server, known=known)
    labelled = {attributes["for"] for attributes in shown.all("label")}
    fields = [field for tag in ("textarea", "input", "select") for field in shown.all(tag)]
    controls = [field["id"] for field in fields if field.get("type") != "hidden"]
    assert controls
    assert set(controls) <= labelled


@pytest.mark.parametrize(("path", "media"), [("/page/page.js", "text/javascript"), ("/page/page.css", "text/css")])
def test_the_script_and_the_stylesheet_are_open(server, path: str, media: str) -> None:
    with server.client(token=None) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)


def test_the_root_is_the_web_ui_when_it_is_built_and_else_the_plain_page(server) -> None:
    with server.client(token=None) as client:
        root = client.get("/").text
    assert ('id="app"' in root) == (STATIC / "index.html").exists()
    assert ('action="/plain/session"' in root) != (STATIC / "index.html").exists()


# --- forms, without script -------------------------------------------------------------------------------------------


def post(server, path: str, fields: dict[str, str], *, client=None, **headers: str):
    shown = {"origin": server.url, "sec-fetch-site": "same-origin", **headers}
    if client is not None:
        return client.post(path, data=fields, headers=shown)
    with server.client() as opened:
        return opened.post(path, data=fields, headers=shown)


def conversation(server) -> str:
    return page(server, known=True).text


def test_a_browser_logs_in_with_the_address_it_was_given(server) -> None:
    with server.store() as store:
        address = login_address(store.access, server.url, "Ada")
    with server.client(token=None) as browser:
        answer = post(server, "/plain/session", {"code": f" {address}\n"}, client=browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/plain")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "Spent today" in browser.get("/plain").text
        again = post(server, "/plain/session", {"code": address}, client=browser)
    assert again.status_code == 401
    assert "this code was used before" in again.text


def test_a_wrong_password_shows_the_page_again_with_what_is_wrong(server) -> None:
    with server.client(token=None) as browser:
        answer = post(server, "/plain/session", {"password": "guess"}, client=browser)
    assert answer.status_code == 401
    assert "this is not the password" in answer.text
    assert 'action="/plain/session"' in answer.text
    assert "set-cookie" not in answer.headers


def test_a_message_is_said_and_answered(server) -> None:
    answer = post(server, "/plain/messages", {"text": "good morning\r\nall", "key": "k1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/plain")
    with server.client() as client:
        run = client.get("/api/v1/runs").json()
    newest = (run["runs"] if isinstance(run, dict) else run)[0]
    assert (newest["request"], newest["person"], newest["thread"]) == ("good morning\nall", "Ada", "main")
    server.run(newest["id"], until="done")
    assert "good morning\nall" in conversation(server)


def test_a_form_that_is_sent_twice_is_done_once(server) -> None:
    fields = {"text": "hello", "key": "the same"}
    assert [post(server, "/plain/messages", fields).status_code for _ in range(2)] == [303, 303]
    with server.client() as client:
        runs = client.get("/api/v1/runs").json()
    runs = runs["runs"] if isinstance(runs, dict) else runs
    begun = [run for run in runs if run["request"] == "hello"]
    more = post(server, "/plain/messages", {**fields, "text": "another"})
    assert more.status_code == 422
    assert "the same" in more.text
    assert len(begun) == len({run["id"] for run in begun})


def test_every_page_has_a_key_of_its_own(server) -> None:
    keys = {
        field["value"]
        for _ in range(2)
        for field in page(server, known=True).all("input")
        if field.get("name") == "key"
    }
    assert len(keys) == 4


def test_an_approval_is_decided_by_its_buttons(server) -> None:
    run = server.say("buy some bitcoin")
    server.run(run, until="waiting")
    with server.client() as client:
        listed = client.get("/api/v1/approvals").json()
    asked = next(entry for entry in listed if entry["run"] == run)
    fields = {"approval": asked["id"], "answer": "reject", "note": "not today"}
    assert post(server, "/plain/approvals", fields).status_code == 303
    with server.client() as client:
        decided = client.get(f"/api/v1/approvals/{asked['id']}").json()
    assert (decided["state"], decided["decided_by"], decided["note"]) == ("rejected", "Ada", "not today")
    again = post(server, "/plain/approvals", fields | {"answer": "approve"})
    assert again.status_code == 409
    assert 'role="alert"' in again.text


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/plain/approvals", {"approval": "A1", "answer": "maybe"}, 422),
        ("/plain/approvals", {"approval": "../stop", "answer": "approve"}, 422),
        ("/plain/approvals", {"answer": "approve"}, 422),
        ("/plain/approvals", {"approval": "A999", "answer": "approve"}, 404),
        ("/plain/messages", {"text": " "}, 422),
        ("/plain/messages", {f"field{n}": "x" for n in range(20)}, 422),
    ],
)
def test_a_form_that_says_nothing_sensible_changes_nothing(server, path: str, fields, status: int) -> None:
    answer = post(server, path, fields)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/plain/messages", "/plain/cycles", "/plain/approvals", "/plain/session"])
@pytest.mark.parametrize(
    "sign",
    [
        {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
    ],
)
def test_a_form_of_another_site_is_refused(server, path: str, sign: dict[str, str]) -> None:
    assert post(server, path, {"text": "hello"}, **sign).status_code == 403


def test_a_form_that_does_not_say_where_it_comes_from_is_refused(server) -> None:
    with server.client() as client:
        answer = client.post("/plain/messages", data={"text": "hello"})
    assert answer.status_code == 403
    assert "a form must come from the plain page itself" in answer.text


@pytest.mark.parametrize("media", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_a_form_is_a_form(server, media: str) -> None:
    with server.client() as client:
        answer = client.post(
            "/plain/messages", content=b"text=hello", headers={"content-type": media, "origin": server.url}
        )
    assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/plain/messages", "/plain/cycles", "/plain/approvals"])
def test_a_stranger_can_only_log_in(server, path: str) -> None:
    with server.client(token=None) as client:
        assert post(server, path, {"text": "hello"}, client=client).status_code == 401


@pytest.mark.parametrize(
    ("path", "fields", "scopes"),
    [
        ("/plain/messages", {"text": "hello"}, ("read", "approve", "admin")),
        ("/plain/cycles", {"key": "k2"}, ("read", "approve", "admin")),
        ("/plain/approvals", {"approval": "A1", "answer": "approve"}, ("read", "chat", "admin")),
    ],
)
def test_a_form_needs_the_scope_of_its_command(server, path: str, fields: dict[str, str], scopes) -> None:
    with server.client(scopes=scopes) as client:
        answer = post(server, path, fields, client=client)
    assert answer.status_code == 403
    assert "has no scope" in answer.text


def test_browsers_say_where_a_form_of_the_page_comes_from(server) -> None:
    """Under `no-referrer` they would say `Origin: null`, which the gate refuses."""
    with server.client() as client:
        assert client.get("/plain").headers["referrer-policy"] == "same-origin"
        assert client.get("/plain").headers["cache-control"] == "no-store"
