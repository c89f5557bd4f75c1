"""Who is let in, and what is turned away."""

import http.client
import time
from collections.abc import Iterable, Iterator

import pytest
from starlette.routing import BaseRoute, Mount

from company.config import ServerSettings
from company.server.app import OPENINGS
from company.server.principal import SCOPES

STATUS = "/api/v1/status"
MESSAGES = "/api/v1/messages"
EVENTS = "/api/v1/events"
SOCKET = "/api/v1/ws"
BODY_LIMIT = ServerSettings().body_bytes


def status_of(server, method: str, path: str, headers: Iterable[tuple[str, str]] = (), *, host: str = "") -> int:
    """Send a request byte for byte, as no well-behaved client would."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in [("host", host or f"127.0.0.1:{server.port}"), *headers]:
        connection.putheader(name, value)
    connection.endheaders()
    with connection.getresponse() as answer:
        connection.close()
        return answer.status


def upgrade(server, *headers: tuple[str, str], host: str = "") -> int:
    """Ask for a WebSocket and return the status of the answer."""
    ask = [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-version", "13")]
    key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    return status_of(server, "GET", SOCKET, [*ask, key, *headers], host=host)


def routes_of(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return every method and path that the application answers."""
    for route in routes:
        inner = getattr(route, "original_router", None) or (route.app if isinstance(route, Mount) else None)
        if inner is not None:
            yield from routes_of(inner.routes, prefix + getattr(route, "path", ""))
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield method, prefix + route.path.replace("{", "").replace("}", "")


def test_every_route_that_is_not_listed_as_open_is_closed_to_strangers(server) -> None:
    routes = sorted(set(routes_of(server.app.routes)))
    closed = [(method, path) for method, path in routes if path not in OPENINGS]
    assert {("GET", STATUS), ("POST", MESSAGES), ("GET", EVENTS), ("GET", SOCKET)} <= set(closed)
    assert {("POST", "/v1/chat/completions"), ("POST", "/agui"), ("GET", "/metrics")} <= set(closed)
    answers = {f"{method} {path}": status_of(server, method, path) for method, path in closed}
    assert {name: status for name, status in answers.items() if status != 401} == {}


def test_what_is_open_says_nothing_of_the_company() -> None:
    assert {path for path in OPENINGS.paths if path.startswith("/api/")} == {"/api/v1/session"}
    assert "/assets/../api/v1/status" not in OPENINGS
    assert "/assets" not in OPENINGS


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", STATUS, "read"),
        ("GET", "/api/v1/runs", "read"),
        ("GET", "/api/v1/approvals", "read"),
        ("POST", MESSAGES, "chat"),
        ("POST", "/api/v1/cycles", "chat"),
        ("POST", "/api/v1/runs/R999/cancel", "chat"),
        ("POST", "/api/v1/approvals/A999", "approve"),
        ("POST", "/api/v1/stop", "admin"),
        ("POST", "/api/v1/start", "admin"),
    ],
)
def test_each_endpoint_asks_for_its_scope_and_no_other_gives_it(server, method: str, path: str, scope: str) -> None:
    body = {} if method == "GET" else {"json": {"text": "hello", "approved": True, "reason": ""}}
    others = tuple(one for one in SCOPES if one != scope)
    with server.client(scopes=others) as client:
        answer = client.request(method, path, **body)
    assert answer.status_code == 403
    assert f"no scope {scope!r}" in answer.json()["error"]["message"]
    assert f"company token --scope {scope}" in answer.json()["error"]["message"]


def test_a_request_without_token_is_refused_and_told_how_to_enter(server) -> None:
    with server.client(token=None) as client:
        answer = client.get(STATUS)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorized"
    assert "company login" in answer.json()["error"]["message"]


@pytest.mark.parametrize("shown", ["Bearer wrong", "Bearer", "Basic YTpi", "Bearer \xe9", ""])
def test_a_wrong_token_is_refused(server, shown: str) -> None:
    with server.client(token=None) as client:
        assert client.get(STATUS, headers=[("authorization", shown.encode("latin-1"))]).status_code == 401


def test_a_token_in_the_query_is_not_looked_at(server) -> None:
    with server.client(token=None) as client:
        assert client.get(f"{STATUS}?token={server.token}").status_code == 401


def test_a_token_that_another_process_revokes_opens_nothing_and_hears_nothing_after_five_seconds(start_server) -> None:
    server = start_server()
    with server.store() as store, server.client() as other:
        made = store.access.make("token", person="Bob", scopes=["read"])
        with server.client(token=made.secret) as client, client.stream("GET", EVENTS) as answer:
            pieces = answer.iter_text()
            next(pieces)
            assert client.get(STATUS).status_code == 200
            store.access.revoke(made.credential.id)
            time.sleep(5)
            assert client.get(STATUS).status_code == 401
            other.post(MESSAGES, json={"text": "hello"})
            assert "RUN_STARTED" not in "".join(pieces)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/openapi.json", "/page/../keys.py", "/assets/%2e%2e/x", "//", ""])
def test_an_unlisted_path_is_closed_to_strangers(server, path: str) -> None:
    assert status_of(server, "GET", path or "*") in {400, 401}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whether_the_server_lives_is_no_secret(server, path: str) -> None:
    with server.client(token=None) as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LocalHost"])
