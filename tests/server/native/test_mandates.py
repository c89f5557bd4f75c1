"""Mandates over HTTP: given and revoked by who may administer, looked at by who may read, in force at once."""

from typing import Any

import pytest

GIVEN = {"id": "m1", "tools": ["place_order"], "symbols": ["BTC/USDT"], "max_notional_day": "5000.50"}
FILE = """
    [[mandates]]
    id = "trade"
    tools = ["place_order"]
    max_notional_day = 100
"""


def client(server: Any, *scopes: str, person: str = "Ada", **headers: str) -> Any:
    return server.client(token=server.token_for(scopes or ("read", "admin"), person=person), **headers)


def give(server: Any, *, key: str = "", person: str = "Ada", **changes: Any) -> Any:
    with client(server, person=person, **({"idempotency-key": key} if key else {})) as asking:
        return asking.post("/api/v1/mandates", json={**GIVEN, **changes})


def revoke(server: Any, id: str, *, key: str = "", person: str = "Ada", reason: str = "loss") -> Any:
    with client(server, person=person, **({"idempotency-key": key} if key else {})) as asking:
        return asking.delete(f"/api/v1/mandates/{id}", params={"reason": reason})


def listed(server: Any) -> dict[str, Any]:
    with client(server) as asking:
        return {found["id"]: found for found in asking.get("/api/v1/mandates").json()}


def changes(server: Any) -> list[tuple[str, Any]]:
    with server.store() as store:
        names = {"mandate.added", "mandate.revoked"}
        return [(event.type, event.body["value"]) for event in store.journal.read(types=names)]


def test_a_mandate_that_was_given_lets_the_next_order_pass_and_one_that_was_revoked_does_not(start_server: Any) -> None:
    server = start_server()
    server.run(server.say("buy some bitcoin"), until="waiting")

    assert give(server).status_code == 201
    server.run(server.say("buy some bitcoin"), until="done")
    assert (listed(server)["m1"]["calls_today"], listed(server)["m1"]["state"]) == (1, "active")

    assert revoke(server, "m1").json()["state"] == "revoked"
    server.run(server.say("buy some bitcoin"), until="waiting")


def test_a_mandate_is_answered_with_its_terms_and_who_gave_it(start_server: Any) -> None:
    server = start_server()

    answer = give(server, person="Grace", expires="2030-01-31T12:00:00+01:00", note="try")

    told = answer.json()
    assert (told["id"], told["tools"], told["symbols"], told["roles"]) == ("m1", ["place_order"], ["BTC/USDT"], [])
    assert (told["max_notional"], told["max_notional_day"]) == (None, "5000.50")
    assert (told["origin"], told["given_by"], told["state"], told["note"]) == ("command", "Grace", "active", "try")
    assert listed(server) == {"m1": told}
    ((name, value),) = changes(server)
    assert (name, value["mandate"], value["by"]) == ("mandate.added", "m1", "Grace")


def test_a_mandate_of_the_file_is_revoked_in_the_name_of_who_asks(start_server: Any) -> None:
    server = start_server(FILE)

    told = revoke(server, "trade", person="Grace", reason="loss").json()

    assert (told["origin"], told["state"], told["revoked_by"], told["reason"]) == ("file", "revoked", "Grace", "loss")
    assert listed(server)["trade"] == told
    again = revoke(server, "trade")
    assert again.status_code == 409
    assert "was revoked by Grace at" in again.json()["error"]["message"]


@pytest.mark.parametrize("scopes", [("read",), ("chat", "approve"), ("read", "chat", "approve")])
def test_only_who_may_administer_gives_and_revokes(start_server: Any, scopes: tuple[str, ...]) -> None:
    server = start_server(FILE)
    with client(server, *scopes) as asking:
        assert asking.post("/api/v1/mandates", json=GIVEN).status_code == 403
        assert asking.delete("/api/v1/mandates/trade", params={"reason": "loss"}).status_code == 403
        assert asking.get("/api/v1/mandates").status_code == (200 if "read" in scopes else 403)
    with client(server, "admin") as asking:
        assert asking.get("/api/v1/mandates").status_code == 403
    assert changes(server) == []


def test_what_is_sent_again_under_its_key_is_done_once(start_server: Any) -> None:
    server = start_server()
    assert [give(server, key="g").status_code for _ in range(2)] == [201, 201]
    assert [revoke(server, "m1", key="r").status_code for _ in range(2)] == [200, 200]
    assert give(server, key="g", max_notional_day="9").status_code == 422
    assert [name for name, _ in changes(server)] == ["mandate.added", "mandate.revoked"]


def test_an_id_that_was_used_is_a_conflict(start_server: Any) -> None:
    server = start_server(FILE)
    give(server)
    revoke(server, "m1")

    for used in ("m1", "trade"):
        assert give(server, id=used).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tools": ["place_ordr"]}, "did you mean 'place_order'?"),
        ({"roles": ["trader"]}, "did you mean 'trading'?"),
        ({"tools": []}, "tools"),
        ({"tools": ["x"] * 101}, "tools"),
        ({"id": "a b"}, "cannot be the id of a mandate"),
        ({"max_notional_day": None}, "nothing bounds how much"),
        ({"max_notional": "-1"}, "max_notional"),
        ({"max_notional": "NaN"}, "max_notional"),
        ({"max_notional": "1e-999999"}, "max_notional"),
        ({"max_calls_day": 0}, "max_calls_day"),
        ({"expires": "2030-01-31T12:00:00"}, "expires"),
        ({"expires": "2020-01-31T12:00:00Z"}, "is over: company time is"),
        ({"by": "Grace"}, "by"),
    ],
)
def test_what_is_not_sound_is_refused_with_what_to_change(server: Any, wrong: dict[str, Any], said: str) -> None:
    refused = give(server, **wrong)

    assert refused.status_code == 422
    assert said in refused.json()["error"]["message"]
    assert listed(server) == {}


def test_without_a_bound_of_the_day_it_takes_the_word_unlimited(start_server: Any) -> None:
    assert give(start_server(), max_notional_day=None, unlimited=True).status_code == 201


def test_a_mandate_is_not_revoked_without_a_reason_nor_one_that_is_not_there(start_server: Any) -> None:
    server = start_server(FILE)
    with client(server) as asking:
        assert asking.delete("/api/v1/mandates/trade").status_code == 422
    assert revoke(server, "trade", reason="  ").status_code == 422
    missing = revoke(server, "trad")
    assert missing.status_code == 404
    assert "did you mean 'trade'?" in missing.json()["error"]["message"]
    assert listed(server)["trade"]["state"] == "active"
