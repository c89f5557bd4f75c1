"""What a server leaves behind when it ends, and finds when it starts."""

import time

from company.engine import release
from company.engine.locks import RunLocks
from company.governor import STOP_FLAG
from company.home import open_store


def wait_for_call(frames) -> None:
    """Read until a tool is at work."""
    next(frame for frame in frames if frame.data and frame.data["type"] == "TOOL_CALL_END")


def test_a_server_with_open_streams_says_farewell_and_ends_at_once(start_server) -> None:
    server = start_server()
    with server.frames() as frames, server.frames("/api/v1/events?run=" + server.say("hello")):
        next(frames)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 15
        *_, last = frames
    assert (last.event, last.id) == ("farewell", None)


def test_a_bug_is_told_to_the_log_and_not_to_the_client(start_server) -> None:
    server = start_server()
    server.engine.company.store.close()
    with server.client() as client:
        answer = client.get("/api/v1/runs")
    assert answer.status_code == 500
    assert answer.json() == {"error": {"message": "the server made a mistake; its log says more", "code": "internal"}}
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_run_that_the_end_of_the_server_cut_off_is_finished_by_the_next_start(start_server) -> None:
    server = start_server()
    run = server.say("wait for the file")
    with server.frames() as frames:
        wait_for_call(frames)
        assert server.run(run)["status"] == "running"
        began = time.monotonic()
        server.stop()
    assert time.monotonic() - began < 15
    (server.directory / "file.txt").write_text("go on")
    ended = start_server().run(run, until="done")
    assert "go on" in ended["outcome"]["answer"]


def test_a_run_that_is_driven_does_not_count_as_left_behind(start_server) -> None:
    server = start_server()
    run = server.say("wait for the file")
    with server.frames() as frames, server.client() as client:
        wait_for_call(frames)
        status = client.get("/api/v1/status").json()
    assert status["running"] == [run]
    assert status["health"]["ok"] is True


def test_a_run_that_was_cut_off_is_shown_as_running_while_it_is_finished(start_server) -> None:
    server = start_server()
    run = server.say("wait for the file")
    with server.frames() as frames:
        wait_for_call(frames)
    server.stop()
    again = start_server()
    with again.frames(f"/api/v1/events?run={run}") as frames, again.client() as client:
        next(frame for frame in frames if frame.data and frame.data.get("name") == "run.resumed")
        status = client.get("/api/v1/status").json()
    assert (status["running"], status["health"]["ok"], status["health"]["unfinished_runs"]) == ([run], True, [])


def test_a_run_that_another_process_drives_does_not_count_as_left_behind(start_server) -> None:
    server = start_server()
    run = server.run(server.say("hello"), until="done")["id"]
    with server.store() as store, server.client() as client:
        locks = RunLocks(server.state / "locks")
        while locks.is_held(run):  # its end is being signed
            time.sleep(0.01)
        store.runs.set_status(run, "running")
        with locks.hold(run):
            driven = client.get("/api/v1/health").json()
        left = client.get("/api/v1/health").json()
    assert (driven["running"], driven["company"]["ok"]) == ([run], True)
    assert (left["running"], left["company"]["unfinished_runs"]) == ([], [run])


def test_a_stream_resumes_across_a_restart(start_server) -> None:
    server = start_server()
    server.run(server.say("hello"), until="done")
    with server.frames() as frames:
        next(frames)
        seen = [next(frames).id for _ in range(4)]
    server.stop()
    again = start_server()
    with again.frames("/api/v1/events", **{"last-event-id": str(seen[-1])}) as frames:
        next(frames)
        assert next(frames).id == seen[-1] + 1


def test_a_key_is_known_after_a_restart(start_server) -> None:
    def send(server) -> str:
        with server.client(**{"idempotency-key": "once"}) as client:
            return client.post("/api/v1/messages", json={"text": "hello"}).json()["run"]

    server = start_server()
    first = send(server)
    server.stop()
    assert send(start_server()) == first


def test_stopping_twice_is_harmless(start_server) -> None:
    server = start_server()
    server.stop()
    server.stop()


def test_a_person_approves_over_http_and_the_exact_call_is_made(start_server) -> None:
    server = start_server()
    run = server.say("buy some bitcoin")
    waiting = server.run(run, until="waiting")["outcome"]["waiting"]
    with server.client() as client:
        (asked,) = client.get("/api/v1/approvals").json()
        answer = client.post(f"/api/v1/approvals/{asked['id']}", json={"approved": True, "note": "small"})
        again = client.post(f"/api/v1/approvals/{asked['id']}", json={"approved": False})
        left = client.get("/api/v1/approvals").json()
    assert waiting == [asked["id"]]
    assert (asked["tool"], asked["run"]) == ("place_order", run)
    assert asked["arguments"]["symbol"] == "BTC/USDT"
    assert asked["arguments"]["quantity"] == "0.01"
    decided = server.settled(answer.json())
    assert (decided["approval"]["state"], decided["approval"]["decided_by"]) == ("approved", "Ada")
    assert decided["approval"]["result"]["status"] == "ok"
    assert decided["run"]["status"] == "done"
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "conflict"
    assert left == []


def test_a_person_rejects_over_http_and_nothing_is_bought(start_server) -> None:
    server = start_server()
    (approval,) = server.run(server.say("purchase bitcoin now"), until="waiting")["outcome"]["waiting"]
    with server.client() as client:
        answer = client.post(f"/api/v1/approvals/{approval}", json={"approved": False})
        effects = client.get("/api/v1/status").json()["counts"]["effects"]
    assert answer.json()["approval"]["state"] == "rejected"
    assert server.settled(answer.json())["run"]["status"] == "done"
    assert "place_order" not in effects


def test_a_decision_must_be_yes_or_no(start_server) -> None:
    server = start_server()
    (approval,) = server.run(server.say("buy some bitcoin"), until="waiting")["outcome"]["waiting"]
    with server.client() as client:
        for approved in ("yes", 1, None):
            assert client.post(f"/api/v1/approvals/{approval}", json={"approved": approved}).status_code == 422
        assert client.get(f"/api/v1/approvals/{approval}").json()["state"] == "open"


def test_a_stopped_company_takes_no_requests_until_it_is_released(start_server) -> None:
    server = start_server()
    store = open_store(server.state)
    store.flags.set(STOP_FLAG, "Ada: looking into it")
    with server.client() as client:
        refused = client.post("/api/v1/messages", json={"text": "hello"}, headers={"idempotency-key": "k"})
        release(store, "Ada: fine")
        taken = client.post("/api/v1/messages", json={"text": "hello"}, headers={"idempotency-key": "k"})
    store.close()
    assert refused.status_code == 409
    assert "stopped by Ada" in refused.json()["error"]["message"]
    assert taken.status_code == 202
