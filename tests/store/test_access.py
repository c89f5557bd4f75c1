"""Credentials and the password."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from company.errors import UsageError
from company.store import Store
from company.store.passwords import SHORTEST

HOUR = timedelta(hours=1)


def test_a_token_is_found_by_its_secret(store: Store) -> None:
    made = store.access.make("token", person="ada", scopes=["read", "chat"], name="phone")
    found = store.access.find("token", made.secret)
    assert found == made.credential
    assert (found.id, found.person, found.scopes, found.name) == ("T1", "ada", ("chat", "read"), "phone")
    assert found.expires_at is None


def test_another_secret_finds_nothing(store: Store) -> None:
    store.access.make("token", person="ada", scopes=["read"])
    for guess in ("", "t_", "\ud800", "T1"):
        assert store.access.find("token", guess) is None


def test_no_secret_is_in_the_database_in_clear(store: Store, home: Path) -> None:
    made = [
        store.access.make(kind, person="ada", scopes=["read"], lasts=HOUR) for kind in ("token", "login", "session")
    ]
    store.password.set("correct horse battery")
    files = b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    assert made[0].credential.id.encode() in files
    for secret in [*(one.secret for one in made), "correct horse battery"]:
        assert secret.encode() not in files


def test_a_revoked_token_finds_nothing_in_any_process(store: Store, open_store) -> None:
    made = store.access.make("token", person="ada", scopes=["read"])
    other = open_store()
    first = other.access.revoke(made.credential.id)
    assert store.access.find("token", made.secret) is None
    assert store.access.revoke(made.credential.id).revoked_at == first.revoked_at


def test_a_token_that_is_not_there_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(UsageError, match="no credential 'T9'"):
        store.access.revoke("T9")


def test_a_credential_holds_until_it_runs_out(store: Store, now) -> None:
    made = store.access.make("session", person="ada", scopes=["read"], lasts=HOUR)
    now.tick(3599)
    assert store.access.find("session", made.secret)
    now.tick(1)
    assert store.access.find("session", made.secret) is None


def test_a_login_code_is_good_once(store: Store) -> None:
    made = store.access.make("login", person="ada", scopes=["read"], lasts=HOUR)
    used = store.access.use(made.secret)
    assert used
    assert (used.id, used.person) == (made.credential.id, "ada")
    assert store.access.use(made.secret) is None


def test_of_many_that_use_one_code_at_the_same_time_one_wins(store: Store, open_store) -> None:
    made = store.access.make("login", person="ada", scopes=["read"], lasts=HOUR)
    stores = [open_store() for _ in range(6)]
    with ThreadPoolExecutor(len(stores)) as pool:
        used = list(pool.map(lambda store: store.access.use(made.secret), stores))
    assert len([one for one in used if one]) == 1


def test_a_code_that_ran_out_or_was_revoked_is_no_good(store: Store, now) -> None:
    late = store.access.make("login", person="ada", scopes=["read"], lasts=HOUR)
    revoked = store.access.make("login", person="ada", scopes=["read"], lasts=2 * HOUR)
    store.access.revoke(revoked.credential.id)
    now.tick(3600)
    assert store.access.use(late.secret) is None
    assert store.access.use(revoked.secret) is None


def test_only_a_login_code_can_be_used(store: Store) -> None:
    for kind in ("token", "session"):
        assert store.access.use(store.access.make(kind, person="ada", scopes=["read"], lasts=HOUR).secret) is None


@pytest.mark.parametrize("person", ["", "  ", "role:trading"])
def test_nobody_and_roles_get_no_credential(store: Store, person: str) -> None:
    with pytest.raises(UsageError, match="is not a person"):
        store.access.make("token", person=person, scopes=["read"])


def test_a_token_without_scope_is_not_made(store: Store) -> None:
    with pytest.raises(UsageError, match="without scope"):
        store.access.make("token", person="ada", scopes=[])


def test_all_sessions_end_at_once_and_tokens_stay(store: Store) -> None:
    token = store.access.make("token", person="ada", scopes=["read"])
    sessions = [store.access.make("session", person="ada", scopes=["read"], lasts=HOUR) for _ in range(3)]
    store.access.revoke(sessions[0].credential.id)
    assert store.access.revoke_all("session") == 2
    assert not any(store.access.find("session", session.secret) for session in sessions)
    assert store.access.find("token", token.secret)


def test_sessions_and_codes_that_ran_out_are_forgotten_and_tokens_kept(store: Store, now) -> None:
    for kind in ("token", "login", "session"):
        store.access.make(kind, person="ada", scopes=["read"], lasts=HOUR)
    now.tick(3600)
    store.access.make("session", person="ada", scopes=["read"], lasts=HOUR)
    assert [len(store.access.all(kind)) for kind in ("token", "login", "session")] == [1, 0, 1]


def test_the_password_matches_itself_only(store: Store, open_store) -> None:
    assert not store.password.is_set()
    assert not store.password.matches("")
    store.password.set("correct horse battery")
    other = open_store()
    assert other.password.is_set()
    assert other.password.matches("correct horse battery")
    for guess in ("correct horse batter", "", "\ud800"):
        assert not other.password.matches(guess)


def test_a_new_password_replaces_the_old_one(store: Store) -> None:
    for password in ("correct horse battery", "another long sentence"):
        store.password.set(password)
    assert store.password.matches("another long sentence")
    assert not store.password.matches("correct horse battery")


def test_a_short_password_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match=f"at least {SHORTEST} characters"):
        store.password.set("x" * (SHORTEST - 1))
    assert not store.password.is_set()


def test_a_forgotten_token_leaves_nothing(store: Store) -> None:
    made = store.access.make("token", person="ada", scopes=["read"])
    store.access.forget(made.credential.id)
    assert store.access.find("token", made.secret) is None
    assert store.access.all("token") == []