def test_the_server_answers_to_its_own_names(server, host: str) -> None:
    with server.client(host=f"{host}:{server.port}") as client:
        assert client.get(STATUS).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil:{port}", ""]
)
@pytest.mark.parametrize("path", ["/", "/healthz", STATUS])
def test_another_host_name_is_refused_on_every_route(server, host: str, path: str) -> None:
    with server.client(host=host.format(port=server.port)) as client:
        assert client.get(path).status_code == 403


def test_two_host_names_are_refused(server) -> None:
    twice = [("host", "evil.example"), ("authorization", f"Bearer {server.token}")]
    assert status_of(server, "GET", STATUS, twice) == 400


@pytest.mark.parametrize(
    "sign",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "https://127.0.0.1:{port}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/healthz", STATUS, EVENTS])
def test_a_request_from_another_site_is_refused_on_every_route(server, sign: dict[str, str], path: str) -> None:
    with server.client(**{name: value.format(port=server.port) for name, value in sign.items()}) as client:
        answer = client.get(path)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_a_link_on_another_site_leads_to_the_page_and_to_nothing_else(server) -> None:
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    with server.client(**followed) as client:
        assert client.get("/").status_code == 200
        assert client.get(STATUS).status_code == 403
        assert client.post("/api/v1/session", json={"code": "x"}).status_code == 403


def test_a_request_of_the_own_page_passes(server) -> None:
    with server.client(origin=server.url, **{"sec-fetch-site": "same-origin"}) as client:
        assert client.get(STATUS).status_code == 200


def test_another_site_can_neither_read_nor_preflight(server) -> None:
    with server.client(token=None, origin="http://evil.example") as client:
        answer = client.options(STATUS, headers={"access-control-request-method": "POST"})
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_websocket_passes_the_same_gate(server) -> None:
    token = ("authorization", f"Bearer {server.token}")
    assert upgrade(server, token) == 101
    assert upgrade(server, token, ("origin", server.url)) == 101
    assert upgrade(server) == 401
    assert upgrade(server, ("authorization", "Bearer wrong")) == 401
    assert upgrade(server, token, ("origin", "http://evil.example")) == 403
    assert upgrade(server, token, ("sec-fetch-site", "cross-site")) == 403
    assert upgrade(server, token, host=f"evil.example:{server.port}") == 403


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_only_json_is_taken(server, media: str) -> None:
    with server.client() as client:
        answer = client.post(MESSAGES, content=b'{"text": "hello"}', headers={"content-type": media})
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"


def test_a_body_that_is_announced_too_large_is_refused(server) -> None:
    with server.client() as client:
        answer = client.post(MESSAGES, json={"text": "x" * BODY_LIMIT})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_a_streamed_body_is_refused_when_it_grows_too_large(server) -> None:
    pieces = (b"x" * 1024 for _ in range(BODY_LIMIT // 1024 + 1))
    with server.client() as client:
        answer = client.post(MESSAGES, content=pieces, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_a_streamed_body_within_the_limit_is_taken(server) -> None:
    pieces = iter([b'{"text": ', b'"hello"}'])
    with server.client() as client:
        answer = client.post(MESSAGES, content=pieces, headers={"content-type": "application/json"})
    assert answer.status_code == 202


@pytest.mark.parametrize("path", ["/", "/healthz", STATUS, "/nothing", "/v1/nothing"])
@pytest.mark.parametrize("known", [True, False])
def test_every_answer_carries_the_safety_headers(server, path: str, known: bool) -> None:
    with server.client(token="" if known else None) as client:
        headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == ("no-referrer" if path != "/" else headers["referrer-policy"])
    assert headers["cache-control"].startswith("no-")
    assert "server" not in headers


def test_below_v1_the_gate_refuses_in_openais_words(server) -> None:
    with server.client(token=None) as client:
        answer = client.get("/v1/models")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_token_that_asks_too_often_waits_and_others_do_not(start_server) -> None:
    server = start_server("[server]\nreads_per_minute = 3\ncommands_per_minute = 1")
    with server.client(scopes=["read"]) as one, server.client(scopes=["read", "chat"]) as other:
        answers = [one.get(STATUS) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "rate_limited"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert other.get(STATUS).status_code == 200
        assert [other.post(MESSAGES, json={"text": "hello"}).status_code for _ in range(2)] == [202, 429]


def test_wrong_tokens_of_an_address_are_counted_and_right_ones_still_pass(start_server) -> None:
    server = start_server("[server]\nlogins_per_minute = 2")
    with server.client(token="wrong") as guesser, server.client() as owner:
        assert [guesser.get(STATUS).status_code for _ in range(3)] == [401, 401, 429]
        assert owner.get(STATUS).status_code == 200


def test_an_address_that_a_client_makes_up_does_not_count_anew(start_server) -> None:
    server = start_server("[server]\nlogins_per_minute = 2")
    with server.client(token="wrong") as guesser:
        answers = [guesser.get(STATUS, headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code for n in range(3)]
    assert answers == [401, 401, 429]


def test_behind_a_trusted_proxy_each_address_has_its_own_count(start_server) -> None:
    server = start_server('[server]\nlogins_per_minute = 1\ntrusted_proxies = ["127.0.0.1"]')
    with server.client(token="wrong") as guesser:
        answers = [
            guesser.get(STATUS, headers={"x-forwarded-for": f"198.51.100.{n}, 203.0.113.{last}"}).status_code
            for n, last in ((1, 1), (2, 1), (3, 2))
        ]
    assert answers == [401, 429, 401]
