"""The budget tree: what was reserved counts in full, no limit is exceeded, and no cent is lost."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, product

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from company.errors import IntegrityError
from company.store import Amounts, Reservation, Store, Trip
from company.store.amounts import KINDS, Kind
from company.store.budgets import WINDOWS
from company.store.schema import spending

DESK = "company/trading/trading"
NEWS = "company/newsroom/research"
PATH = f"{DESK}/R1"


def usd(text: str) -> Amounts:
    return Amounts(usd=Decimal(text))


def reserved(found: Reservation | Trip) -> Reservation:
    assert isinstance(found, Reservation)
    return found


def tripped(found: Reservation | Trip) -> Trip:
    assert isinstance(found, Trip)
    return found


def test_a_reservation_counts_at_its_worst_case_until_it_is_settled(store, now):
    reservation = reserved(store.budgets.reserve(PATH, usd("0.30"), {}))
    assert store.budgets.used("company", now()).usd == Decimal("0.30")
    store.budgets.settle(reservation, Amounts(usd=Decimal("0.000000075"), tokens=12, calls=1, seconds=Decimal("0.25")))
    used = store.budgets.used(PATH, now())
    assert used == Amounts(usd=Decimal("0.000000075"), tokens=12, calls=1, seconds=Decimal("0.25"))


def test_a_trip_names_the_limit_and_reserves_nothing(store, now):
    limits = {"company": usd("0.50")}
    reserved(store.budgets.reserve(PATH, usd("0.30"), limits))
    trip = tripped(store.budgets.reserve(f"{NEWS}/R1", usd("0.21"), limits))
    assert trip == Trip("company", "run", "usd", Decimal("0.50"), Decimal("0.30"), Decimal("0.21"))
    assert store.budgets.used("company", now()).usd == Decimal("0.30")
    reserved(store.budgets.reserve(f"{NEWS}/R1", usd("0.20"), limits))


@pytest.mark.parametrize("kind", ["usd", "tokens", "calls", "seconds"])
def test_every_kind_is_limited(store, kind):
    limits = {DESK: Amounts(**{kind: 2})}
    reserved(store.budgets.reserve(PATH, Amounts(**{kind: 2}), limits))
    assert tripped(store.budgets.reserve(PATH, Amounts(**{kind: 1}), limits)).kind == kind


def test_only_the_kinds_that_were_given_limit(store):
    lots = Amounts(usd=Decimal(99), tokens=10**9, calls=1, seconds=Decimal(10**6))
    reserved(store.budgets.reserve(PATH, lots, {"company": Amounts(calls=1)}))
    assert tripped(store.budgets.reserve(PATH, lots, {"company": Amounts(calls=1)})).kind == "calls"


def test_a_limit_of_zero_allows_nothing(store):
    assert tripped(store.budgets.reserve(PATH, usd("0.01"), {"company@day": usd("0")})).limit == 0


def test_the_outermost_limit_is_named_first(store):
    limits = {DESK: usd("1"), "company/trading": usd("1"), "company@month": usd("1"), "company@day": usd("1")}
    trip = tripped(store.budgets.reserve(PATH, usd("2"), limits))
    assert (trip.node, trip.window) == ("company", "day")


def test_a_runs_window_counts_that_run_only(store):
    limits = {"company": usd("1"), DESK: usd("0.6")}
    reserved(store.budgets.reserve(f"{DESK}/R1", usd("0.6"), limits))
    assert tripped(store.budgets.reserve(f"{DESK}/R1", usd("0.1"), limits)).node == DESK
    reserved(store.budgets.reserve(f"{DESK}/R2", usd("0.6"), limits))
    reserved(store.budgets.reserve(f"{NEWS}/R1", usd("0.4"), limits))
    assert tripped(store.budgets.reserve(f"{NEWS}/R1", usd("0.1"), limits)).node == "company"


def test_a_day_and_a_month_end(store, now):
    limits = {"company@day": usd("1"), "company@month": usd("2")}
    for run in ("R1", "R2"):
        reserved(store.budgets.reserve(f"{DESK}/{run}", usd("1"), limits))
        assert tripped(store.budgets.reserve(f"{DESK}/{run}", usd("0.1"), limits)).window == "day"
        now.tick(86_400)
    assert tripped(store.budgets.reserve(f"{DESK}/R3", usd("0.1"), limits)).window == "month"
    now.tick(30 * 86_400)
    reserved(store.budgets.reserve(f"{DESK}/R3", usd("1"), limits))


def test_a_reservation_counts_on_the_day_it_was_made(store, now):
    limits = {"company@day": usd("1")}
    reservation = reserved(store.budgets.reserve(PATH, usd("1"), limits))
    now.tick(86_400)
    store.budgets.settle(reservation, usd("5"))
    reserved(store.budgets.reserve(PATH, usd("1"), limits))
    now.tick(-86_400)
    assert tripped(store.budgets.reserve(PATH, usd("0"), limits)).used == Decimal(5)


def test_what_a_dead_run_reserved_counts_until_it_is_released(open_store, now):
    dead = open_store()
    reservation = reserved(dead.budgets.reserve(PATH, usd("0.6"), {}))
    reserved(dead.budgets.reserve(f"{DESK}/R2", usd("0.3"), {}))
    alive, limits = open_store(), {"company@day": usd("1")}
    assert tripped(alive.budgets.reserve(f"{DESK}/R3", usd("0.2"), limits)).used == Decimal("0.9")
    assert [alive.budgets.release_run("R1"), alive.budgets.release_run("R1")] == [1, 0]
    reserved(alive.budgets.reserve(f"{DESK}/R3", usd("0.2"), limits))
    dead.budgets.settle(reservation, usd("0.1"))
    assert alive.budgets.used("company", now()).usd == Decimal("0.6")


def test_a_reservation_is_settled_once(store):
    reservation = reserved(store.budgets.reserve(PATH, usd("1"), {}))
    store.budgets.settle(reservation, usd("0.5"))
    with pytest.raises(IntegrityError, match="settled already"):
        store.budgets.settle(reservation, usd("0.5"))
    with pytest.raises(IntegrityError, match="does not exist"):
        store.budgets.settle(Reservation(99, PATH, usd("1")), usd("0.5"))


def test_use_is_summed_by_node_run_and_time(store, now):
    for path in (f"{DESK}/R1", f"{DESK}/R2", "company/trading_2/trading/R1"):
        reserved(store.budgets.reserve(path, usd("1"), {}))
        now.tick(60)
    start = now() - timedelta(seconds=180)
    used = store.budgets.used
    assert [used(node, start).usd for node in ("company", "company/trading", f"{DESK}/R1")] == [3, 2, 1]
    assert used("company", start + timedelta(seconds=60)).usd == 2
    assert store.budgets.used_by_run("R1").usd == 2
    assert used("other", start) == Amounts()


@pytest.mark.parametrize("path", ["company", DESK, "company//trading/R1", "company/trading/R1", f"{PATH}/C1", ""])
def test_a_path_that_is_not_that_of_a_run_is_refused(store, path):
    with pytest.raises(ValueError, match="names no run"):
        store.budgets.reserve(path, usd("1"), {})


def test_a_limit_with_an_unknown_window_is_refused(store):
    with pytest.raises(ValueError, match="'week' is not a window"):
        store.budgets.reserve(PATH, usd("1"), {"company@week": usd("1")})


@pytest.mark.parametrize("key", [PATH, f"{PATH}@day", f"{PATH}/C1"])
def test_a_limit_of_what_is_no_node_is_refused(store, key):
    with pytest.raises(ValueError, match=r"'company/trading/trading/R1[^']*' names a run"):
        store.budgets.reserve(PATH, usd("1"), {key: usd("1")})


def test_the_roles_of_a_department_share_its_limits(store, now):
    limits = {"company/newsroom": usd("1"), "company/newsroom@day": usd("1.5"), "company/newsroom@month": usd("2")}
    reserved(store.budgets.reserve(f"{NEWS}/R1", usd("0.7"), limits))
    trip = tripped(store.budgets.reserve("company/newsroom/writer/R1", usd("0.4"), limits))
    assert trip == Trip("company/newsroom", "run", "usd", Decimal(1), Decimal("0.7"), Decimal("0.4"))
    reserved(store.budgets.reserve("company/newsroom/writer/R2", usd("0.8"), limits))
    assert tripped(store.budgets.reserve(f"{NEWS}/R3", usd("0.1"), limits)).window == "day"
    reserved(store.budgets.reserve(PATH, usd("9"), limits))
    now.tick(86_400)
    assert tripped(store.budgets.reserve(f"{NEWS}/R4", usd("0.6"), limits)).window == "month"


def test_one_call_is_held_to_its_limit_by_itself(store, now):
    limits = {"company@call": Amounts(usd=Decimal("0.5"), tokens=100), "company": usd("0.4")}
    for _ in range(3):
        reserved(store.budgets.reserve(PATH, Amounts(tokens=100), limits))
    trip = tripped(store.budgets.reserve(PATH, Amounts(tokens=101), limits))
    assert trip == Trip("company", "call", "tokens", 100, 0, 101)
    assert tripped(store.budgets.reserve(PATH, usd("0.6"), limits)).window == "call"
    assert tripped(store.budgets.reserve(PATH, usd("0.5"), limits)).window == "run"
    assert store.budgets.used("company", now()).tokens == 300


@pytest.mark.parametrize("bad", [{"usd": -1}, {"usd": "NaN"}, {"usd": "Infinity"}, {"calls": 1.5}, {"gold": 1}])
def test_amounts_are_finite_and_not_negative(bad):
    with pytest.raises(ValidationError):
        Amounts(**bad)


def test_workers_that_reserve_at_the_same_time_never_exceed_a_limit(open_store):
    stores = [open_store(), open_store()]

    def reserve(number: int) -> Reservation | Trip:
        limits = {"company@day": Amounts(calls=10)}
        return stores[number % 2].budgets.reserve(f"{DESK}/R{number}", Amounts(calls=1), limits)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(reserve, range(30)))
    assert sum(isinstance(one, Reservation) for one in found) == 10


ROLES = ("trading/trading", "newsroom/research", "newsroom/writer")
NODES = ("", "/trading", "/newsroom", *(f"/{role}" for role in ROLES))
amount = st.builds(
    lambda usd, tokens, seconds: Amounts(usd=usd, tokens=tokens, calls=1, seconds=seconds),
    st.decimals(0, 3, places=9),
    st.integers(0, 30),
    st.decimals(0, 3, places=3),
)
limit = st.builds(
    lambda kinds, values: Amounts(**{kind: getattr(values, kind) for kind in kinds}),
    st.sets(st.sampled_from(KINDS)),
    st.builds(
        lambda usd, tokens, calls, seconds: Amounts(usd=usd, tokens=tokens, calls=calls, seconds=seconds),
        st.decimals(0, 8, places=9),
        st.integers(0, 80),
        st.integers(0, 8),
        st.decimals(0, 8, places=3),
    ),
)
trees = st.dictionaries(st.tuples(st.sampled_from(NODES), st.sampled_from(WINDOWS)), limit, max_size=6)
steps = st.tuples(
    st.sampled_from(["reserve", "reserve", "reserve", "settle", "release", "sleep"]),
    st.sampled_from(ROLES),
    st.sampled_from(["R1", "R2"]),
    amount,
    st.booleans(),
)
companies = count()


@dataclass
class Row:
    """What a reservation counts, as the simplest program would keep it."""

    path: str
    at: datetime
    amounts: Amounts
    is_open: bool = True

    def counts_in(self, node: str, window: str, run: str, at: datetime) -> bool:
        same = {
            "run": self.path.endswith(f"/{run}"),
            "day": self.at.date() == at.date(),
            "month": (self.at.year, self.at.month) == (at.year, at.month),
        }
        return self.path.startswith(f"{node}/") and same[window]


def total(rows: Iterable[Row], kind: Kind) -> Decimal:
    return sum((Decimal(row.amounts.of(kind)) for row in rows), Decimal(0))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25), trees)
def test_no_order_of_calls_by_two_processes_exceeds_any_limit_of_any_tree(open_store, now, performed, tree):
    stores = open_store(), open_store()
    root = f"company{next(companies)}"
    limits = {f"{root}{node}@{window}".removesuffix("@run"): cap for (node, window), cap in tree.items()}
    rows: dict[int, Row] = {}
    unsettled: list[Reservation] = []

    def counted(node: str, window: str, run: str) -> list[Row]:
        return [row for row in rows.values() if window != "call" and row.counts_in(f"{root}{node}", window, run, now())]

    def exceeded(path: str, run: str, asked: Amounts) -> set[tuple[str, str, str]]:
        return {
            (f"{root}{node}", window, kind)
            for (node, window), cap in tree.items()
            if path.startswith(f"{root}{node}/")
            for kind in cap.model_fields_set
            if total(counted(node, window, run), kind) + asked.of(kind) > cap.of(kind)
        }

    for action, role, name, asked, second in performed:
        budgets, run = stores[second].budgets, f"{root}.{name}"
        if action == "sleep":
            now.tick(9 * 3600)
        elif action == "reserve":
            path = f"{root}/{role}/{run}"
            over, found = exceeded(path, run, asked), budgets.reserve(path, asked, limits)
            if isinstance(found, Reservation):
                assert not over
                unsettled.append(found)
                rows[found.id] = Row(path, now(), asked)
            else:
                assert (found.node, found.window, found.kind) in over
        elif action == "settle" and unsettled:
            reservation = unsettled.pop(0)
            budgets.settle(reservation, asked)
            rows[reservation.id].amounts, rows[reservation.id].is_open = asked, False
        elif action == "release":
            freed = [number for number, row in rows.items() if row.is_open and row.path.endswith(f"/{run}")]
            assert budgets.release_run(run) == len(freed)
            unsettled = [one for one in unsettled if one.id not in freed]
            for number in freed:
                del rows[number]
        kept = sums(stores[not second], root)
        buckets = {"run": run, "day": f"{now():%Y-%m-%d}", "month": f"{now():%Y-%m}"}
        for node, (window, bucket) in product(NODES, buckets.items()):
            have = kept.get((f"{root}{node}", f"{window}:{bucket}"), Amounts())
            assert {kind: have.of(kind) for kind in KINDS} == {
                kind: total(counted(node, window, run), kind) for kind in KINDS
            }


def sums(store: Store, root: str) -> Mapping[tuple[str, str], Amounts]:
    """What is kept ready of one tree, as it stands in the database."""
    with store._connection.reader() as reader:
        found = reader.execute(sa.select(spending).where(spending.c.node.startswith(root))).all()
    return {(row.node, row.bucket): Amounts(**{kind: getattr(row, kind) for kind in KINDS}) for row in found}
