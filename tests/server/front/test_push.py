"""Web push: a count reaches the browsers that asked for it, sealed, and reaches nobody else and nowhere else."""

import base64
import http.server
import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from company.errors import ProviderError
from company.events import Draft, custom
from company.server.faults import Refusal
from company.server.front.notifying import Notifying, sentence
from company.server.front.post import BadEndpoint, Post
from company.server.front.push import Push, may_approve
from company.server.front.subscriptions import MOST, Subscription, Subscriptions
from company.store import Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LASTS = timedelta(minutes=15)
API = "/api/v1/push"


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """A browser's half of a subscription: it can open what was sealed for it."""

    def __init__(self) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": text_of(point), "auth": text_of(self._auth)}

    def subscription(self, endpoint: str, **more: str) -> Subscription:
        return Subscription(endpoint=endpoint, **self.keys, **{"person": "Ada", "credential": "S1", **more})

    def opened(self, body: bytes) -> str:
        plain: bytes = http_ece.decrypt(
            body, private_key=self._key, auth_secret=self._auth, version="aes128gcm", dh=None
        )
        return plain.decode()


class PushService:
    """A push service on this machine."""

    def __init__(self) -> None:
        self.status, self.got = 201, list[tuple[str, dict[str, str], bytes]]()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                service.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(service.status)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[PushService]:
    running = PushService()
    yield running
    running.stop()


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path, to_loopback=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "company.db", now=lambda: START)
    yield opened
    opened.close()


def ask(store: Store, call: str = "c1") -> None:
    """Let a role ask for something, as the governor records it."""
    about: dict[str, Any] = {"tool": "place_order", "arguments": {"symbol": "BTC/USDT", "quantity": "3"}}
    asked = store.approvals.ask(
        run_id="R1",
        thread_id="main",
        role="trading",
        path="ceo/trading",
        call_id=call,
        **about,
        arguments_hash="x",
        reason="more than the limit",
        rule="limit",
        sources=[],
        expires_seconds=900,
    )
    store.journal.append([Draft("R1", "main", "ceo/trading", "user", custom("approval.asked", {"approval": asked.id}))])


def notifying(store: Store, post: Post, *, may: Callable[[str], bool] = lambda _: True) -> Notifying:
    return Notifying(store, Subscriptions(store.books("server")), post, may_approve=may, now=lambda: START)


def subscribed(store: Store, *subscriptions: Subscription) -> Subscriptions:
    known = Subscriptions(store.books("server"))
    for subscription in subscriptions:
        known.add(subscription)
    return known


# --- one message ----------------------------------------------------------------------------------------------------


async def test_only_the_browser_can_read_what_is_sent(service: PushService, post: Post) -> None:
    browser = Browser()
    assert await post.send(browser.subscription(f"{service.url}/b/1?x=2"), "1 approval waits", lasts=LASTS)
    ((path, headers, body),) = service.got
    assert path == "/b/1?x=2"
    assert headers["content-encoding"] == "aes128gcm"
    assert b"approval" not in body
    assert browser.opened(body) == "1 approval waits"
    with pytest.raises(Exception, match=r".+"):
        Browser().opened(body)


async def test_a_message_is_urgent_replaces_the_one_before_and_ends_with_its_approval(
    service: PushService, post: Post
) -> None:
    await post.send(Browser().subscription(service.url), "1 approval waits", lasts=LASTS)
    headers = service.got[0][1]
    assert (headers["urgency"], headers["topic"], headers["ttl"]) == ("high", "approvals", "900")


