from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from company.errors import IntegrityError
from company.store import Amounts, Reservation, Trip

PATH = "company/trading/R1"


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
    trip = tripped(store.budgets.reserve("company/research/R1", usd("0.21"), limits))
    assert trip == Trip("company", "run", "usd", Decimal("0.50"), Decimal("0.30"), Decimal("0.21"))
    assert store.budgets.used("company", now()).usd == Decimal("0.30")
    reserved(store.budgets.reserve("company/research/R1", usd("0.20"), limits))


@pytest.mark.parametrize("kind", ["usd", "tokens", "calls", "seconds"])
def test_every_kind_is_limited(store, kind):
    limits = {"company/trading": Amounts(**{kind: 2})}
    reserved(store.budgets.reserve(PATH, Amounts(**{kind: 2}), limits))
    assert tripped(store.budgets.reserve(PATH, Amounts(**{kind: 1}), limits)).kind == kind


def test_only_the_kinds_that_were_given_limit(store):
    lots = Amounts(usd=Decimal(99), tokens=10**9, calls=1, seconds=Decimal(10**6))
    reserved(store.budgets.reserve(PATH, lots, {"company": Amounts(calls=1)}))
    assert tripped(store.budgets.reserve(PATH, lots, {"company": Amounts(calls=1)})).kind == "calls"


def test_a_limit_of_zero_allows_nothing(store):
    assert tripped(store.budgets.reserve(PATH, usd("0.01"), {"company@day": usd("0")})).limit == 0


def test_the_outermost_limit_is_named_first(store):
    limits = {PATH: usd("1"), "company/trading": usd("1"), "company@month": usd("1"), "company@day": usd("1")}
    trip = tripped(store.budgets.reserve(PATH, usd("2"), limits))
    assert (trip.node, trip.window) == ("company", "day")


def test_a_runs_window_counts_that_run_only(store):
    limits = {"company": usd("1"), "company/trading": usd("0.6")}
    reserved(store.budgets.reserve("company/trading/R1", usd("0.6"), limits))
    assert tripped(store.budgets.reserve("company/trading/R1", usd("0.1"), limits)).node == "company/trading"
    reserved(store.budgets.reserve("company/trading/R2", usd("0.6"), limits))
    reserved(store.budgets.reserve("company/research/R1", usd("0.4"), limits))
    assert tripped(store.budgets.reserve("company/research/R1", usd("0.1"), limits)).node == "company"


def test_a_day_and_a_month_end(store, now):
    limits = {"company@day": usd("1"), "company@month": usd("2")}
    for run in ("R1", "R2"):
        reserved(store.budgets.reserve(f"company/trading/{run}", usd("1"), limits))
        assert tripped(store.budgets.reserve(f"company/trading/{run}", usd("0.1"), limits)).window == "day"
        now.tick(86_400)
    assert tripped(store.budgets.reserve("company/trading/R3", usd("0.1"), limits)).window == "month"
    now.tick(30 * 86_400)
    reserved(store.budgets.reserve("company/trading/R3", usd("1"), limits))


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
    reserved(dead.budgets.reserve("company/trading/R2", usd("0.3"), {}))
    alive, limits = open_store(), {"company@day": usd("1")}
    assert tripped(alive.budgets.reserve("company/trading/R3", usd("0.2"), limits)).used == Decimal("0.9")
    assert [alive.budgets.release_run("R1"), alive.budgets.release_run("R1")] == [1, 0]
    reserved(alive.budgets.reserve("company/trading/R3", usd("0.2"), limits))
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
    for path in ("company/trading/R1", "company/trading/R2", "company/trading_2/R1"):
        reserved(store.budgets.reserve(path, usd("1"), {}))
        now.tick(60)
    start = now() - timedelta(seconds=180)
    used = store.budgets.used
    assert [used(node, start).usd for node in ("company", "company/trading", "company/trading/R1")] == [3, 2, 1]
    assert used("company", start + timedelta(seconds=60)).usd == 2
    assert store.budgets.used_by_run("R1").usd == 2
    assert used("other", start) == Amounts()


