import pytest

from company import events
from company.events import Draft, Json
from company.store import Lanes, Store


def begun(store: Store, run: str, path: str, task: str = "look") -> None:
    body = events.agent_started(f"{run}/{path}", path.rpartition("/")[2], task, f"{run}/ceo")
    store.journal.append([Draft(run, "", path, "user", body)])


def reported(store: Store, run: str, path: str, summary: str = "Looked.") -> None:
    value: Json = {"role": path.rpartition("/")[2].partition("~")[0], "path": path, "status": "ok", "summary": summary}
    store.journal.append([Draft(run, "", path, "user", events.custom("report", value))])


@pytest.fixture
def lanes(store: Store) -> Lanes:
    return Lanes(store)


def test_a_lane_is_an_assignment_with_its_report(store, lanes, now):
    start = now()
    begun(store, "R1", "ceo/trading", "look at the market")
    now.tick(5)
    reported(store, "R1", "ceo/trading")
    (lane,) = lanes.newest("trading", limit=5)
    assert (lane.run_id, lane.role, lane.task) == ("R1", "trading", "look at the market")
    assert (lane.begun_at, lane.finished_at) == (start, now())
    assert lane.report is not None
    assert lane.report["summary"] == "Looked."


def test_assignments_come_newest_first_with_those_of_further_rounds(store, lanes):
    for run in ("R1", "R2"):
        for path in ("ceo/trading", "ceo/trading~2", "ceo/tradinghall", "ceo/content"):
            begun(store, run, path)
    found = lanes.newest("trading", limit=3)
    assert [(lane.run_id, lane.path) for lane in found] == [
        ("R2", "ceo/trading~2"),
        ("R2", "ceo/trading"),
        ("R1", "ceo/trading~2"),
    ]


def test_a_step_that_was_repeated_after_a_crash_is_one_lane(store, lanes):
    for _ in range(2):
        begun(store, "R1", "ceo/trading")
    reported(store, "R1", "ceo/trading", "first")
    reported(store, "R1", "ceo/trading", "second")
    (lane,) = lanes.newest("trading", limit=5)
    assert lane.seq == 1
    assert lane.report is not None
    assert lane.report["summary"] == "second"


def test_the_lanes_of_a_run_are_in_the_order_they_began(store, lanes):
    begun(store, "R1", "ceo/trading")
    begun(store, "R2", "ceo/content")
    begun(store, "R1", "ceo/content")
    assert [(lane.role, lane.report) for lane in lanes.of_run("R1")] == [("trading", None), ("content", None)]


def test_a_role_that_never_worked_has_no_lanes(lanes):
    assert lanes.newest("trading", limit=5) == []
