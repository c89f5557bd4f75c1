"""Browser sessions: one-time codes, the password, and the cookie."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from company.server.access.codes import login_address
from company.server.principal import SCOPES

SESSION = "/api/v1/session"
STATUS = "/api/v1/status"
PASSWORD = "correct horse battery"


def code_for(server, person: str = "Ada") -> str:
    """Make a code as `company login` does."""
    with server.store() as store:
        return login_address(store.access, server.url, person).partition("#t=")[2]


@contextmanager
def logged_in(server) -> Iterator[Any]:
    """Give a client with a session and no token."""
    with server.client(token=None) as browser:
        answer = browser.post(SESSION, json={"code": code_for(server)})
        assert answer.status_code == 204, answer.text
        yield browser


def test_a_browser_logs_in_with_a_code_and_is_known_by_its_cookie(server) -> None:
    code = code_for(server, "Grace")
    with server.client(token=None) as browser:
        answer = browser.post(SESSION, json={"code": code})
        assert (answer.status_code, answer.content) == (204, b"")
        assert browser.get(STATUS).status_code == 200
        assert browser.get(SESSION).json() == {"person": "Grace", "scopes": list(SCOPES)}
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["secure"]
    assert int(cookie["max-age"]) == timedelta(days=7).total_seconds()
    assert code not in cookie.value


def test_a_browser_that_came_by_https_gets_a_cookie_for_https_only(start_server) -> None:
    server = start_server('[server]\nproxy = "https://company.example"')
    for sign in ({"host": "company.example"}, {"origin": "https://company.example"}):
        with server.client(token=None, **sign) as browser:
            answer = browser.post(SESSION, json={"code": code_for(server)})
        assert answer.status_code == 204
        assert "; Secure" in answer.headers["set-cookie"]


def test_a_code_opens_one_session(server) -> None:
    code = code_for(server)
    with server.client(token=None) as browser, server.client(token=None) as thief:
        assert browser.post(SESSION, json={"code": code}).status_code == 204
        answer = thief.post(SESSION, json={"code": code})
    assert answer.status_code == 401
    assert "company login" in answer.json()["error"]["message"]
    assert "set-cookie" not in answer.headers


def test_of_browsers_that_use_one_code_at_the_same_time_one_wins(start_server) -> None:
    server = start_server()
    code = code_for(server)

    def enter(_: int) -> int:
        with server.client(token=None) as browser:
            return browser.post(SESSION, json={"code": code}).status_code

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(enter, range(5))) == [204, 401, 401, 401, 401]


def test_a_code_that_ran_out_opens_nothing(server) -> None:
    with server.store() as store:
        late = store.access.make("login", person="Ada", scopes=SCOPES, lasts=timedelta(microseconds=1)).secret
    with server.client(token=None) as browser:
        assert browser.post(SESSION, json={"code": late}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"code": "wrong"},
        {"code": "\u00e9"},
        {"code": "\ud800"},
        {"code": ""},
        {"token": "x"},
        {"code": "x", "password": "y"},
        {"code": "x", "person": "y"},
        {"password": "x" * 1001},
        {},
        [],
    ],
)
def test_anything_else_opens_no_session(start_server, body: object) -> None:
    server = start_server()
    with server.client(token=None, **{"content-type": "application/json"}) as browser:
        answer = browser.post(SESSION, content=json.dumps(body))
    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers


def test_another_site_cannot_log_a_browser_in(server) -> None:
    with server.client(token=None, origin="http://evil.example") as browser:
        assert browser.post(SESSION, json={"code": code_for(server)}).status_code == 403


def test_a_cookie_is_no_bearer_token_and_a_token_no_cookie(server) -> None:
    with logged_in(server) as browser:
        ((name, session),) = browser.cookies.items()
    with server.client(token=session) as thief:
        assert thief.get(STATUS).status_code == 401
    with server.client(token=None, cookie=f"{name}={server.token}") as thief:
        assert thief.get(STATUS).status_code == 401


def test_a_wrong_bearer_token_is_not_made_good_by_a_cookie(server) -> None:
    with logged_in(server) as browser:
        assert browser.get(STATUS, headers={"authorization": "Bearer wrong"}).status_code == 401


def test_a_stranger_is_told_that_nobody_is_logged_in(server) -> None:
    with server.client(token=None) as browser:
        assert browser.get(SESSION).status_code == 401


def test_logging_out_ends_the_session_at_once_and_takes_the_cookie_away(server) -> None:
    with logged_in(server) as browser:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        assert browser.delete(SESSION).status_code == 204
        assert not browser.cookies
        assert browser.get(SESSION).status_code == 401
    with server.client(token=None, cookie=cookie) as thief:
        assert thief.get(STATUS).status_code == 401


def test_logging_out_does_not_revoke_a_token(server) -> None:
    with server.client() as program:
        assert program.delete(SESSION).status_code == 204
        assert program.get(STATUS).status_code == 200


def test_a_session_survives_a_restart(start_server) -> None:
    server = start_server()
    with logged_in(server) as browser:
        ((_, session),) = browser.cookies.items()
    server.stop()
    again = start_server()
    with again.client(token=None, cookie=f"company_session_{again.port}={session}") as browser:
        assert browser.get(SESSION).json()["person"] == "Ada"


def test_people_log_in_with_the_password_and_say_who_they_are(start_server) -> None:
    server = start_server()
    with server.store() as store:
        store.password.set(PASSWORD)
    with server.client(token=None) as browser:
        assert browser.post(SESSION, json={"password": PASSWORD}).status_code == 204
        assert browser.get(SESSION).json()["person"] == "Ada"
        assert browser.post(SESSION, json={"password": PASSWORD, "person": "Grace"}).status_code == 204
        assert browser.get(SESSION).json()["person"] == "Grace"
        assert browser.post(SESSION, json={"password": PASSWORD, "person": "role:ceo"}).status_code == 400
        assert browser.post(SESSION, json={"password": PASSWORD, "person": "Grace\x1b[2J"}).status_code == 422
        assert browser.post(SESSION, json={"password": "wrong"}).status_code == 401


def test_without_a_password_none_is_right(server) -> None:
    with server.client(token=None) as browser:
        assert browser.post(SESSION, json={"password": PASSWORD}).status_code == 401


def test_guessing_the_password_is_slowed_down_even_for_the_right_one(start_server) -> None:
    server = start_server("[server]\nlogins_per_minute = 2")
    with server.store() as store:
        store.password.set(PASSWORD)
    with server.client(token=None) as browser:
        guesses = [browser.post(SESSION, json={"password": guess}) for guess in ("a", "b", PASSWORD)]
    assert [guess.status_code for guess in guesses] == [401, 401, 429]
    assert "retry-after" in guesses[-1].headers


def test_a_session_that_ran_out_does_not_use_up_the_attempts_to_log_in(start_server) -> None:
    server = start_server("[server]\nlogins_per_minute = 1")
    stale = f"company_session_{server.port}=stale"
    with server.client(token=None) as browser:
        for _ in range(5):
            assert browser.get(STATUS, headers={"cookie": stale}).status_code == 401
        assert browser.post(SESSION, json={"code": code_for(server)}, headers={"cookie": stale}).status_code == 204


def test_no_secret_is_in_the_home_the_log_or_the_journal(start_server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = start_server()
    code, token = code_for(server), server.token
    with server.store() as store:
        store.password.set(PASSWORD)
    with server.client(token=None) as browser:
        browser.post(SESSION, json={"code": code})
        ((_, session),) = browser.cookies.items()
        browser.post(SESSION, json={"password": PASSWORD})
    server.run(server.say("hello"), until="done")
    server.stop()
    kept = b"".join(file.read_bytes() for file in server.state.rglob("*") if file.is_file())
    told = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]  # the client's
    assert told
    assert b"hello" in kept
    for secret in (code, token, session, PASSWORD):
        assert secret.encode() not in kept
        assert not [line for line in told if secret in line]
