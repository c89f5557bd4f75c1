"""A company whose memory asks a provider for vectors: charged, journaled, and held to the budget."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from company.errors import UsageError
from company.home import Company, find_directory, open_company

CEO = """
---
id: ceo
title: Chief executive
summary: Leads.
---
You lead.
"""
KEY = "sk-live-0123456789abcdef0123"


@pytest.fixture
def provider() -> Iterator[Any]:
    """Embeds by the length of a text, in OpenAI's format."""

    class Handler(BaseHTTPRequestHandler):
        asked: ClassVar[list[str]] = []

        def do_POST(self) -> None:
            texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
            self.asked.extend(texts)
            rows = [{"index": place, "embedding": [len(text), 1]} for place, text in enumerate(texts)]
            sent = json.dumps({"data": rows, "usage": {"prompt_tokens": 1000}}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args: object) -> None:
            pass

    Handler.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def open_with(tmp_path: Path, write_company: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    opened: list[Company] = []

    def _open(settings: str) -> Company:
        monkeypatch.setenv("HERE_API_KEY", KEY)
        directory = find_directory(write_company({"company.toml": settings, "roles/ceo.md": CEO}), tmp_path)
        state = tmp_path / "home"
        state.mkdir(exist_ok=True)
        opened.append(open_company(directory, state, environment=os.environ))
        return opened[-1]

    yield _open
    for company in opened:
        company.close()


def settings(provider: HTTPServer, *, price: str = "0.5", day_usd: str = "10") -> str:
    return f"""
[providers.here]
kind = "openai"
base_url = "http://127.0.0.1:{provider.server_port}/v1"

[models.facts."here:words"]
price_in = {price}
price_out = 0

[budget]
day_usd = {day_usd}

[memory]
embedder = "here/words"
"""


async def test_calls_are_charged_to_the_company_and_told_in_the_journal(provider, open_with) -> None:
    company = open_with(settings(provider))
    await company.memory.remember("ceo", "Pump one is old.")
    status = company.memory.status()
    assert (status.state, status.embedder[:11]) == ("ok", "here/words@")
    (cost,) = [event.body["value"] for event in company.store.journal.read() if event.type == "cost"]
    assert (cost["model"], cost["inputTokens"], str(cost["usd"])) == ("here:words", 1000, "0.0005")
    records = next(each for kind, each in company.services.items() if kind.__name__ == "Records")
    assert records.costs().usd_today == Decimal("0.0005")


async def test_call_that_the_budget_does_not_allow_is_not_made(provider, open_with) -> None:
    company = open_with(settings(provider, price="1000", day_usd="0.0001"))
    await company.memory.remember("ceo", "Pump one is old.")
    found = await company.memory.recall("ceo", "pump one")
    assert [each.text for each in found] == ["Pump one is old."]
    assert provider.RequestHandlerClass.asked == []
    assert "the day budget of 0.0001 usd is used up" in company.memory.status().reason


async def test_model_without_a_price_is_not_asked(provider, open_with) -> None:
    text = settings(provider).replace("price_in = 0.5\nprice_out = 0\n", "")
    company = open_with(text)
    await company.memory.remember("ceo", "Pump one is old.")
    status = company.memory.status()
    assert status.state == "degraded: lexical"
    assert 'set price_in and price_out in [models.facts."here:words"]' in status.reason
    assert provider.RequestHandlerClass.asked == []


async def test_keys_never_reach_the_embedding_model(provider, open_with) -> None:
    company = open_with(settings(provider))
    await company.memory.remember("ceo", "Pump one is old.")
    await company.memory.recall("ceo", f"what is {KEY} for?")
    asked = provider.RequestHandlerClass.asked
    assert asked[0] == "Pump one is old."
    assert not [text for text in asked if KEY in text]


def test_embedder_can_be_switched_off(open_with) -> None:
    status = open_with('[memory]\nembedder = "none"\n').memory.status()
    assert (status.state, status.index) == ("degraded: lexical", "none")
    assert "switched off" in status.reason


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('embedder = "minilm2"', "'minilm2' is no embedder"),
        ('embedder = "opnai/x"', "'opnai' is no provider"),
        ('embedder = "anthropic/x"', "'anthropic' offers no embeddings"),
        ('chroma = "http://10.0.0.7:8000"', "is not safe"),
    ],
)
def test_setting_that_cannot_be_is_refused_with_a_cure(open_with, line: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        open_with(f"[memory]\n{line}\n")
