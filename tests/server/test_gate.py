"""Who is let in, and what is turned away."""

import http.client

import pytest

from company.server.access.gate import BODY_LIMIT

STATUS = "/api/v1/status"


def test_a_request_without_token_is_refused_and_told_how_to_enter(server) -> None:
    with server.client(token=None) as client:
        answer = client.get(STATUS)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    "shown", ["Bearer wrong", "Bearer", "Basic a-token-that-is-long-enough-for-tests", "Bearer \xe9"]
)
def test_a_wrong_token_is_refused(server, shown: str) -> None:
    with server.client(token=None) as client:
        assert client.get(STATUS, headers=[("authorization", shown.encode("latin-1"))]).status_code == 401


def test_a_token_in_the_query_is_not_looked_at(server) -> None:
    with server.client(token=None) as client:
        assert client.get(f"{STATUS}?token=a-token-that-is-long-enough-for-tests").status_code == 401


def test_the_token_opens_every_door(server) -> None:
    with server.client() as client:
        assert client.get(STATUS).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/openapi.json", "/page/../keys.py", "/page/%2e%2e/keys.py", "//"])
def test_an_unlisted_path_is_closed_to_strangers(server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path)
    assert connection.getresponse().status == 401
    connection.close()


def test_whether_the_server_lives_is_no_secret(server) -> None:
    with server.client(token=None) as client:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


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


@pytest.mark.parametrize(
    "sign",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "https://127.0.0.1:{port}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/healthz", STATUS, "/api/v1/events"])
def test_a_request_from_another_site_is_refused_on_every_route(server, sign: dict[str, str], path: str) -> None:
    with server.client(**{name: value.format(port=server.port) for name, value in sign.items()}) as client:
        answer = client.get(path)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_a_request_of_the_own_page_passes(server) -> None:
    with server.client(origin=server.url, **{"sec-fetch-site": "same-origin"}) as client:
        assert client.get(STATUS).status_code == 200


def test_another_site_can_neither_read_nor_preflight(server) -> None:
    with server.client(token=None, origin="http://evil.example") as client:
        answer = client.options(STATUS, headers={"access-control-request-method": "POST"})
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_only_json_is_taken(server, media: str) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/messages", content=b'{"text": "hello"}', headers={"content-type": media})
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"


def test_a_body_that_is_announced_too_large_is_refused(server) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/messages", json={"text": "x" * BODY_LIMIT})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_a_streamed_body_is_refused_when_it_grows_too_large(server) -> None:
    pieces = (b"x" * 1024 for _ in range(100))
    with server.client() as client:
        answer = client.post("/api/v1/messages", content=pieces, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_a_streamed_body_within_the_limit_is_taken(server) -> None:
    pieces = iter([b'{"text": ', b'"hello"}'])
    with server.client() as client:
        answer = client.post("/api/v1/messages", content=pieces, headers={"content-type": "application/json"})
    assert answer.status_code == 202


@pytest.mark.parametrize("path", ["/", "/healthz", STATUS, "/nothing", "/page/page.js"])
def test_every_answer_carries_the_safety_headers(server, path: str) -> None:
    with server.client() as client:
        headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
