"""HTTP/1.1 to a server that answers with the bytes of the test: nothing lost, nothing mixed, nothing left open."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from company.llm.connections import Connections
from company.llm.transport import Transport

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nmore: field\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nhello"
CLOSE = b"\x00close"
"""Stands behind an answer after which the server closes."""
STALL = b"\x00stall"
Answer = bytes | Callable[[asyncio.StreamWriter], Any]


class _Server:
    """Reads requests and gives the answers in order."""

    def __init__(self, answers: tuple[Answer, ...], *, slowly: bool = False, reads: bool = True) -> None:
        self._answers, self._slowly, self._reads = list(answers), slowly, reads
        self.requests: list[bytes] = []
        self.accepted = self.open = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        try:
            while self._reads and (request := await self._request(reader)):
                self.requests.append(request)
                answer = self._answers.pop(0)
                if not isinstance(answer, bytes):
                    await answer(writer)
                    continue
                await self._send(writer, answer.removesuffix(CLOSE).removesuffix(STALL))
                if answer.endswith(CLOSE):
                    return
            await reader.read() if self._reads else await asyncio.sleep(30)
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return head + await reader.readexactly(size)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        for piece in [data[at : at + 1] for at in range(len(data))] if self._slowly else [data]:
            writer.write(piece)
            await asyncio.sleep(0)
        await writer.drain()


@asynccontextmanager
async def _serving(
    *answers: Answer, slowly: bool = False, reads: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[_Server]:
    server = _Server(answers, slowly=slowly, reads=reads)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(server.serve(reader, writer)))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _client(
    http: Any = httpx2, *, limit: int = 4, idle: float = 60, tls: ssl.SSLContext | None = None, **seconds: float
) -> AsyncIterator[Any]:
    tls = tls or ssl.create_default_context()
    transport = Transport(http, connect=lambda: Connections(http, tls=tls, limit=limit, idle=idle), timeout=20)
    try:
        yield http.AsyncClient(transport=transport, timeout=http.Timeout(5, **seconds), trust_env=False)
    finally:
        await transport.aclose()


async def _post(client: Any, server: _Server, content: bytes = b"{}", **more: Any) -> Any:
    return await client.post(f"http://127.0.0.1:{server.port}/v1/chat?a=b", content=content, **more)


async def _read(client: Any, server: _Server, into: list[bytes]) -> None:
    async with client.stream("POST", f"http://127.0.0.1:{server.port}/", content=b"") as response:
        async for data in response.aiter_raw():
            into.append(data)


@pytest.mark.parametrize("http", [httpx, httpx2])
@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize("answer", [WHOLE, CHUNKED, UNTIL_CLOSE + CLOSE])
async def test_an_answer_arrives_whole_however_its_end_is_told(http: Any, slowly: bool, answer: bytes) -> None:
    async with _serving(answer, slowly=slowly) as server, _client(http) as client:
        got = await _post(client, server, headers={"x-name": "value"})

    assert (got.status_code, got.content, got.http_version) == (200, b"hello", "HTTP/1.1")
    assert server.requests[0].startswith(b"POST /v1/chat?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nx-name: value\r\n" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\n{}")


async def test_requests_behind_each_other_share_a_connection() -> None:
    async with _serving(WHOLE, CHUNKED, WHOLE) as server, _client() as client:
        answers = [await _post(client, server) for _ in range(3)]

    assert [answer.content for answer in answers] == [b"hello"] * 3
    assert server.accepted == 1


async def test_fields_arrive_as_they_are_and_those_behind_the_body_do_not_count() -> None:
    head = b"HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nX-A: 1\r\nX-A: 2\r\n"

    async with _serving(head + CHUNKED.partition(b"\r\n")[2]) as server, _client() as client:
        got = await _post(client, server)

    assert got.status_code == 429
    assert got.headers["retry-after"] == "7"
    assert got.headers.get_list("x-a") == ["1", "2"]
    assert "more" not in got.headers


async def test_hints_before_the_answer_are_passed_over() -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"

    async with _serving(hints + WHOLE, WHOLE, slowly=True) as server, _client() as client:
        first, second = await _post(client, server), await _post(client, server)

    assert (first.status_code, first.content, second.content) == (200, b"hello", b"hello")
    assert "link" not in first.headers
    assert server.accepted == 1


async def test_an_answer_without_a_body_leaves_the_connection_usable() -> None:
    async with _serving(b"HTTP/1.1 204 No Content\r\n\r\n", WHOLE) as server, _client() as client:
        first, second = await _post(client, server), await _post(client, server)

    assert (first.status_code, first.content, second.content) == (204, b"", b"hello")
    assert server.accepted == 1


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nfalse!",
        WHOLE + b"more",
        CHUNKED + b"\r\n\r\nmore",
        WHOLE.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
        WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        WHOLE + CLOSE,
        UNTIL_CLOSE + CLOSE,
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
async def test_a_connection_is_not_used_again_when_its_answer_may_not_be_its_last_word(
    answer: bytes, slowly: bool
) -> None:
    async with _serving(answer, WHOLE, slowly=slowly) as server, _client() as client:
        first = await _post(client, server)
        await asyncio.sleep(0.02)
        second = await _post(client, server)

    assert (first.content, second.content) == (b"hello", b"hello")
    assert server.accepted == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nXX\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
)
async def test_an_answer_that_is_no_http_is_a_protocol_error(answer: bytes) -> None:
    async with _serving(answer + STALL, WHOLE) as server, _client() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await _post(client, server)
        await _until(lambda: server.open == 0)
        again = await _post(client, server)

    assert again.content == b"hello"


@pytest.mark.parametrize("answer", [WHOLE[:-1] + CLOSE, CHUNKED[:-2] + CLOSE, CHUNKED[:-30] + CLOSE])
async def test_an_answer_that_breaks_off_is_an_error_behind_its_bytes(answer: bytes) -> None:
    got: list[bytes] = []

    async with _serving(answer) as server, _client() as client:
        with pytest.raises(httpx2.RemoteProtocolError, match="within its answer"):
            await _read(client, server, got)

    assert b"hello".startswith(b"".join(got))
    assert got


@pytest.mark.parametrize("answer", [CLOSE, b"HTTP/1.1 200 OK\r\ncontent-le" + CLOSE])
async def test_a_server_that_closes_before_its_answer_says_so(answer: bytes) -> None:
    async with _serving(answer) as server, _client() as client:
        with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
            await _post(client, server)


async def test_a_reset_connection_is_a_read_error() -> None:
    async def reset(writer: asyncio.StreamWriter) -> None:
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        writer.get_extra_info("socket").setsockopt(1, 13, linger)  # SOL_SOCKET, SO_LINGER
        writer.transport.abort()

    async with _serving(reset) as server, _client() as client:
        with pytest.raises(httpx2.ReadError):
            await _post(client, server)


@pytest.mark.parametrize(
    "more",
    [
        {"headers": [(b"x-a", b"1\r\nx-b: 2")]},
        {"headers": [(b"x-a", b"1\nx-b: 2")]},
        {"headers": [(b"x-a\r\nx-b", b"1")]},
        {"headers": [(b"x a", b"1")]},
        {"headers": [(b"authorization", b"Bearer sk-secret\n")]},
        {"headers": [(b"x-a", b"\x00")]},
    ],
)
async def test_a_forbidden_character_in_a_header_is_refused_before_anything_is_sent(more: Any) -> None:
    async with _serving() as server, _client() as client:
        with pytest.raises(httpx2.LocalProtocolError, match="forbidden character") as raised:
            await _post(client, server, **more)

    assert server.accepted == 0
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize("method", ["POST / HTTP/1.1\r\nx: y\r\n\r\nPOST", "PO ST", ""])
async def test_a_forbidden_character_in_a_method_is_refused(method: str) -> None:
    async with _serving() as server, _client() as client:
        with pytest.raises(httpx2.LocalProtocolError):
            await client.request(method, f"http://127.0.0.1:{server.port}/", content=b"")

    assert server.accepted == 0


async def test_a_body_that_comes_piece_by_piece_is_refused() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"

    async with _serving() as server, _client() as client:
        with pytest.raises(httpx2.LocalProtocolError, match="sent whole"):
            await client.post(f"http://127.0.0.1:{server.port}/", content=pieces())

    assert server.accepted == 0


async def test_a_long_request_and_a_long_answer_arrive_whole() -> None:
    body = bytes(range(256)) * 20_000
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)

    async with _serving(answer, WHOLE) as server, _client() as client:
        got = await _post(client, server, body)
        await _post(client, server)

    assert got.content == body
    assert server.requests[0].endswith(body)
    assert server.accepted == 1


async def test_a_slow_reader_makes_the_server_wait() -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    async with _serving(flood) as server:
        pool = Connections(httpx2, tls=ssl.create_default_context(), limit=1, idle=1)
        response = await pool.handle_async_request(
            httpx2.Request("POST", f"http://127.0.0.1:{server.port}/", content=b"")
        )
        await asyncio.sleep(0.2)
        before = sent
        await asyncio.sleep(0.1)
        assert sent == before < 30_000_000
        async for _ in response.stream:
            if sent > before:
                break
        await response.stream.aclose()
        await pool.aclose()


async def test_no_more_than_the_limit_are_open_and_the_others_wait() -> None:
    together = 0

    async def answer(writer: asyncio.StreamWriter) -> None:
        nonlocal together
        together = max(together, server.open)
        await asyncio.sleep(0.01)
        writer.write(WHOLE)

    async with _serving(*[answer] * 9) as server, _client(limit=3) as client:
        answers = await asyncio.gather(*(_post(client, server) for _ in range(9)))

    assert [got.content for got in answers] == [b"hello"] * 9
    assert together == server.accepted == 3


async def test_waiting_for_a_connection_has_a_time_out() -> None:
    async with _serving(STALL) as server, _client(limit=1, pool=0.05) as client:
        first = asyncio.create_task(_post(client, server))
        await _until(lambda: bool(server.requests))
        with pytest.raises(httpx2.PoolTimeout):
            await _post(client, server)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


@pytest.mark.parametrize("answer", [STALL, WHOLE[:30] + STALL, WHOLE[:-1] + STALL])
async def test_a_silent_server_is_given_up_and_its_connection_is_cut(answer: bytes) -> None:
    async with _serving(answer, WHOLE) as server, _client(read=0.05, limit=1) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await _post(client, server)
        await _until(lambda: server.open == 0)
        again = await _post(client, server)

    assert again.content == b"hello"


async def test_a_server_that_does_not_take_the_request_is_given_up() -> None:
    async with _serving(reads=False) as server, _client(write=0.05) as client:
        with pytest.raises(httpx2.WriteTimeout):
            await _post(client, server, b"x" * 30_000_000)


async def test_a_server_may_answer_before_it_has_the_whole_request() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()

    listening = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with _client() as client:
        got = await client.post(f"http://127.0.0.1:{port}/", content=b"x" * 30_000_000)
    listening.close()
    await asyncio.sleep(0.25)

    assert (got.status_code, got.content) == (413, b"large")


async def test_leaving_an_answer_early_cuts_its_connection_and_frees_its_place() -> None:
    async with _serving(UNTIL_CLOSE + STALL, WHOLE) as server, _client(limit=1) as client:
        async with client.stream("POST", f"http://127.0.0.1:{server.port}/", content=b"") as response:
            async for _ in response.aiter_raw():
                break
        await _until(lambda: server.open == 0)
        again = await _post(client, server)

    assert again.content == b"hello"
    assert server.accepted == 2


async def test_cancelling_cuts_the_connection_and_frees_its_place() -> None:
    async with _serving(STALL, WHOLE) as server, _client(limit=1) as client:
        task = asyncio.create_task(_post(client, server))
        await _until(lambda: bool(server.requests))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _until(lambda: server.open == 0)
        again = await _post(client, server)

    assert again.content == b"hello"


async def test_a_connection_that_was_idle_too_long_is_not_used_again() -> None:
    async with _serving(WHOLE, WHOLE) as server, _client(idle=0.01) as client:
        await _post(client, server)
        await asyncio.sleep(0.03)
        await _post(client, server)

    assert server.accepted == 2


async def test_what_nobody_asked_for_ends_an_idle_connection() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)
        await asyncio.sleep(0.02)
        writer.write(WHOLE.replace(b"hello", b"false"))

    async with _serving(answer, WHOLE) as server, _client() as client:
        await _post(client, server)
        await asyncio.sleep(0.05)
        got = await _post(client, server)

    assert got.content == b"hello"
    assert server.accepted == 2


async def test_a_refused_connection_is_a_connect_error() -> None:
    async with _serving() as server:
        pass
    async with _client(limit=1, pool=0.05) as client:
        for _ in range(2):  # the first gave its place back
            with pytest.raises(httpx2.ConnectError):
                await _post(client, server)


async def test_an_address_that_is_not_http_is_refused() -> None:
    pool = Connections(httpx2, tls=ssl.create_default_context(), limit=1, idle=1)

    with pytest.raises(httpx2.UnsupportedProtocol, match="'ftp'"):
        await pool.handle_async_request(httpx2.Request("POST", "ftp://127.0.0.1/", content=b""))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, with its key, that no authority signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "local.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def _server_side(certificate: Path) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    return tls


@pytest.mark.parametrize("answer", [WHOLE, CHUNKED, UNTIL_CLOSE + CLOSE])
async def test_over_tls_answers_arrive_whole(certificate: Path, answer: bytes) -> None:
    trusting = ssl.create_default_context(cafile=certificate)

    async with _serving(answer, WHOLE, tls=_server_side(certificate)) as server, _client(tls=trusting) as client:
        first = await client.post(f"https://127.0.0.1:{server.port}/", content=b"x" * 500_000)
        await asyncio.sleep(0.02)
        second = await client.post(f"https://127.0.0.1:{server.port}/", content=b"")

    assert (first.content, second.content) == (b"hello", b"hello")
    assert server.accepted == (2 if answer.endswith(CLOSE) else 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_over_tls_nothing_is_sent_to_a_server_that_is_not_who_it_should_be(certificate: Path, host: str) -> None:
    """Under its address it is not trusted; under a name that is not in its certificate not even when trusted."""
    tls = ssl.create_default_context(cafile=certificate if host == "localhost" else None)

    async with _serving(WHOLE, tls=_server_side(certificate)) as server, _client(tls=tls) as client:
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            await client.post(f"https://{host}:{server.port}/", content=b"secret")

    assert server.requests == []


async def test_a_server_that_does_not_answer_the_tls_handshake_is_given_up(certificate: Path) -> None:
    async with _serving(reads=False) as server, _client(connect=0.05) as client:
        with pytest.raises(httpx2.ConnectTimeout):
            await client.post(f"https://127.0.0.1:{server.port}/", content=b"")


async def test_connections_to_two_addresses_are_kept_apart() -> None:
    async with _serving(WHOLE, WHOLE) as one, _serving(WHOLE, WHOLE) as other, _client() as client:
        for server in (one, other, one, other):
            await _post(client, server)

    assert (len(one.requests), len(other.requests)) == (2, 2)
    assert (one.accepted, other.accepted) == (1, 1)


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not reached():
            await asyncio.sleep(0.005)
