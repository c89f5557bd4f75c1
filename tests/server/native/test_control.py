"""Commands over HTTP: stop and start, cancel, decide; each once, in the name of who asks."""

import json
from typing import Any

import pytest

from company.config import Settings
from company.server.native.control import shown_settings


def asked(server, run: str) -> dict[str, Any]:
    """Return the approval that a run waits for."""
    server.run(run, until="waiting")
    with server.client() as client:
        found: dict[str, Any] = next(a for a in client.get("/api/v1/approvals").json() if a["run"] == run)
    return found


def post(server, path: str, body: object = None, *, person: str = "Ada", scopes: Any = None, key: str = "") -> Any:
    token = server.token_for(scopes or ("read", "chat", "approve", "admin"), person=person)
    with server.client(token=token, **({"idempotency-key": key} if key else {})) as client:
        return client.post(f"/api/v1/{path}", **({} if body is None else {"json": body}))


def told(server, name: str) -> list[str]:
    """Reasons in the journal of what concerns the whole company."""
    with server.store() as store:
        return [event.body["value"]["reason"] for event in store.journal.read(run_id="", types=[name])]


def test_a_stopped_company_refuses_work_until_it_is_started(start_server) -> None:
    server = start_server()
    assert post(server, "stop", {"reason": "fire"}, key="s1").status_code == 204
    refused = post(server, "messages", {"text": "hello"})
    assert refused.status_code == 409
    assert "stopped by Ada: fire" in refused.json()["error"]["message"]
    assert post(server, "start", {"reason": "it is out"}, person="Grace").status_code == 204
    assert post(server, "messages", {"text": "hello"}).status_code == 202
    assert (told(server, "run.stopped"), told(server, "run.resumed")) == (["Ada: fire"], ["Grace: it is out"])


def test_a_stop_sent_again_under_its_key_does_not_stop_a_started_company(start_server) -> None:
    server = start_server()
    for _ in range(2):
        assert post(server, "stop", {"reason": "fire"}, key="s1").status_code == 204
    assert post(server, "start", {"reason": "it is out"}).status_code == 204
    assert post(server, "stop", {"reason": "fire"}, key="s1").status_code == 204
    assert post(server, "messages", {"text": "hello"}).status_code == 202
    assert told(server, "run.stopped") == ["Ada: fire"]
    assert post(server, "stop", {"reason": "water"}, key="s1").status_code == 422


def test_stopping_takes_open_orders_off_the_venues(start_server, tmp_path) -> None:
    role = tmp_path / "own" / "roles" / "trading.md"
    limit = 'quantity: "0.01", type: limit, price: "50000"'
    role.write_text(role.read_text().replace('quantity: "0.01"', limit))
    server = start_server()
    approval = asked(server, server.say("buy some bitcoin"))
    post(server, f"approvals/{approval['id']}", {"approved": True})
    with server.client() as client:
        before = client.get("/api/v1/orders").json()["open"]
        assert post(server, "stop", {}).status_code == 204
        assert post(server, "start", {"reason": "it is out"}).status_code == 204
        server.run(server.say("hello"), until="done")  # the figures are looked at anew
        after = client.get("/api/v1/orders").json()["open"]
    assert (len(before), after) == (1, [])


def test_a_company_is_not_started_without_a_reason(server) -> None:
    assert post(server, "start", {"reason": "  "}).status_code == 422


def test_a_run_under_way_is_cancelled_in_a_persons_name(start_server) -> None:
    server = start_server()
    run = server.say("wait for the file")
    assert post(server, f"runs/{run}/cancel", key="c1").status_code == 200
    assert server.run(run, until="stopped")["outcome"]["error"] == "Ada stopped the run"
    assert post(server, f"runs/{run}/cancel").status_code == 409
    assert post(server, f"runs/{run}/cancel", key="c1").json()["status"] == "stopped"


def test_the_run_of_another_person_is_cancelled_by_an_admin_only(server) -> None:
    run = asked(server, server.say("buy some bitcoin"))["run"]
    assert post(server, f"runs/{run}/cancel", person="Grace", scopes=["chat"]).status_code == 403
    assert post(server, f"runs/{run}/cancel", person="Grace", scopes=["chat", "admin"]).status_code == 200
    assert "Grace" in server.run(run, until="stopped")["outcome"]["error"]