@pytest.mark.parametrize("path", ["company", "company/trading", "company//R1", ""])
def test_a_path_without_a_run_is_refused(store, path):
    with pytest.raises(ValueError, match="names no run"):
        store.budgets.reserve(path, usd("1"), {})


def test_a_limit_with_an_unknown_window_is_refused(store):
    with pytest.raises(ValueError, match="'week' is not a window"):
        store.budgets.reserve(PATH, usd("1"), {"company@week": usd("1")})


def test_a_run_has_no_window_but_its_own(store):
    with pytest.raises(ValueError, match="'company/trading/R1' names a run"):
        store.budgets.reserve(PATH, usd("1"), {f"{PATH}@day": usd("1")})
    deeper = reserved(store.budgets.reserve(f"{PATH}/C1", usd("1"), {PATH: usd("1")}))
    assert tripped(store.budgets.reserve(PATH, usd("0.1"), {PATH: usd("1")})).node == PATH
    store.budgets.settle(deeper, usd("0.5"))
    assert tripped(store.budgets.reserve(f"{PATH}/C1", usd("0.6"), {f"{PATH}/C1": usd("1")})).used == Decimal("0.5")


@pytest.mark.parametrize("bad", [{"usd": -1}, {"usd": "NaN"}, {"usd": "Infinity"}, {"calls": 1.5}, {"gold": 1}])
def test_amounts_are_finite_and_not_negative(bad):
    with pytest.raises(ValidationError):
        Amounts(**bad)


def test_workers_that_reserve_at_the_same_time_never_exceed_a_limit(open_store):
    stores = [open_store(), open_store()]

    def reserve(number: int) -> Reservation | Trip:
        limits = {"company@day": Amounts(calls=10)}
        return stores[number % 2].budgets.reserve(f"company/trading/R{number}", Amounts(calls=1), limits)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(reserve, range(30)))
    assert sum(isinstance(one, Reservation) for one in found) == 10


amount = st.decimals(0, 3, places=9)
steps = st.tuples(
    st.sampled_from(["reserve", "reserve", "settle", "release"]),
    st.sampled_from(["trading", "research"]),
    st.sampled_from(["R1", "R2"]),
    amount,
    st.booleans(),
)
companies = count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(steps, max_size=25), amount, amount, amount)
def test_no_order_of_calls_by_two_processes_exceeds_any_limit(open_store, now, performed, run_cap, role_cap, day_cap):
    stores = open_store(), open_store()
    root = f"company{next(companies)}"
    limits = {root: usd(run_cap), f"{root}/trading": usd(role_cap), f"{root}@day": usd(day_cap)}
    model: dict[int, tuple[str, str, Decimal]] = {}
    unsettled: list[Reservation] = []

    def total(role: str = "", run: str = "") -> Decimal:
        rows = model.values()
        return sum((worth for a_role, a_run, worth in rows if role in ("", a_role) and run in ("", a_run)), Decimal(0))

    for action, role, run, worth, second in performed:
        budgets = stores[second].budgets
        if action == "reserve":
            found = budgets.reserve(f"{root}/{role}/{root}.{run}", usd(worth), limits)
            over = (
                total(run=run) + worth > run_cap
                or total() + worth > day_cap
                or (role == "trading" and total("trading", run) + worth > role_cap)
            )
            assert isinstance(found, Trip) == over
            if isinstance(found, Reservation):
                unsettled.append(found)
                model[found.id] = (role, run, worth)
        elif action == "settle" and unsettled:
            reservation = unsettled.pop(0)
            actual = min(worth, reservation.amounts.usd)
            budgets.settle(reservation, usd(actual))
            a_role, a_run, _ = model[reservation.id]
            model[reservation.id] = (a_role, a_run, actual)
        elif action == "release":
            freed = [one for one in unsettled if one.path.endswith(f".{run}")]
            assert budgets.release_run(f"{root}.{run}") == len(freed)
            for one in freed:
                unsettled.remove(one)
                del model[one.id]
        assert budgets.used(root, now()).usd == total() <= day_cap
