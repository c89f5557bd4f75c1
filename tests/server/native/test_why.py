"""Decision trails over HTTP: from the request to the receipt, each step with its place in the journal."""

from typing import Any
from urllib.parse import quote

import pytest

from company import events
from company.events import Draft
from company.memory import Note


@pytest.fixture(scope="module")
def bought(server: Any) -> dict[str, Any]:
    """An approval that was given, with its run."""
    run = server.run(server.say("buy some bitcoin", thread="why"), until="waiting")
    with server.client(token=server.token_for(["read", "approve"], person="Grace")) as client:
        path = f"/api/v1/approvals/{run['outcome']['waiting'][0]}"
        answer = client.post(path, json={"approved": True, "note": "small enough"})
    decided: dict[str, Any] = server.settled(answer.json())
    assert decided["run"]["status"] == "done"
    return decided


def why(server, subject: str, **query: str) -> dict[str, Any]:
    with server.client() as client:
        answer = client.get(f"/api/v1/why/{quote(subject, safe='')}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def kinds(trail: dict[str, Any]) -> list[str]:
    return [step["kind"] for step in trail["steps"]]


def test_an_approval_is_told_from_the_request_to_the_receipt(server, bought) -> None:
    trail = why(server, bought["approval"]["id"])
    steps = {step["kind"]: step for step in trail["steps"]}
    assert trail["what"].startswith("ceo/trading called place_order(")
    assert steps["request"]["text"] == 'Ada asked: "buy some bitcoin"'
    assert steps["plan"]["text"] == "gave trading the task: buy some bitcoin"
    assert steps["call"]["detail"]["arguments"]["quantity"] == "0.01"
    asking = next(step for step in trail["steps"] if step["kind"] == "verdict")
    assert asking["detail"]["decision"] == "ask"
    assert steps["decided"]["text"] == f"{bought['approval']['id']} was approved by Grace: small enough"
    receipt = steps["result"]["detail"]["receipt"]
    assert receipt in steps["result"]["text"]
    assert steps["effect"]["detail"]["clientOrderId"] == receipt
    assert steps["end"]["text"].startswith("the run ended: ")


def test_every_step_is_an_event_of_the_journal(server, bought) -> None:
    trail = why(server, bought["run"]["id"])
    with server.store() as store:
        events = {event.seq: event for event in store.journal.read(run_id=bought["run"]["id"])}
    assert [step["seq"] for step in trail["steps"]] == sorted(step["seq"] for step in trail["steps"])
    assert {step["seq"] for step in trail["steps"]} <= set(events)


def test_an_order_and_its_receipt_have_the_trail_of_their_call(server, bought) -> None:
    approval = why(server, bought["approval"]["id"])
    order = next(step for step in approval["steps"] if step["kind"] == "effect")["detail"]
    for subject in (order["orderId"], order["clientOrderId"]):
        assert why(server, subject)["steps"] == approval["steps"]


def test_a_tool_call_is_found_in_its_run(server, bought) -> None:
    steps = why(server, bought["run"]["id"])["steps"]
    call = next(step for step in steps if step["kind"] == "call")["detail"]["call"]
    trail = why(server, call, run=bought["run"]["id"])
    assert trail["what"].startswith("ceo/trading called place_order(")
    with server.client() as client:
        missing = client.get("/api/v1/why/no-such-call", params={"run": bought["run"]["id"]})
    assert missing.status_code == 404
    assert "has no tool call 'no-such-call'" in missing.json()["error"]["message"]


def test_a_cycle_is_told_with_its_roles(server) -> None:
    with server.client() as client:
        run = client.post("/api/v1/cycles").json()["run"]
    server.run(run, until="done")
    trail = why(server, run)
    assert trail["what"] == "cycle 1"
    assert kinds(trail) == ["request", "plan", "call", "verdict", "result", "report", "end"]


def test_a_rejection_is_part_of_the_trail(server) -> None:
    run = server.run(server.say("buy some bitcoin"), until="waiting")
    approval = run["outcome"]["waiting"][0]
    with server.client() as client:
        client.post(f"/api/v1/approvals/{approval}", json={"approved": False})
    trail = why(server, approval)
    assert "effect" not in kinds(trail)
    assert next(s for s in trail["steps"] if s["kind"] == "decided")["text"] == f"{approval} was rejected by Ada"


def test_words_of_strangers_stay_plain_text(server, bought) -> None:
    call = next(step for step in why(server, bought["approval"]["id"])["steps"] if step["kind"] == "call")
    assert "reason=<b>asked</b> for it" in call["text"]


async def test_a_run_names_what_roles_were_reminded_of_in_words_only_for_who_may_read_them(company: Any) -> None:
    memory, store = company.engine.company.memory, company.engine.company.store
    await company.chat("hello")
    notes = [Note(role="ceo", text=f"{name} is in a hurry", person=name, source="user") for name in ("Ada", "Grace")]
    kept = [item.id for item in await memory.remember_many(notes)]
    date = "2026-03-02T09:00:00+00:00"
    rest = {
        "kind": "episodic",
        "source": "user",
        "date": date,
        "tainted": False,
        "score": 0.834,
        "parts": {"text": 1.0},
    }
    value = {"role": "ceo", "items": [{"id": name, **rest} for name in (*kept, "m999")]}
    store.journal.append([Draft("R1", "main", "ceo", "debug", events.custom("memory.recalled", value))])

    trail = await company.get("/why/R1")

    step = trail["steps"][-1]
    assert (step["kind"], step["agent"]) == ("recalled", "ceo")
    assert step["text"].startswith(f"was reminded of {kept[0]} (episodic, said by user, 2026-03-02, score 0.83), ")
    assert [item["text"] for item in step["detail"]["items"]] == ["Ada is in a hurry", "", ""]
    assert "Grace" not in str(step)
