"""Webhooks: signed, in order, at least once, and only where a person said."""

import asyncio
import hashlib
import hmac
import json
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from company import events
from company.errors import ProviderError, UsageError
from company.events import Draft
from company.server.doors.addresses import Target
from company.server.doors.followers import TRIES
from company.server.doors.posting import Post, payload, signature
from company.server.doors.sender import Sender
from company.server.doors.webhooks import Webhooks, secret_name
from company.store import SecretStore
from tests.server.conftest import FILES, Served

SECRET = "a-secret-of-the-test"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Receiver:
    """Takes posts on a loopback port and answers with the next of `statuses`, then with 204."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # cut off: the company is ending
                    return
                receiver.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]

    def names(self) -> list[str]:
        return [body["event"]["value"]["reason"] for body in self.bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hooked(opened, write_company, tmp_path) -> Iterator[Callable[..., Any]]:
    """Open the small company with webhooks: `with hooked(url, ...) as company`; the second time on the same home."""

    @contextmanager
    def _hooked(*urls: str, event_types: str = "run.stopped") -> Iterator[Any]:
        section = "".join(f'[[webhooks]]\nurl = "{url}"\nevents = ["{event_types}"]\nsecret = "ops"\n' for url in urls)
        directory = write_company({**FILES, "company.toml": f"[memory]\nenabled = false\n{section}"})
        with opened(tmp_path / "home", directory) as engine:
            yield engine.company

    return _hooked


class Keys:
    """Secrets in memory."""

    def get(self, name: str) -> str | None:
        return SECRET if name == secret_name("ops") else None


def webhooks(company: Any, **options: Any) -> Webhooks:
    return Webhooks(company, Keys(), chance=random.Random(1), first_pause=0.001, **options)


def note(company: Any, *reasons: str, name: str = "run.stopped") -> None:
    company.store.journal.append(
        [Draft("", "", "person", "user", events.custom(name, {"reason": reason})) for reason in reasons]
    )


async def until(happened: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


def verify(headers: dict[str, str], body: bytes) -> None:
    """Check a signature as a receiver does."""
    fields = dict(part.split("=", 1) for part in headers["x-company-signature"].split(","))
    expected = hmac.new(SECRET.encode(), fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, fields["v1"])


def test_a_signature_covers_the_time_and_the_bytes() -> None:
    expected = hmac.new(SECRET.encode(), b'1772366400.{"a":1}', hashlib.sha256).hexdigest()
    assert signature(SECRET, b'{"a":1}', NOON) == f"t=1772366400,v1={expected}"


async def test_events_are_posted_signed_and_in_order(hooked, receiver) -> None:
    with hooked(receiver.url) as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "one", "two", "three")
        await until(lambda: len(receiver.posts) == 3)
        await hooks.close()
    assert receiver.names() == ["one", "two", "three"]
    for headers, body in receiver.posts:
        verify(headers, body)
        event = json.loads(body)
        assert list(event) == ["id", "type", "at", "event"]
        assert event["type"] == "run.stopped"
        assert event["id"].endswith(f":{headers['x-company-delivery']}")
        assert event["event"]["metadata"]["seq"] == int(headers["x-company-delivery"])


async def test_a_hook_begins_where_the_journal_ends_when_it_is_set_up(hooked, receiver) -> None:
    with hooked(receiver.url) as company:
        note(company, "before")
        hooks = webhooks(company)
        hooks.start()
        note(company, "after")
        await until(lambda: receiver.posts)
        await hooks.close()
    assert receiver.names() == ["after"]


async def test_what_happened_while_nobody_posted_is_posted_at_the_next_start(hooked, receiver) -> None:
    with hooked(receiver.url) as company:
        webhooks(company)
        note(company, "meanwhile")
    with hooked(receiver.url) as company:
        hooks = webhooks(company)
        hooks.start()
        await until(lambda: hooks.state[0].cursor == company.store.journal.last_seq())  # else it is posted once more
        await hooks.close()
    with hooked(receiver.url) as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "later")
        await until(lambda: len(receiver.posts) == 2)
        await hooks.close()
    assert receiver.names() == ["meanwhile", "later"]


async def test_events_nobody_wants_are_passed_over(hooked, receiver) -> None:
    with hooked(receiver.url) as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "unwanted", name="run.resumed")
        await until(lambda: hooks.state[0].cursor == company.store.journal.last_seq())
        note(company, "wanted")
        await until(lambda: receiver.posts)
        await hooks.close()
    assert receiver.names() == ["wanted"]


@pytest.mark.parametrize("status", [500, 404, 302, 307])
async def test_a_post_that_is_not_taken_is_repeated_before_the_next_one(hooked, receiver, status: int) -> None:
    receiver.statuses = [status, status]
    with hooked(receiver.url) as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "one", "two")
        await until(lambda: len(receiver.posts) == 4)
        await hooks.close()
    assert receiver.names() == ["one", "one", "one", "two"]
    assert len({body["id"] for body in receiver.bodies[:3]}) == 1
    for headers, body in receiver.posts:
        verify(headers, body)


async def test_after_the_last_try_a_hook_is_parked_and_the_next_start_tries_again(hooked, receiver, caplog) -> None:
    receiver.statuses = [503] * TRIES
    with hooked(f"{receiver.url}?key=hidden") as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "one", "two")
        await until(lambda: hooks.state[0].parked)
        await hooks.close()
        state = hooks.state[0]
        assert (state.failures, state.error) == (TRIES, "answered 503")
        assert len(receiver.posts) == TRIES
        again = webhooks(company)
        again.start()
        await until(lambda: len(receiver.posts) == TRIES + 2)
        await again.close()
    assert receiver.names()[TRIES:] == ["one", "two"]
    host, _, path = receiver.url.rpartition("/")
    assert f"webhook {host} is parked at event" in caplog.text
    assert f"/{path}" not in caplog.text
    assert "hidden" not in caplog.text


async def test_a_hook_that_fails_holds_up_no_other(hooked, receiver) -> None:
    other = Receiver()
    receiver.statuses = [503] * 1000
    with hooked(receiver.url, other.url) as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "one", "two")
        await until(lambda: len(other.posts) == 2)
        await hooks.close()
    other.close()
    assert set(receiver.names()) == {"one"}


async def test_two_hooks_of_one_address_each_get_everything(hooked, receiver) -> None:
    with hooked(receiver.url, receiver.url) as company:
        hooks = webhooks(company)
        hooks.start()
        note(company, "one")
        await until(lambda: len(receiver.posts) == 2)
        await hooks.close()
    assert receiver.names() == ["one", "one"]


async def test_one_process_posts_and_another_takes_over_when_it_is_gone(hooked, receiver) -> None:
    with hooked(receiver.url) as company:
        first, second = webhooks(company), webhooks(company)
        first.start()
        await asyncio.sleep(0.05)
        second.start()
        note(company, "one")
        await until(lambda: first.state[0].cursor == company.store.journal.last_seq())
        await first.close()
        note(company, "two")
        await until(lambda: len(receiver.posts) == 2)
        await second.close()
    assert receiver.names() == ["one", "two"]


async def test_a_receiver_that_does_not_answer_is_given_up(hooked) -> None:
    post = Post(now=lambda: NOON, sender=Sender(time_limit=0.1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Target.read(f"http://127.0.0.1:{silent.getsockname()[1]}/", where="x")
        with pytest.raises(ProviderError, match=r"no answer in 0\.1 s"):
            await post.send(target, SECRET, 1, b"{}")
    await post.close()


def test_a_hook_without_its_secret_is_an_error_that_names_it(hooked, receiver) -> None:
    class Empty:
        def get(self, _: str) -> None:
            return None

    with hooked(receiver.url) as company, pytest.raises(UsageError, match="there is no secret 'ops'") as error:
        Webhooks(company, Empty())
    assert error.value.where == "company.toml webhooks[0].secret"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://example.com/hook", "in the clear"),
        ("http://10.0.0.1/hook", "in the clear"),
        ("http://127.0.0.1.evil.example/hook", "in the clear"),
        ("ftp://127.0.0.1/hook", "no web address"),
        ("/hook", "no web address"),
        ("https://", "no web address"),
        ("https://user:word@example.com/", "user or password"),
        ("https://example.com:99999/", "no address"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(url: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        Target.read(url, where="company.toml webhooks[0].url")


async def leads_to(url: str, *addresses: str) -> str:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return await Target.read(url, where="x").address(resolve)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "255.255.255.255",
        "64:ff9b::a00:1",
        "::10.0.0.1",
        "2002:a00:1::",
    ],
)
async def test_a_public_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(ProviderError, match="is not public"):
        await leads_to("https://hooks.example/", "93.184.216.34", address)


@pytest.mark.parametrize(
    ("url", "found", "address"),
    [
        ("https://hooks.example/", "93.184.216.34", "93.184.216.34"),
        ("https://10.0.0.5/", "", "10.0.0.5"),
        ("https://[fd00::5]/", "", "fd00::5"),
        ("http://127.0.0.1:9000/", "", "127.0.0.1"),
        ("http://[::1]:9000/", "", "::1"),
        ("http://localhost:9000/", "127.0.0.1", "127.0.0.1"),
    ],
)
async def test_the_connection_goes_to_the_address_that_was_checked(url: str, found: str, address: str) -> None:
    assert await leads_to(url, *filter(None, [found])) == address


async def test_the_name_is_kept_for_the_receiver_although_the_address_is_connected_to(receiver) -> None:
    post = Post(now=lambda: NOON)
    url = receiver.url.replace("127.0.0.1", "localhost")
    await post.send(Target.read(url, where="x"), SECRET, 1, b"{}")
    await post.close()
    assert receiver.posts[0][0]["host"] == url.split("/")[2]


def test_a_post_holds_what_the_journal_holds(hooked, receiver) -> None:
    with hooked(receiver.url) as company:
        note(company, "one")
        (event,) = company.store.journal.read(types={"run.stopped"})
    body = json.loads(payload(event, "00000000"))
    assert body["id"] == f"00000000:{event.seq}"
    assert body["event"] == {**event.body, "metadata": {k: v for k, v in event.line().items() if k != "event"}}


def test_a_server_posts_what_happens_with_the_secret_of_its_home(
    write_company, tmp_path, receiver, monkeypatch, opened
) -> None:
    monkeypatch.setenv("COMPANY_MASTER_KEY", "")
    directory = write_company(
        {
            **FILES,
            "company.toml": "[memory]\nenabled = false\n[[webhooks]]\n"
            f'url = "{receiver.url}"\nevents = ["RUN_FINISHED", "trade.filled"]\nsecret = "ops"\n',
        }
    )
    home = tmp_path / "served"
    with opened(home, directory) as engine:
        kept = SecretStore(home, home_id=engine.company.store.home_id, environment=os.environ, now=lambda: NOON)
        kept.set(secret_name("ops"), SECRET)
    served = Served(directory, home, dict(os.environ))
    try:
        served.run(served.say("hello"), until="done")
        asyncio.run(until(lambda: receiver.posts))
    finally:
        served.stop()
    headers, body = receiver.posts[0]
    verify(headers, body)
    assert json.loads(body)["event"]["outcome"] == {"type": "success"}
