"""Tokens of programs, one-time addresses and the password, on the command line."""

import json
from pathlib import Path

from company.home import open_store
from company.server.access.presence import announced


def found(home: Path, kind: str, secret: str):
    store = open_store(home)
    try:
        return store.access.find(kind, secret)
    finally:
        store.close()


def test_a_token_is_all_that_goes_to_standard_output_and_opens_what_was_asked_for(company, tmp_path: Path) -> None:
    done = company(
        "token", "--scope", "approve", "--scope", "read", "--name", "phone", "--person", "ada", "--days", "3"
    )
    assert done.returncode == 0, done.stderr
    assert "token T1 of ada: approve read, until" in done.stderr
    (secret,) = done.stdout.splitlines()
    token = found(tmp_path / "home", "token", secret)
    assert token
    assert (token.person, token.name, token.scopes) == ("ada", "phone", ("approve", "read"))
    assert (token.expires_at - token.created_at).days == 3


def test_without_a_scope_a_token_may_look_and_talk_but_not_decide(company, tmp_path: Path) -> None:
    done = company("token")
    assert found(tmp_path / "home", "token", done.stdout.strip()).scopes == ("chat", "read")
    assert "until it is revoked" in done.stderr


def test_an_unknown_scope_is_refused_with_the_known_ones(company) -> None:
    done = company("token", "--scope", "aprove")
    assert done.returncode == 2
    assert "no scope 'aprove'" in done.stderr
    assert "did you mean 'approve'?" in done.stderr


def test_tokens_are_listed_without_their_secrets_and_revoked_by_id(company, tmp_path: Path) -> None:
    secret = company("token", "--name", "phone").stdout.strip()
    assert secret not in company("tokens", "list").stdout
    (row,) = json.loads(company("tokens", "list", "--json").stdout)
    assert (row["id"], row["name"], row["revoked_at"]) == ("T1", "phone", None)
    done = company("tokens", "revoke", "T1")
    assert done.returncode == 0
    assert "T1 opens nothing" in done.stdout
    assert found(tmp_path / "home", "token", secret) is None
    assert "revoked" in company("tokens", "list").stdout


def test_a_token_that_is_not_there_cannot_be_revoked(company) -> None:
    done = company("tokens", "revoke", "T7")
    assert done.returncode == 2
    assert "no token 'T7'" in done.stderr


def test_logging_in_needs_a_running_server(company) -> None:
    done = company("login")
    assert done.returncode == 2
    assert "no server of this home is running" in done.stderr
    assert "company serve" in done.stderr


def test_logging_in_prints_a_fresh_address_of_the_running_server(company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with announced(home, "http://127.0.0.1:1", "https://company.example"):
        printed = [company("login", "--person", "ada").stdout.strip() for _ in range(2)]
    codes = [address.removeprefix("https://company.example/#t=") for address in printed]
    assert len(set(codes)) == 2
    assert all(found(home, "login", code).person == "ada" for code in codes)


def test_a_password_is_read_from_standard_input_and_logs_every_browser_out(run_company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "word").write_text("correct horse battery\n")
    store = open_store(home)
    store.access.make("session", person="ada", scopes=["read"])
    done = run_company("password", "set", home=home, stdin=tmp_path / "word")
    assert done.returncode == 0, done.stderr
    assert "1 browser sessions ended" in done.stdout
    assert "horse" not in done.stdout + done.stderr
    assert store.password.matches("correct horse battery")
    store.close()


def test_a_short_password_is_refused_and_the_old_one_stays(run_company, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home)
    store.password.set("correct horse battery")
    (tmp_path / "word").write_text("short")
    done = run_company("password", "set", home=home, stdin=tmp_path / "word")
    assert done.returncode == 2
    assert store.password.matches("correct horse battery")
    store.close()