async def test_the_push_service_can_check_who_sends(service: PushService, tmp_path: Path) -> None:
    post = Post(tmp_path, to_loopback=True, now=lambda: 1_000_000_000)
    await post.send(Browser().subscription(service.url), "hello", lasts=LASTS)
    shown = service.got[0][1]["authorization"]
    assert Vapid02.verify(shown)
    assert f"k={post.public_key()}" in shown
    payload = shown.partition("t=")[2].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == service.url
    assert claims["exp"] == 1_000_000_000 + 12 * 3600
    assert claims["sub"].startswith("https://")


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    key = Post(tmp_path).public_key()
    assert Post(tmp_path).public_key() == key
    assert len(base64.urlsafe_b64decode(key + "=")) == 65
    assert stat.S_IMODE((tmp_path / "push.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_said_to_be_gone(service: PushService, post: Post, status: int) -> None:
    service.status = status
    assert await post.send(Browser().subscription(service.url), "hello", lasts=LASTS) is False


@pytest.mark.parametrize("status", [307, 400, 429, 500])
async def test_a_message_that_is_not_taken_is_an_error_and_a_redirect_is_not_followed(
    service: PushService, post: Post, status: int
) -> None:
    service.status = status
    with pytest.raises(ProviderError, match=f"answered {status}"):
        await post.send(Browser().subscription(service.url), "hello", lasts=LASTS)
    assert len(service.got) == 1


async def test_a_push_service_that_cannot_be_reached_is_an_error(post: Post) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ProviderError, match="cannot be reached"):
            await post.send(Browser().subscription(endpoint), "hello", lasts=LASTS)


# --- where a message may go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/1",
        "ftp://push.example.com/1",
        "//push.example.com/1",
        "https://",
        "https://user:secret@push.example.com/1",
        "https://localhost/1",
        "https://printer/1",
        "https://127.0.0.1/1",
        "https://10.0.0.8/1",
        "https://169.254.169.254/latest",
        "https://[::1]/1",
        "https://[::ffff:10.0.0.8]/1",
        "https://[2002:7f00:1::]/1",
        "https://[fe80::1]/1",
        "https://100.64.0.1/1",
        "https://0.0.0.0/1",
        "https://push.example.com:0/1",
        "https://push.example.com:99999/1",
        "https://push.example.com/a b",
        "https://push.example.com/\r\nX-Evil: 1",
        "https://[broken/1",
        f"https://push.example.com/{'x' * 2048}",
    ],
)
def test_an_endpoint_that_is_no_public_https_address_is_refused(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(BadEndpoint):
        Post(tmp_path).check(endpoint)


@pytest.mark.parametrize(
    "endpoint", ["https://fcm.googleapis.com/fcm/send/abc:def", "https://web.push.apple.com/Q", "https://8.8.8.8/x"]
)
def test_the_endpoints_of_browsers_are_taken(tmp_path: Path, endpoint: str) -> None:
    Post(tmp_path).check(endpoint)


async def test_a_public_name_that_leads_inside_is_not_connected_to(
    tmp_path: Path, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = ("127.0.0.1", int(service.url.rpartition(":")[2]))
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (("8.8.8.8", 443), inside)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)  # the name server is the attacker's
    with pytest.raises(BadEndpoint, match=r"leads to 127\.0\.0\.1"):
        await Post(tmp_path).send(Browser().subscription("https://evil.example.com/1"), "hello", lasts=LASTS)
    assert not service.got


# --- telling -------------------------------------------------------------------------------------------------------


async def test_every_subscribed_browser_is_told_how_many_approvals_wait_and_nothing_else(
    store: Store, post: Post, service: PushService
) -> None:
    phone, desk = Browser(), Browser()
    subscribed(store, phone.subscription(f"{service.url}/phone"), desk.subscription(f"{service.url}/desk"))
    teller = notifying(store, post)
    ask(store, "c1")
    ask(store, "c2")
    assert await teller.look() == 2
    told = {path: body for path, _, body in service.got}
    assert phone.opened(told["/phone"]) == desk.opened(told["/desk"]) == "2 approvals wait"


async def test_what_nobody_answered_for_long_is_told_again(store: Store, post: Post, service: PushService) -> None:
    phone = Browser()
    subscribed(store, phone.subscription(service.url))
    teller = notifying(store, post)
    ask(store, "c1")
    await teller.look()
    ask(store, "c2")
    for approval in store.approvals.escalate(START, timedelta(0))[:1]:
        note = {"approval": approval.id, "to": ["Grace"], "waitsSince": START}
        store.journal.append([Draft("R1", "main", "ceo", "user", custom("approval.escalated", note))])
    assert await teller.look() == 1
    assert [phone.opened(body) for _, _, body in service.got] == [
        "1 approval waits",
        "2 approvals wait, 2 of them too long",
    ]
    assert await teller.look() == 0


async def test_the_same_approval_is_told_once_also_over_a_restart(
    store: Store, post: Post, service: PushService
) -> None:
    subscribed(store, Browser().subscription(service.url))
    teller = notifying(store, post)
    ask(store)
    assert await teller.look() == 1
    assert await teller.look() == 0
    assert await notifying(store, post).look() == 0


async def test_what_was_asked_while_no_server_ran_is_told_when_one_starts(
    store: Store, post: Post, service: PushService
) -> None:
    subscribed(store, Browser().subscription(service.url))
    before = notifying(store, post)
    ask(store, "c1")
    await before.look()
    ask(store, "c2")
    assert await notifying(store, post).look() == 1


async def test_nothing_is_told_when_somebody_decided_meanwhile(store: Store, post: Post, service: PushService) -> None:
    subscribed(store, Browser().subscription(service.url))
    teller = notifying(store, post)
    ask(store)
    store.approvals.decide("A1", approved=False, by="Ada")
    assert await teller.look() == 0
    assert not service.got


async def test_other_events_tell_nothing(store: Store, post: Post, service: PushService) -> None:
    subscribed(store, Browser().subscription(service.url))
    teller = notifying(store, post)
    store.journal.append([Draft("R1", "main", "ceo", "user", {"type": "RUN_STARTED"})])
    assert await teller.look() == 0


async def test_a_browser_whose_session_ended_hears_nothing_and_is_forgotten(
    store: Store, post: Post, service: PushService
) -> None:
    kept, lost = Browser().subscription(f"{service.url}/1"), Browser().subscription(f"{service.url}/2", credential="S2")
    known = subscribed(store, kept, lost)
    teller = notifying(store, post, may=lambda credential: credential == "S1")
    ask(store)
    assert await teller.look() == 1
    assert list(known) == [kept]


async def test_a_browser_that_is_gone_is_forgotten_and_one_that_fails_is_kept(
    store: Store, post: Post, service: PushService, caplog: pytest.LogCaptureFixture
) -> None:
    known = subscribed(store, Browser().subscription(service.url))
    teller = notifying(store, post)
    service.status = 500
    ask(store, "c1")
    assert await teller.look() == 0
    assert len(list(known)) == 1
    assert "answered 500; the next approval is told again" in caplog.text
    service.status = 410
    ask(store, "c2")
    assert await teller.look() == 0
    assert list(known) == []


async def test_keys_that_are_none_remove_their_subscription(
    store: Store, post: Post, service: PushService, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = text_of(b"\x04" + b"\x01" * 64)  # a point that is not on the curve
    known = subscribed(store, Subscription(service.url, nowhere, text_of(b"x" * 16), "Ada", "S1"))
    teller = notifying(store, post)
    ask(store)
    assert await teller.look() == 0
    assert list(known) == []
    assert "keys cannot be used" in caplog.text


def test_a_sentence_is_a_count() -> None:
    assert [sentence(1), sentence(12)] == ["1 approval waits", "12 approvals wait"]
    assert [sentence(1, 1), sentence(12, 2)] == ["1 approval waits too long", "12 approvals wait, 2 of them too long"]


def test_a_person_keeps_their_newest_subscriptions(store: Store) -> None:
    known = subscribed(store, *(Browser().subscription(f"https://push.example.com/{n}") for n in range(MOST + 3)))
    endpoints = [subscription.endpoint for subscription in known]
    assert len(endpoints) == MOST
    assert endpoints[-1].endswith(f"/{MOST + 2}")
    assert "https://push.example.com/2" not in endpoints


# --- the endpoints -------------------------------------------------------------------------------------------------


def test_a_browser_subscribes_with_the_servers_key_and_unsubscribes(server) -> None:
    with server.client() as client:
        key = client.get(f"{API}/key").json()["key"]
        assert len(base64.urlsafe_b64decode(key + "=")) == 65
        body = {"endpoint": "https://push.example.com/mine", "keys": Browser().keys}
        assert client.post(API, json=body).status_code == 204
        assert client.post(API, json=body).status_code == 204
        with server.store() as store:
            assert [(known.endpoint, known.person) for known in Subscriptions(store.books("server"))] == [
                ("https://push.example.com/mine", "Ada")
            ]
            other = server.token_for(("approve",), person="Bob")
            with server.client(token=other) as bob:
                assert bob.request("DELETE", API, json={"endpoint": body["endpoint"]}).status_code == 204
            assert len(list(Subscriptions(store.books("server")))) == 1
            assert client.request("DELETE", API, json={"endpoint": body["endpoint"]}).status_code == 204
            assert list(Subscriptions(store.books("server"))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example.com/1"},
        {"endpoint": "https://127.0.0.1/1"},
        {"keys": {"p256dh": "AAAA", "auth": text_of(b"x" * 16)}},
        {"keys": {"p256dh": text_of(b"\x04" * 65), "auth": "short"}},
        {"keys": {"p256dh": "not base64!", "auth": text_of(b"x" * 16)}},
        {"more": 1},
    ],
)
def test_a_subscription_that_cannot_be_used_is_refused(server, change: dict[str, Any]) -> None:
    body = {"endpoint": "https://push.example.com/1", "keys": Browser().keys, **change}
    with server.client() as client:
        assert client.post(API, json=body).status_code == 422


@pytest.mark.parametrize(("method", "path"), [("POST", API), ("DELETE", API)])
def test_only_who_may_approve_is_told(server, method: str, path: str) -> None:
    body = {"endpoint": "https://push.example.com/1", **({"keys": Browser().keys} if method == "POST" else {})}
    with server.client(scopes=("read", "chat", "admin")) as client:
        assert client.request(method, path, json=body).status_code == 403


def test_a_credential_may_approve_as_long_as_it_holds(store: Store) -> None:
    made = store.access.make("session", person="Ada", scopes=("approve",), lasts=LASTS).credential
    reader = store.access.make("session", person="Ada", scopes=("read",), lasts=LASTS).credential
    assert may_approve(store.access, made.id, START)
    assert not may_approve(store.access, made.id, START + LASTS)
    assert not may_approve(store.access, reader.id, START)
    store.access.revoke(made.id)
    assert not may_approve(store.access, made.id, START)
    assert not may_approve(store.access, "S999", START)


async def test_without_the_extra_there_is_no_key_and_a_subscription_says_what_to_install(server) -> None:
    push = Push(server.engine, None)
    assert (await push.key()).key is None
    with pytest.raises(Refusal, match=r"pip install 'the-ai-company\[push\]'"):
        push._required()
