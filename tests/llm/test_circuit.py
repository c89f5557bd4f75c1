"""The circuit breaker, on a clock that the test moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.llm.circuit import Circuit
from company.llm.faults import Fault, Kind


class Watch:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def circuit(watch: Watch) -> Circuit:
    return Circuit(now=watch)


def fault(kind: Kind = "busy", retry_after: float | None = None) -> Fault:
    return Fault(kind, provider="acme", retry_after=retry_after)


def fail(circuit: Circuit, times: int = 3) -> None:
    for _ in range(times):
        circuit.failed(fault())


def test_three_failures_in_a_row_open_it(circuit: Circuit) -> None:
    fail(circuit, 2)
    before = circuit.allows()

    fail(circuit, 1)

    assert before
    assert not circuit.allows()
    assert circuit.state == "open"
    assert circuit.reason == "acme is overloaded or failing; not asked again for 30 s"


def test_a_success_in_between_starts_the_count_again(circuit: Circuit) -> None:
    fail(circuit, 2)
    circuit.succeeded()
    fail(circuit, 2)

    assert circuit.allows()
    assert circuit.reason == ""


@pytest.mark.parametrize("kind", ["auth", "quota", "unknown_model"])
def test_what_only_a_person_can_mend_opens_it_at_once(circuit: Circuit, kind: Kind) -> None:
    circuit.failed(fault(kind))

    assert circuit.state == "open"


@pytest.mark.parametrize("kind", ["overflow", "refused", "cut", "rate"])
def test_an_answer_that_shows_the_provider_works_never_opens_it(circuit: Circuit, kind: Kind) -> None:
    fail(circuit, 2)
    for _ in range(9):
        circuit.failed(fault(kind))

    assert circuit.state == "closed"


def test_a_rate_limit_that_nobody_waits_for_opens_it_for_that_time(circuit: Circuit, watch: Watch) -> None:
    circuit.failed(fault("rate", retry_after=120.0))
    watch.now += 119
    early = circuit.allows()
    watch.now += 1

    assert not early
    assert circuit.allows()


def test_after_the_cooldown_one_probe_goes_through(circuit: Circuit, watch: Watch) -> None:
    fail(circuit)
    watch.now += 30

    assert circuit.state == "half-open"
    assert [circuit.allows() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it(circuit: Circuit, watch: Watch) -> None:
    fail(circuit)
    watch.now += 30
    circuit.allows()

    circuit.succeeded()

    assert circuit.state == "closed"
    assert circuit.allows()


def test_failed_probes_double_the_cooldown_up_to_five_minutes(circuit: Circuit, watch: Watch) -> None:
    fail(circuit)
    cooldowns = []
    for expected in (30, 60, 120, 240, 300, 300):
        watch.now += expected - 1
        early = circuit.allows()
        watch.now += 1
        cooldowns.append((early, circuit.allows()))
        circuit.failed(fault())

    assert cooldowns == [(False, True)] * 6


def test_a_probe_that_was_cancelled_does_not_lock_it_for_ever(circuit: Circuit, watch: Watch) -> None:
    fail(circuit)
    watch.now += 30
    circuit.allows()
    watch.now += 30

    assert circuit.allows()


def test_calls_under_way_when_it_opened_do_not_double_the_cooldown(circuit: Circuit, watch: Watch) -> None:
    fail(circuit, 9)
    watch.now += 30

    assert circuit.allows()


@given(st.lists(st.sampled_from(["fail", "succeed", "wait"]), max_size=40))
def test_it_always_opens_a_way_back_within_five_minutes(steps: list[str]) -> None:
    watch = Watch()
    circuit = Circuit(now=watch)
    for step in steps:
        if step == "wait":
            watch.now += 20
        elif circuit.allows():
            circuit.succeeded() if step == "succeed" else circuit.failed(fault())

    watch.now += 300

    assert circuit.allows()
