"""The roles over HTTP: what each does now, did last and costs."""

from datetime import UTC, datetime
from typing import Any

from company.governor import Hold
from company.governor.hold import hold_flag


def agent(server, role: str) -> dict[str, Any]:
    with server.client() as client:
        found: dict[str, Any] = client.get(f"/api/v1/agents/{role}").json()
    return found


def test_a_role_that_never_worked_is_idle(start_server) -> None:
    found = agent(start_server(), "trading")
    assert (found["state"], found["task"], found["run"], found["last_report"]) == ("idle", "", "", None)
    assert (found["title"], found["reports_to"], found["model"]) == ("Trader", "ceo", "autopilot")
    assert found["tools"] == ["market_overview", "place_order", "wait_for_file"]
    assert found["today"] == {"usd": "0", "tokens": 0, "calls": 0}


def test_a_role_is_idle_working_waiting_and_idle_again(start_server) -> None:
    server = start_server()
    run = server.say("wait for the file")
    with server.frames() as frames:
        next(frame for frame in frames if frame.data and frame.data["type"] == "SUBAGENT_STARTED")
    assert (agent(server, "trading")["state"], agent(server, "trading")["run"]) == ("working", run)
    assert agent(server, "ceo")["state"] == "working"
    (server.directory / "file.txt").write_text("here")
    server.run(run, until="done")
    assert agent(server, "trading")["state"] == agent(server, "ceo")["state"] == "idle"
    waiting = server.run(server.say("buy some bitcoin"), until="waiting")
    found = agent(server, "trading")
    assert (found["state"], found["task"]) == ("waiting", "buy some bitcoin")
    with server.client() as client:
        client.post(f"/api/v1/approvals/{waiting['outcome']['waiting'][0]}", json={"approved": False})
    assert agent(server, "trading")["state"] == "idle"


def hold(server, role: str) -> Hold:
    found = Hold(
        role, "progress.failing", "ticker ended 'failed' 6 times", 6, "R1", datetime(2026, 3, 2, 12, tzinfo=UTC)
    )
    with server.store() as store:
        store.flags.set(hold_flag(role), found.flag())
    return found


def test_a_role_that_is_held_says_why_until_a_person_clears_it(start_server) -> None:
    server = start_server()
    held = hold(server, "trading")
    assert (agent(server, "trading")["state"], agent(server, "trading")["held"]) == ("held", str(held))
    assert (agent(server, "ceo")["state"], agent(server, "ceo")["held"]) == ("idle", "")

    with server.client(token=server.token_for(("read", "admin"), person="Ada")) as client:
        cleared = client.post("/api/v1/breaker/clear", json={"role": "trading", "reason": "looked into it"})
        again = client.post("/api/v1/breaker/clear", json={"role": "trading", "reason": "looked into it"})

    assert cleared.status_code == 204
    assert (agent(server, "trading")["state"], agent(server, "trading")["held"]) == ("idle", "")
    assert again.status_code == 409
    assert "'trading' is not held" in again.json()["error"]["message"]
    with server.store() as store:
        [event] = store.journal.read(types=["breaker.cleared"])
    assert event.body["value"] == {"role": "trading", "by": "Ada", "reason": "looked into it"}


def test_a_company_that_is_held_holds_all_roles(start_server) -> None:
    server = start_server()
    hold(server, "company")
    assert [agent(server, role)["state"] for role in ("ceo", "trading")] == ["held", "held"]


def test_only_an_administrator_clears(start_server) -> None:
    server = start_server()
    hold(server, "trading")
    with server.client(token=server.token_for(("read", "chat", "approve"))) as client:
        refused = client.post("/api/v1/breaker/clear", json={"role": "trading", "reason": "let it"})
    assert refused.status_code == 403
    assert agent(server, "trading")["state"] == "held"


def test_all_roles_are_listed_the_ceo_first(server) -> None:
    with server.client() as client:
        listed = client.get("/api/v1/agents").json()
    assert [found["id"] for found in listed] == ["ceo", "trading"]


def test_a_role_shows_its_last_report_and_what_it_took_today(server) -> None:
    with server.client() as client:
        run = client.post("/api/v1/cycles").json()["run"]
        server.run(run, until="done")
        before = agent(server, "trading")
        report = client.get("/api/v1/report").json()
    assert before["last_report"]["summary"] == "Looked."
    assert (before["last_report"]["run"], before["task"]) == (run, "Look at the market.")
    assert before["today"]["calls"] > 0
    assert before["today"]["tokens"] > 0
    assert report["run"]["id"] == run
    assert report["answer"] == report["run"]["outcome"]["answer"]
    assert report["reports"] == [before["last_report"]]


def test_the_tasks_of_a_role_are_its_assignments_newest_first(server) -> None:
    runs: list[str] = []
    for _ in range(2):
        with server.client() as client:
            runs.append(client.post("/api/v1/cycles").json()["run"])
        server.run(runs[-1], until="done")
    with server.client() as client:
        trading = client.get("/api/v1/agents/trading/tasks", params={"limit": 2}).json()
        ceo = client.get("/api/v1/agents/ceo/tasks", params={"limit": 2}).json()
    assert [task["run"] for task in trading] == [task["run"] for task in ceo] == runs[::-1]
    assert trading[0]["path"] == "ceo/trading"
    assert (trading[0]["status"], trading[0]["summary"]) == ("ok", "Looked.")
    assert trading[0]["begun_at"] <= trading[0]["finished_at"]
    assert (ceo[0]["path"], ceo[0]["status"]) == ("ceo", "done")
    assert "Looked." in ceo[0]["summary"]


def test_a_task_without_a_report_ends_as_its_run_did(start_server) -> None:
    server = start_server()
    run = server.say("wait for the file")
    with server.frames() as frames:
        next(frame for frame in frames if frame.data and frame.data["type"] == "SUBAGENT_STARTED")

    def task() -> tuple[str, bool]:
        with server.client() as client:
            (found,) = client.get("/api/v1/agents/trading/tasks").json()
        return found["status"], found["finished_at"] is None

    assert task() == ("working", True)
    with server.client() as client:
        client.post(f"/api/v1/runs/{run}/cancel")
    (server.directory / "file.txt").write_text("here")
    server.run(run, until="stopped")
    assert task() == ("stopped", False)


def test_a_persona_is_the_text_of_its_file(server) -> None:
    with server.client() as client:
        persona = client.get("/api/v1/personas/trading").json()
    assert persona["text"] == "You trade."
    assert [(each["number"], each["author"]) for each in persona["log"]] == [(1, "file")]
    assert persona["version"] == persona["log"][0]["version"]


def test_costs_stand_beside_their_limits_and_add_up(server) -> None:
    server.run(server.say("hello"), until="done")
    with server.client() as client:
        costs = client.get("/api/v1/costs").json()
    assert (costs["usd_today"], costs["usd_day_limit"], costs["usd_month_limit"]) == ("0", "10", "100")
    sums = [sum(row["calls"] for row in costs[f"by_{key}"]) for key in ("department", "role", "model", "day")]
    assert len(set(sums)) == 1
    assert sums[0] > 0
    assert {row["key"] for row in costs["by_model"]} == {"autopilot"}


def test_there_is_no_report_before_the_first_cycle(start_server) -> None:
    with start_server().client() as client:
        assert client.get("/api/v1/report").status_code == 404
