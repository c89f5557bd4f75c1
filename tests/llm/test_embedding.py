"""A provider's embedding model, asked over a real connection in the format of the two kinds of servers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from company.config import ModelFacts, ProviderSettings
from company.errors import ProviderError
from company.llm.embedding import ProviderEmbedder, embedding_price

KEY = "sk-test-0123456789abcdef"


@dataclass
class Server:
    """Answers every request with the same status and body, and keeps what was asked."""

    status: int = 200
    answer: Any = None
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.asked.append((self.path, dict(self.headers.items()), body))
            sent = server.answer if isinstance(server.answer, bytes) else json.dumps(server.answer).encode()
            self.send_response(server.status)
            self.send_header("content-length", str(len(sent)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@dataclass
class Book:
    """An account that allows everything and remembers it."""

    opened: list[tuple[int, Decimal]] = field(default_factory=list)
    closed: list[tuple[int, Decimal, str]] = field(default_factory=list)

    def open(self, *, tokens: int, usd: Decimal) -> object:
        self.opened.append((tokens, usd))
        return self

    def close(self, charge: object, *, tokens: int, usd: Decimal, seconds: float, outcome: str) -> None:
        assert charge is self
        assert seconds >= 0
        self.closed.append((tokens, usd, outcome))


@pytest.fixture
def book() -> Book:
    return Book()


@contextmanager
def asking(server: Server, book: Book, kind: str = "openai", key: str | None = KEY) -> Iterator[ProviderEmbedder]:
    with serving(server):
        settings = ProviderSettings(kind=kind, base_url=f"{server.url}/v1/" if kind == "openai" else server.url)
        embedder = ProviderEmbedder(
            "here",
            "words",
            settings=settings,
            key=lambda: key,
            price=Decimal("0.5"),
            account=book,
            redact=lambda text: text.replace(KEY, "[secret here]"),
        )
        yield embedder
        embedder.close()


def test_server_of_openais_format_is_asked_in_it(book: Book) -> None:
    rows = [{"index": 1, "embedding": [0.0, 2.0]}, {"index": 0, "embedding": [3.0, 4.0]}]
    server = Server(answer={"data": rows, "usage": {"prompt_tokens": 7}})
    with asking(server, book) as embedder:
        vectors = embedder.embed(["first", "second"])
    ((path, headers, body),) = server.asked
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.0, 1.0]], atol=1e-7)
    assert vectors.dtype == np.float32
    assert path == "/v1/embeddings"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body == {"model": "words", "input": ["first", "second"], "encoding_format": "float"}
    assert book.closed == [(7, Decimal("0.0000035"), "ok")]
    assert book.opened[0][0] >= 7


def test_server_of_ollamas_format_is_asked_in_it(book: Book) -> None:
    answer = {"model": "words", "embeddings": [[0.0, 5.0]], "prompt_eval_count": 3}
    server = Server(answer=answer)
    with asking(server, book, kind="ollama", key=None) as embedder:
        vectors = embedder.embed(["first"])
    ((path, headers, body),) = server.asked
    np.testing.assert_allclose(vectors, [[0.0, 1.0]])
    assert path == "/api/embed"
    assert "authorization" not in headers
    assert body == {"model": "words", "input": ["first"]}
    assert book.closed == [(3, Decimal("0.0000015"), "ok")]


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "auth"),
        (404, {"error": {"message": "model 'words' not found"}}, "unknown_model"),
        (429, {"error": {"message": "Rate limit reached"}}, "rate"),
        (500, b"down", "busy"),
        (302, b"", "rejected"),
        (200, b"not json", "broken"),
        (200, {"data": []}, "broken"),
        (200, {"data": [{"index": 0, "embedding": [0.0, 0.0]}]}, "broken"),
        (200, {"data": [{"index": 0, "embedding": ["a"]}]}, "broken"),
        (200, {"data": [{"index": 0, "embedding": [float("nan")]}]}, "broken"),
        (200, [], "broken"),
    ],
)
def test_answer_that_is_of_no_use_is_named_without_the_key(book: Book, status, answer, outcome) -> None:
    server = Server(status=status, answer=answer)
    with asking(server, book) as embedder, pytest.raises(ProviderError, match="here") as raised:
        embedder.embed(["first"])
    assert KEY not in str(raised.value)
    assert raised.value.__cause__ is None
    assert [each[2] for each in book.closed] == [outcome]


def test_provider_that_cannot_be_reached_costs_nothing(book: Book) -> None:
    with asking(Server(), book) as embedder:
        pass
    with pytest.raises(ProviderError, match="cannot be reached"):
        embedder.embed(["first"])
    embedder.close()
    assert book.closed == [(0, Decimal(0), "network")]


def test_secrets_are_taken_out_of_what_is_sent(book: Book) -> None:
    server = Server(answer={"data": [{"index": 0, "embedding": [1.0]}]})
    with asking(server, book) as embedder:
        embedder.embed([f"my key is {KEY}"])
    ((_, _, body),) = server.asked
    assert body["input"] == ["my key is [secret here]"]
    assert book.closed[0][0] == book.opened[0][0], "what the server does not count is charged at the worst case"


def test_another_address_is_another_space() -> None:
    def id_at(url: str) -> str:
        settings = ProviderSettings(kind="openai", base_url=url)
        return ProviderEmbedder(
            "here", "a/b", settings=settings, key=lambda: None, price=Decimal(0), account=Book(), redact=str
        ).id

    assert id_at("https://one.example/v1").startswith("here/a/b@")
    assert id_at("https://one.example/v1") != id_at("https://two.example/v1")
    assert id_at("https://one.example/v1") == id_at("https://one.example/v1/")


def test_price_is_a_persons_word_then_the_table_then_unknown() -> None:
    openai, own = ProviderSettings(kind="openai"), ProviderSettings(kind="openai", free=True)
    told = ModelFacts(price_in=Decimal(3), price_out=Decimal(0))
    assert embedding_price("openai", "text-embedding-3-small", openai, None) == Decimal("0.02")
    assert embedding_price("openai", "text-embedding-3-small", openai, told) == Decimal(3)
    assert embedding_price("local", "text-embedding-3-small", openai, None) is None
    assert embedding_price("local", "words", own, None) == 0
