"""The token, and the browser sessions it opens."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from company.errors import UsageError
from company.server.access.keys import LIFETIME, Sessions, load_token

TOKEN = "a-token-that-is-long-enough-for-tests"


class Watch:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


def test_a_browser_logs_in_once_with_the_token_and_is_known_by_its_cookie(server) -> None:
    with server.client(token=None) as browser:
        answer = browser.post("/api/v1/session", json={"token": TOKEN})
        assert answer.status_code == 204
        assert browser.get("/api/v1/status").status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie


@pytest.mark.parametrize("token", ["wrong", "\u00e9", "\ud800", ""])
def test_a_wrong_token_opens_no_session(server, token: str) -> None:
    with server.client(token=None, **{"content-type": "application/json"}) as browser:
        answer = browser.post("/api/v1/session", content=json.dumps({"token": token}))
    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers


def test_another_site_cannot_log_a_browser_in(server) -> None:
    with server.client(token=None, origin="http://evil.example") as browser:
        assert browser.post("/api/v1/session", json={"token": TOKEN}).status_code == 403


def test_a_cookie_is_no_bearer_token(server) -> None:
    with server.client(token=None) as browser:
        browser.post("/api/v1/session", json={"token": TOKEN})
        cookie = next(iter(browser.cookies.values()))
    with server.client(token=cookie) as thief:
        assert thief.get("/api/v1/status").status_code == 401


def test_a_wrong_bearer_token_is_not_made_good_by_a_cookie(server) -> None:
    with server.client(token=None) as browser:
        browser.post("/api/v1/session", json={"token": TOKEN})
        assert browser.get("/api/v1/status", headers={"authorization": "Bearer wrong"}).status_code == 401


def test_a_session_holds_until_it_runs_out() -> None:
    now = Watch()
    sessions = Sessions(TOKEN, now=now)
    cookie = sessions.open()
    now.moment += LIFETIME - timedelta(seconds=1)
    assert sessions.holds(cookie)
    now.moment += timedelta(seconds=1)
    assert not sessions.holds(cookie)


def test_a_session_survives_a_restart_and_ends_with_its_token() -> None:
    cookie = Sessions(TOKEN, now=Watch()).open()
    assert Sessions(TOKEN, now=Watch()).holds(cookie)
    assert not Sessions("another-token-that-is-long-enough-too", now=Watch()).holds(cookie)


@pytest.mark.parametrize("change", ["", ".", "9999999999", "9999999999.", "x.y", "\u00e9.\u00e9"])
def test_a_made_up_cookie_is_no_session(change: str) -> None:
    assert not Sessions(TOKEN, now=Watch()).holds(change)


def test_the_date_of_a_session_cannot_be_moved() -> None:
    expires, _, signature = Sessions(TOKEN, now=Watch()).open().partition(".")
    assert not Sessions(TOKEN, now=Watch()).holds(f"{int(expires) + 1}.{signature}")


def test_the_token_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    token = load_token(tmp_path)
    assert len(token) >= 43
    assert load_token(tmp_path) == token
    assert [file.name for file in tmp_path.iterdir()] == ["server.token"]
    assert stat.S_IMODE((tmp_path / "server.token").stat().st_mode) == 0o600


def test_a_deleted_token_is_replaced_by_another(tmp_path: Path) -> None:
    first = load_token(tmp_path)
    (tmp_path / "server.token").unlink()
    assert load_token(tmp_path) != first


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_token(tmp_path)
    (tmp_path / "server.token").chmod(0o640)
    with pytest.raises(UsageError, match="others may read"):
        load_token(tmp_path)


@pytest.mark.parametrize("content", ["", "short\n", "\xff" * 3])
def test_a_file_without_token_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "server.token"
    file.touch(mode=0o600)
    file.write_text(content, "latin-1")
    with pytest.raises(UsageError, match="delete the file"):
        load_token(tmp_path)
