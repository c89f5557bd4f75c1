"""How often somebody may ask."""

import pytest

from company.config import ServerSettings
from company.server.access.rates import Rates
from company.server.faults import Refusal

FEW = ServerSettings(reads_per_minute=3, commands_per_minute=2, logins_per_minute=2)


@pytest.mark.parametrize(("count", "most"), [("read", 3), ("command", 2), ("login", 2), ("wrong_token", 2)])
def test_one_more_than_the_limit_is_refused_with_the_time_to_wait(count: str, most: int) -> None:
    counted = getattr(Rates(FEW), f"count_{count}")
    for _ in range(most):
        counted("T1")
    with pytest.raises(Refusal, match=f"more than {most} ") as refused:
        counted("T1")
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["retry-after"]) <= 60


def test_each_token_has_its_own_count() -> None:
    rates = Rates(FEW)
    for who in ("T1", "T2", "T3"):
        rates.count_command(who)
        rates.count_command(who)


def test_reading_does_not_use_up_commands_nor_wrong_tokens_the_attempts_to_log_in() -> None:
    rates = Rates(FEW)
    for _ in range(2):
        rates.count_read("T1")
        rates.count_command("T1")
        rates.count_wrong_token("192.0.2.1")
        rates.count_login("192.0.2.1")


def test_the_edge_of_a_minute_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, now = Rates(FEW), 1_800_000_000.0  # a whole minute: a counter of whole minutes starts anew here
    for seconds in (-0.2, -0.1):
        monkeypatch.setattr("limits.storage.memory.time.time", lambda at=now + seconds: at)
        rates.count_login("192.0.2.1")
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: now + 0.1)
    with pytest.raises(Refusal, match="wait 60 s"):
        rates.count_login("192.0.2.1")
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: now + 60)
    rates.count_login("192.0.2.1")
