"""Budgets of the tree company > role > run are carried over to company > department > role > run, to the last digit."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from company.store import Amounts, Meter, Reservation, Store, Trip
from company.store.amounts import exact_sum
from company.store.connection import Connection
from company.store.sqlite import open_engine
from company.store.upgrade import upgrade

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROWS = [  # role, run, moment, state, usd, tokens, seconds
    ("trading", "R1", "2026-02-27", "settled", "0.1", 700, "1.5"),
    ("security", "R1", "2026-03-01", "settled", "7000000000.2", 30, "0.25"),
    ("ceo", "R1", "2026-03-02", "settled", "0.004", 5, "0"),
    ("operations", "R1", "2026-03-02", "released", "0", 0, "0"),
    ("operations", "R2", "2026-03-02", "open", "0.25", 900, "0"),
    ("defence", "R2", "2026-03-02", "settled", "0.030000000000000000000000000001", 12, "0.125"),
    ("book_keeper", "R2", "2026-03-02", "settled", "1.7", 1, "0"),
]
DAY, MONTH = "1.984000000000000000000000000001", "7000000002.184000000000000000000000000001"


def write_old(path: Path) -> None:
    """Write what the program before departments would have written."""
    connection = Connection(open_engine(path))
    upgrade(connection, "0004")
    sums: defaultdict[tuple[str, str], list[tuple[Decimal, int, int, Decimal]]] = defaultdict(list)
    for role, run, day, state, usd, tokens, seconds in ROWS:
        calls, at = int(state != "released"), f"{day}T11:00:00.000000+00:00"
        connection.raw.exec_driver_sql(
            "INSERT INTO reservations (path, run_id, at, state, usd, tokens, calls, seconds)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (f"company/{role}/{run}", run, at, state, usd, tokens, calls, seconds),
        )
        amounts = (Decimal(usd), tokens, calls, Decimal(seconds))
        for node in ("company", f"company/{role}"):
            for bucket in (f"run:{run}", f"day:{day}", f"month:{day[:7]}"):
                sums[node, bucket].append(amounts)
        sums[f"company/{role}/{run}", f"run:{run}"].append(amounts)
    for (node, bucket), parts in sums.items():
        usd, tokens, calls, seconds = zip(*parts, strict=True)
        values = (node, bucket, f"{exact_sum(usd):f}", sum(tokens), sum(calls), f"{exact_sum(seconds):f}")
        connection.raw.exec_driver_sql("INSERT INTO spending VALUES (?, ?, ?, ?, ?, ?)", values)
    connection.close()


@pytest.fixture
def migrated(tmp_path: Path) -> Callable[[], Store]:
    write_old(tmp_path / "state.db")
    return lambda: Store.open(tmp_path / "state.db", now=lambda: NOW)


def kept(store: Store) -> dict[tuple[str, str], Amounts]:
    rows = store._connection.raw.exec_driver_sql("SELECT node, bucket, usd, tokens, calls, seconds FROM spending")
    return {
        (row.node, row.bucket): Amounts(usd=row.usd, tokens=row.tokens, calls=row.calls, seconds=row.seconds)
        for row in rows
    }


def test_the_companys_day_and_month_are_the_same_to_the_last_digit(migrated):
    store = migrated()
    counted, meter = Meter(store).counted(NOW), Meter(store)
    assert counted.day == Amounts(usd=Decimal(DAY), tokens=918, calls=4, seconds=Decimal("0.125"))
    assert counted.month == Amounts(usd=Decimal(MONTH), tokens=948, calls=5, seconds=Decimal("0.375"))
    assert meter.counted(NOW.replace(month=2)).month.usd == Decimal("0.1")
    store.close()


def test_every_sum_is_that_of_the_rows_below_its_node(migrated):
    store = migrated()
    sums = kept(store)
    assert {node for node, _ in sums} == {
        "company",
        *("company/office", "company/office/ceo", "company/office/operations"),
        *("company/trading", "company/trading/trading"),
        *("company/defence", "company/defence/security", "company/defence/defence"),
        *("company/book_keeper", "company/book_keeper/book_keeper"),
    }
    for (node, bucket), amounts in sums.items():
        window, _, name = bucket.partition(":")
        rows = [row for row in ROWS if window != "run" or row[1] == name]
        rows = [row for row in rows if window == "run" or row[2].startswith(name)]
        below = [row for row in rows if f"{where(row[0])}/".startswith(f"{node}/")]
        assert amounts.usd == exact_sum(Decimal(row[4]) for row in below)
        assert amounts.tokens == sum(row[5] for row in below)
        assert amounts.seconds == sum(Decimal(row[6]) for row in below)
    store.close()


def where(role: str) -> str:
    known = {"ceo": "office", "operations": "office", "trading": "trading", "security": "defence"}
    return f"company/{known.get(role, role)}/{role}"


def test_a_run_goes_on_where_it_was(migrated):
    store = migrated()
    assert store.budgets.used("company/office/operations/R2", NOW.replace(hour=0)).usd == Decimal("0.25")
    trip = store.budgets.reserve("company/office/operations/R2", Amounts(calls=1), {"company/office": Amounts(calls=1)})
    assert isinstance(trip, Trip)
    assert store.budgets.release_run("R2") == 1
    assert kept(store)["company/office", "run:R2"] == Amounts()
    found = store.budgets.reserve(
        "company/office/operations/R2", Amounts(calls=1), {"company/office": Amounts(calls=1)}
    )
    assert isinstance(found, Reservation)
    assert Meter(store).counted(NOW).day.usd == Decimal("1.734000000000000000000000000001")
    store.close()


def test_an_empty_home_is_carried_over_too(tmp_path):
    connection = Connection(open_engine(tmp_path / "state.db"))
    upgrade(connection, "0004")
    upgrade(connection)
    assert connection.raw.exec_driver_sql("SELECT count(*) FROM spending").scalar() == 0
    connection.close()
