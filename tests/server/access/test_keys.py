"""Who shows a token, found fast and forgotten in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from timeit import timeit

import pytest

from company.server.access.keys import BELIEVED, Keys
from company.store import Store


@dataclass
class Watch:
    """Both clocks, which move when told."""

    moment: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(tmp_path: Path, watch: Watch) -> Iterator[Store]:
    store = Store.open(tmp_path / "company.db", now=watch.now)
    yield store
    store.close()


@pytest.fixture
def keys(store: Store, watch: Watch) -> Keys:
    return Keys(store.access, now=watch.now, monotonic=watch.monotonic)


def test_a_token_says_who_asks_and_what_they_may(store: Store, keys: Keys) -> None:
    made = store.access.make("token", person="ada", scopes=["read", "chat"])
    found = keys.principal("token", made.secret)
    assert found
    assert (found.person, found.scopes, found.id) == ("ada", {"read", "chat"}, made.credential.id)


def test_a_secret_of_one_kind_is_none_of_another(store: Store, keys: Keys) -> None:
    for kind, other in (("token", "session"), ("session", "token"), ("login", "session")):
        secret = store.access.make(kind, person="ada", scopes=["read"], lasts=timedelta(days=1)).secret
        assert keys.principal(other, secret) is None


def test_a_revocation_by_another_process_holds_within_five_seconds(store: Store, keys: Keys, watch: Watch) -> None:
    made = store.access.make("token", person="ada", scopes=["read"])
    assert keys.principal("token", made.secret)
    store.access.revoke(made.credential.id)
    assert keys.principal("token", made.secret)  # still believed
    assert BELIEVED < 5
    watch.pass_by(BELIEVED)
    assert keys.principal("token", made.secret) is None


def test_a_revocation_by_this_process_holds_at_once(store: Store, keys: Keys) -> None:
    made = store.access.make("session", person="ada", scopes=["read"])
    assert keys.principal("session", made.secret)
    store.access.revoke(made.credential.id)
    keys.forget()
    assert keys.principal("session", made.secret) is None


def test_a_token_that_runs_out_is_not_believed_for_a_moment_longer(store: Store, keys: Keys, watch: Watch) -> None:
    made = store.access.make("token", person="ada", scopes=["read"], lasts=timedelta(seconds=BELIEVED / 2))
    assert keys.principal("token", made.secret)
    watch.pass_by(BELIEVED / 2)
    assert keys.principal("token", made.secret) is None


def test_a_token_in_constant_use_is_written_once_a_minute(store: Store, keys: Keys, watch: Watch) -> None:
    made = store.access.make("token", person="ada", scopes=["read"])
    seen = set()
    for _ in range(30):
        keys.principal("token", made.secret)
        seen.add(store.access.get(made.credential.id).seen_at)
        watch.pass_by(BELIEVED)
    assert len(seen) == 2


def test_a_known_token_is_checked_in_less_than_thirty_microseconds(store: Store, keys: Keys) -> None:
    secret = store.access.make("token", person="ada", scopes=["read"]).secret
    best = min(timeit(lambda: keys.principal("token", secret), number=1_000) for _ in range(5))
    assert best / 1_000 < 30e-6


def test_many_tokens_do_not_fill_the_memory(store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("company.server.access.keys._MOST", 3)
    for _ in range(10):
        assert keys.principal("token", store.access.make("token", person="ada", scopes=["read"]).secret)
    assert len(keys._known) <= 3
