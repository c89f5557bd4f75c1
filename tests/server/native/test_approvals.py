"""Bundles and quorums over HTTP: one answer to what was shown, several people for one call, on every page the same."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.native.test_contract import TYPES, Contract

ORDER = "          - call: place_order\n            with: {{symbol: BTC/USDT, side: buy, quantity: '{}', reason: r}}\n"
QUORUM = '[[approvals.quorums]]\ntools = ["place_order"]\npeople = 2\n'


@pytest.fixture
def serve(start_server: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Serve a company whose trader asks for one order after the other in one run, and let it ask."""

    def _serve(*quantities: str, settings: str = "") -> Any:
        role = tmp_path / "own" / "roles" / "trading.md"
        once = r"      - call: place_order\n.*\n.*\n"
        several = "".join(ORDER.format(quantity) for quantity in quantities).replace("          -", "      -")
        text = re.sub(once, several.replace("            with", "        with"), role.read_text())
        role.write_text(text)
        server = start_server(settings)
        server.run(server.say("buy some bitcoin"), until="waiting")
        return server

    return _serve


def decide(server: Any, name: str, person: str = "Ada", **decision: Any) -> Any:
    with server.client(token=server.token_for(("read", "chat", "approve"), person=person)) as client:
        return client.post(f"/api/v1/approvals/{name}", json={"approved": True, **decision})


def listed(server: Any, query: str = "") -> list[dict[str, Any]]:
    with server.client() as client:
        found: list[dict[str, Any]] = client.get(f"/api/v1/approvals{query}").json()
    return found


def states(server: Any) -> dict[str, str]:
    return {approval["id"]: approval["state"] for approval in reversed(listed(server, "?state=all"))}


def test_a_bundle_is_approved_at_once_up_to_the_one_that_is_named(serve: Callable[..., Any]) -> None:
    server = serve("0.01", "0.02", "0.03")
    assert [(each["id"], each["bundle"]) for each in listed(server)] == [("A1", "A1"), ("A2", "A1"), ("A3", "A1")]
    decided = server.settled(decide(server, "A2", bundle=True, note="fine").json())
    assert (decided["approval"]["id"], decided["run"]["status"]) == ("A2", "waiting")
    assert [(each["id"], each["state"]) for each in decided["bundle"]] == [
        ("A1", "approved"),
        ("A2", "approved"),
        ("A3", "open"),
    ]
    assert [each["result"]["status"] for each in decided["bundle"][:2]] == ["ok", "ok"]


def test_of_a_bundle_only_what_the_person_was_shown_is_decided(serve: Callable[..., Any]) -> None:
    server = serve("0.01", "0.02", "0.03")
    assert decide(server, "A3", bundle=True, shown=["A1", "A3"], approved=False).status_code == 200
    assert states(server) == {"A1": "rejected", "A2": "open", "A3": "rejected"}
    again = decide(server, "A3", bundle=True, shown=["A1", "A3"])
    assert again.status_code == 409
    assert "was rejected by Ada" in again.json()["error"]["message"]
    assert decide(server, "A2", bundle="yes").status_code == 422


def test_a_bundle_sent_again_under_its_key_is_answered_the_same(serve: Callable[..., Any]) -> None:
    server = serve("0.01", "0.02")
    body = {"approved": True, "bundle": True}
    with server.client(**{"idempotency-key": "k1"}) as client:
        first, again = (client.post("/api/v1/approvals/A2", json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert server.settled(first.json()) == server.settled(again.json())
    assert states(server) == {"A1": "approved", "A2": "approved"}


def test_two_people_approve_together_and_one_twice_does_not(serve: Callable[..., Any]) -> None:
    server = serve("0.01", settings=QUORUM)
    first = decide(server, "A1", note="go").json()
    assert (first["approval"]["state"], first["run"]["status"], first["approval"]["needed"]) == ("open", "waiting", 2)
    assert [(vote["person"], vote["note"]) for vote in first["approval"]["votes"]] == [("Ada", "go")]
    assert decide(server, "A1", person="ada").json()["approval"]["votes"] == first["approval"]["votes"]
    second = server.settled(decide(server, "A1", person="Grace").json())
    assert (second["approval"]["state"], second["approval"]["decided_by"]) == ("approved", "Ada and Grace")
    assert second["approval"]["result"]["status"] == "ok"
    late = decide(server, "A1", person="Ann")
    assert "was approved by Ada and Grace at" in late.json()["error"]["message"]
    with server.client() as client:
        steps = client.get("/api/v1/why/A1").json()["steps"]
    assert [step["text"] for step in steps if step["kind"] == "decided"] == [
        "Ada said yes to A1, 1 of 2: go",
        "Grace said yes to A1, 2 of 2",
        "A1 was approved by Grace",
    ]


def test_a_decision_is_answered_as_the_web_expects(serve: Callable[..., Any]) -> None:
    server, contract = serve("0.01", settings=QUORUM), Contract(TYPES.read_text("utf-8"))
    for person in ("Ada", "Grace"):
        answer = decide(server, "A1", person=person).json()
        assert contract.problems(contract.of("Decided"), answer) == []


def test_the_plain_page_shows_a_bundle_with_its_votes_and_answers_it_at_once(serve: Callable[..., Any]) -> None:
    server = serve("0.01", "0.02", "0.02", settings=QUORUM)
    decide(server, "A1")
    fields = {"approval": "A3", "answer": "reject bundle", "note": "no"}
    with server.client() as client:
        page = client.get("/plain").text
        assert "1 of 2 said yes: Ada" in page
        assert page.count("0 of 2 said yes") == 2
        assert "The same call as A2." in page
        assert "All 3 of these: A1, A2, A3" in page
        assert page.count("if nobody answers before") == 3
        assert client.post("/plain/approvals", data=fields, headers={"origin": server.url}).status_code == 303
    assert set(states(server).values()) == {"rejected"}


def test_in_words_the_first_yes_of_two_is_told_for_what_it_is(serve: Callable[..., Any]) -> None:
    server = serve("0.01", "0.01", settings=QUORUM)

    def said(text: str, person: str) -> str:
        body = {"model": "ceo", "messages": [{"role": "user", "content": text}]}
        with server.client(token=server.token_for(("read", "chat", "approve"), person=person)) as client:
            return str(client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"])

    assert said("/approve A1 go", "Ada") == "A1 place_order: 1 of 2 said yes; it is done when another person says yes"
    waiting = said("buy some bitcoin", "Bob")
    assert "; the same call as A1; 0 of 2 said yes: `/approve A3`" in waiting
    assert "if nobody answers before" in waiting
    assert "approved by Ada and Bob" not in said("/approve A1", "Bob")
    assert states(server)["A1"] == "approved"
