"""What the server says of itself and of the company, to people and to machines that watch."""

import re

import pytest

from company.engine import halt, release

STATUS = "/api/v1/status"


def test_status_names_mode_mind_and_why_the_company_stands_still(server) -> None:
    with server.client() as client:
        status = client.get(STATUS).json()
    assert (status["mode"], status["mind"], status["offline"], status["stopped"]) == ("paper", "autopilot", True, "")


def test_status_shows_at_once_what_another_process_wrote(server) -> None:
    with server.client() as client, server.store() as store:
        before = client.get(STATUS)
        halt(store, "for a test")
        stopped = client.get(STATUS, headers={"if-none-match": before.headers["etag"]})
        release(store, "it is over")
        assert stopped.json()["stopped"] == "for a test"
        assert client.get(STATUS).json()["stopped"] == ""


def test_status_that_did_not_change_is_not_sent_again(server) -> None:
    with server.client() as client:
        first = client.get(STATUS)
        again = client.get(STATUS, headers={"if-none-match": first.headers["etag"]})
        other = client.get(STATUS, headers={"if-none-match": '"something else"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.json() == first.json()
    assert {**first.headers}.keys() >= {"content-security-policy", "x-content-type-options", "etag"}


@pytest.mark.parametrize("path", [STATUS, "/api/v1/health", "/metrics"])
def test_only_who_may_read_is_told_of_the_company(server, path: str) -> None:
    with server.client(scopes=("chat",)) as client, server.client(token=None) as stranger:
        assert client.get(path).status_code == 403
        assert stranger.get(path).status_code == 401


def test_health_counts_who_listens(server) -> None:
    with server.client() as client, server.frames() as frames:
        next(frames)
        health = client.get("/api/v1/health").json()
    assert (health["ready"], health["why"], health["company"]["ok"]) == (True, "", True)
    assert health["sse_clients"] >= 1


def test_a_server_is_ready_until_its_store_cannot_be_read(start_server) -> None:
    server = start_server()
    with server.client(token=None) as client:
        assert client.get("/readyz").json() == client.get("/healthz").json() == {"status": "ok"}
        server.engine.company.store.close()
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_metrics_count_requests_streams_and_work(start_server) -> None:
    server = start_server()
    server.run(server.say("hello"), until="done")
    with server.frames(**{"last-event-id": "1"}) as frames, server.client() as client:
        next(frames)
        server.run(server.say("hello"), until="done")
        client.get(STATUS)
        client.get("/nowhere/secret")
        text = client.get("/metrics").text
    figures = dict(re.findall(r"^([a-z]\S*) (\S+)$", text, re.MULTILINE))
    assert figures["company_sse_clients"] == "1.0"
    assert figures["company_ws_clients"] == "0.0"
    assert figures["company_sse_resumes_total"] == "1.0"
    assert figures['company_runs{status="done"}'] == "2.0"
    assert figures["company_approvals_open"] == "0.0"
    assert figures["company_usd_today"] == "0.0"
    assert int(float(figures["company_journal_rows"])) > 10
    assert float(figures["company_event_lag_seconds_count"]) > 0
    assert figures['company_http_requests_total{route="/api/v1/status",status="200"}'] == "1.0"
    assert figures['company_http_requests_total{route="/api/v1/messages",status="202"}'] == "2.0"
    assert figures['company_http_requests_total{route="other",status="404"}'] == "1.0"
    assert "Ada" not in text
    assert "secret" not in text