def test_an_approved_call_is_performed_and_the_answer_says_so(server) -> None:
    approval = asked(server, server.say("buy some bitcoin"))
    answer = post(server, f"approvals/{approval['id']}", {"approved": True, "note": "go"}, person="Grace")
    decided = server.settled(answer.json())
    assert (decided["approval"]["state"], decided["approval"]["decided_by"]) == ("approved", "Grace")
    assert decided["approval"]["result"]["status"] == "ok"
    assert (decided["approval"]["note"], decided["run"]["status"]) == ("go", "done")


def test_a_second_decision_is_told_who_decided_and_when(server) -> None:
    approval = asked(server, server.say("buy some bitcoin"))
    post(server, f"approvals/{approval['id']}", {"approved": False}, person="Grace")
    late = post(server, f"approvals/{approval['id']}", {"approved": True})
    assert late.status_code == 409
    assert "was rejected by Grace at 20" in late.json()["error"]["message"]


def test_a_decision_sent_again_under_its_key_is_answered_the_same(server) -> None:
    approval = asked(server, server.say("buy some bitcoin"))
    path, body = f"approvals/{approval['id']}", {"approved": True}
    first, again = (post(server, path, body, key="d1").json() for _ in range(2))
    assert first == again
    assert post(server, path, {"approved": False}, key="d1").status_code == 422
    assert post(server, path, body).status_code == 409


def test_decided_approvals_are_listed_among_all_and_not_among_the_open(server) -> None:
    approval = asked(server, server.say("buy some bitcoin"))
    post(server, f"approvals/{approval['id']}", {"approved": False})
    with server.client() as client:
        still = [found["id"] for found in client.get("/api/v1/approvals").json()]
        newest = client.get("/api/v1/approvals", params={"state": "all"}).json()[0]
        assert client.get("/api/v1/approvals", params={"state": "late"}).status_code == 422
    assert approval["id"] not in still
    assert (newest["id"], newest["state"]) == (approval["id"], "rejected")


def test_an_approval_of_a_run_that_failed_is_void(start_server) -> None:
    server = start_server()
    approval = asked(server, server.say("buy some bitcoin"))
    with server.store() as store:
        store.runs.set_status(approval["run"], "failed", {"error": "a bug"})
    with server.client() as client:
        assert client.get("/api/v1/approvals").json() == []
        assert client.get(f"/api/v1/approvals/{approval['id']}").json()["state"] == "void"
    refused = post(server, f"approvals/{approval['id']}", {"approved": True})
    assert refused.status_code == 409
    assert f"run {approval['run']} is failed" in refused.json()["error"]["message"]


@pytest.mark.parametrize("body", [{}, {"approved": "yes"}, {"approved": 1}, {"approved": True, "by": "Grace"}])
def test_a_decision_is_yes_or_no_and_nothing_else(server, body: object) -> None:
    approval = asked(server, server.say("buy some bitcoin"))
    assert post(server, f"approvals/{approval['id']}", body).status_code == 422


def test_the_settings_are_shown_without_what_may_be_secret() -> None:
    settings = Settings.model_validate(
        {
            "webhooks": [{"url": "https://hooks.example/in?key=hush#hush", "secret": "hook"}],
            "providers": {"mine": {"kind": "openai", "base_url": "https://user:hush@models.example:8/v1?key=hush"}},
            "models": {"facts": {"mine:m": {"options": {"extra_headers": {"authorization": "hush"}}}}},
            "telemetry": {"otlp": "http://[hush"},
        }
    )
    shown = shown_settings(settings)
    assert "hush" not in json.dumps(shown)
    assert shown["webhooks"][0]["url"] == "https://hooks.example"
    assert shown["providers"]["mine"]["base_url"] == "https://models.example:8/v1"
    assert shown["models"]["facts"]["mine:m"]["options"] == ["extra_headers"]


def test_the_settings_in_force_are_shown(server) -> None:
    with server.client() as client:
        shown = client.get("/api/v1/config").json()
    assert shown["limits"]["max_trade_fraction"] == "0.05"
    assert shown["memory"]["enabled"] is False
