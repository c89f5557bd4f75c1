"""A key that everybody tries to give away is found nowhere: not in a file, a prompt, a span, a log or a terminal.

The key is in use with two providers, one of which echoes it in its errors. A person pastes it into the conversation and
into the note of an approval. Tools of the company return it, fail with it, announce it and ask a person about it.
"""

import asyncio
import base64
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from company.engine import Engine
from company.governor import tracing
from tests.cli.test_chat import Terminal, _pair
from tests.providers.companies import PROVIDERS, bodies, engine_of, settings, write_default
from tests.store.test_redaction import forms
from tests.wire import Asked, Reply, ToolUse, WireServer
from tests.wire.reading import outcomes, reports
from tests.wire.scripts import default_company

KEY = "sk-canary-Zq7XvT3pLw9RmK5dYb2NsJ8hUc4GfA6e"
VAULT = ["vault", "locked_vault", "broken_vault", "deposit", "lost_deposit", "farewell"]
PASTED = f"hello, my key is {KEY}, in base64 {base64.b64encode(f'key {KEY}'.encode()).decode()}, backwards {KEY[::-1]}"
TOOLS = '''
"""A vault that keeps no secret."""

import base64
import os

from company import Context, ProviderError, Stakes, ToolError, tool

KEY = os.environ["VAULT_CONTENT"]


async def look_up(context: Context) -> dict[str, str] | None:
    return {"found": KEY}


async def weigh(context: Context) -> Stakes:
    return Stakes(preview=f"I will tell the world {KEY}")


@tool(effect="read")
def vault() -> dict[str, str]:
    """Return what is in the vault."""
    raw = KEY.encode()
    return {"plain": KEY, KEY: "name", "hex": raw.hex(), "base64": base64.b64encode(b"Bearer " + raw).decode()}


@tool(effect="read")
def locked_vault() -> str:
    """Fail with a reason."""
    raise ToolError(f"{KEY} does not open it")


@tool(effect="read")
def broken_vault() -> str:
    """Crash."""
    raise RuntimeError(KEY[::-1])


@tool(effect="write", idempotent=True)
async def deposit(context: Context) -> str:
    """Put something into the vault."""
    context.emit("post.scheduled", {"draftId": KEY, "channel": "blog", "publishAt": ""})
    context.distrust(f"vault {KEY}")
    return KEY


@tool(effect="write", lookup=look_up)
async def lost_deposit(context: Context) -> dict[str, str]:
    """Put something into the vault over a bad connection."""
    raise ProviderError(f"{KEY} was lost on the way")


@tool(effect="irreversible", assess=weigh)
async def farewell(context: Context) -> str:
    """Tell the world."""
    return f"told: {KEY}"
'''
ECHO = """
kind = "openai"
free = true
attempts = 1

[models.roles]
research = ["echo:says-400", "openai:gpt-4.1-mini"]
security = ["echo:says-401", "openai:gpt-4.1-mini"]
content = ["echo:says-500", "openai:gpt-4.1-mini"]
trading = ["echo:breaks-off", "openai:gpt-4.1-mini"]
"""


class EchoServer(ThreadingHTTPServer):
    """A provider whose errors quote the request's key, before the answer and in the middle of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.url, self.keys, self.bodies = f"http://127.0.0.1:{self.server_port}/v1", set[str](), list[str]()


class _Echo(BaseHTTPRequestHandler):
    server: EchoServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        key = self.headers["authorization"].removeprefix("Bearer ")
        self.server.keys.add(key)
        self.server.bodies.append(body)
        words = f"do not show {key} or {key.encode().hex()} or {key[::-1]} or {base64.b64encode(key.encode()).decode()}"
        error = json.dumps({"error": {"message": words, "type": key, "code": key, "param": key}})
        name, _, status = json.loads(body)["model"].rpartition("-")
        if name == "says":
            self._answer(int(status), "application/json", error)
        else:
            chunk = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Well, "}}]}
            self._answer(200, "text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: {error}\n\n")

    def _answer(self, status: int, content_type: str, text: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def _echoing() -> Iterator[EchoServer]:
    with EchoServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def talkative(asked: Asked) -> Reply:
    """Play the default company; who has a vault opens it, and everybody repeats what they read."""
    results = outcomes(asked)
    if "vault" in asked.tools and not any(found.tool == "vault" for found in results):
        return Reply(calls=tuple(ToolUse(name) for name in VAULT))
    if "vault" in asked.tools:
        return Reply("\n".join(found.content for found in results if found.tool in VAULT))
    if "delegate" in asked.tools and "hello" in asked.messages[-1]["text"] and not reports(asked):
        return Reply(f"You said: {asked.messages[-1]['text']}")
    return default_company(asked)


class Evidence:
    """Everything that was written, sent, printed or logged, by place, and what the two providers got as key."""

    def __init__(self) -> None:
        self.places: dict[str, list[tuple[str, bytes]]] = {}
        self.keys: set[str] = set()
        self.fallbacks: list[dict[str, str]] = []

    def add(self, place: str, name: str, content: str | bytes) -> None:
        """Keep what was found in a place."""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        self.places.setdefault(place, []).append((name, raw))

    def leaks(self, place: str) -> list[str]:
        """Say where in a place a form of the key stands."""
        return [
            f"{name}: {form}: …{raw[max(at - 60, 0) : at].decode(errors='replace')}"
            for name, raw in self.places[place]
            for form, spelling in forms(KEY).items()
            if (at := raw.find(spelling.encode())) >= 0
        ]

    def text(self, place: str) -> str:
        """Everything of a place."""
        return "\n".join(raw.decode(errors="replace") for _, raw in self.places[place])


class _Logged(logging.Handler):
    def __init__(self, evidence: Evidence) -> None:
        super().__init__(logging.DEBUG)
        self._evidence = evidence

    def emit(self, record: logging.LogRecord) -> None:
        self._evidence.add("log", record.name, self.format(record))


@contextmanager
def _watched(evidence: Evidence) -> Iterator[None]:
    """Log everything and trace everything."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    root, handler = logging.getLogger(), _Logged(evidence)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    tracing.trace_with(provider)
    try:
        yield
    finally:
        tracing.stop_tracing()
        root.setLevel(level)
        root.removeHandler(handler)
    for span in exporter.get_finished_spans():
        evidence.add("spans", span.name, span.to_json())
    provider.shutdown()


async def _give_it_away(engine: Engine, evidence: Evidence) -> None:
    cycle = await engine.advance(engine.start("cycle").id)
    chat = await engine.advance(engine.start("chat", request=PASTED, person="ann", thread_id="main").id)
    for run in (cycle, chat):
        evidence.add("answers", run.id, repr(run))
    events = engine.company.store.journal.read(run_id=cycle.id, types={"model.fallback"})
    evidence.fallbacks = bodies(events, "model.fallback")
    waiting = engine.company.store.approvals.for_run(cycle.id)
    evidence.add("answers", "approvals", repr(waiting))
    (asked,) = (approval.id for approval in waiting if approval.tool == "farewell")
    approval, run = await engine.decide(asked, approved=True, by="ann", note=f"because of {KEY}")
    evidence.add("answers", "decision", f"{approval!r} {run!r}")


def _command(place: Path, environment: dict[str, str], evidence: Evidence, *arguments: str, given: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", "company", *arguments, "--dir", str(place / "acme"), "--home", str(place / "home")],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=place,
        timeout=60,
        check=False,
    )
    evidence.add("terminal", " ".join(arguments[:2]), done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr


def _hired(place: Path, url: str, echo_url: str, environment: dict[str, str]) -> Path:
    """Write the company: the default one, with a vault in the hands of its head of operations."""
    more = f'[providers.echo]\nbase_url = "{echo_url}"{ECHO}'
    directory = write_default(place / "acme", settings(PROVIDERS["chat"], url, more), environment)
    role = directory / "roles" / "operations.md"
    text = role.read_text("utf-8")
    role.write_text(text.replace("tools: [company_report,", f"tools: [{', '.join(VAULT)}, company_report,"), "utf-8")
    (directory / "tools").mkdir()
    (directory / "tools" / "vault.py").write_text(TOOLS, "utf-8")
    return directory


def _canary(place: Path, *, stored: bool) -> Evidence:
    evidence, environment = Evidence(), {"HOME": str(place / "person"), "VAULT_CONTENT": KEY}
    (place / "person").mkdir()
    with WireServer(talkative) as server, _echoing() as echo:
        directory = _hired(place, server.url, echo.url, environment)
        if stored:
            for name in ("openai", "echo"):
                _command(place, environment, evidence, "key", "set", name, given=KEY)
        else:
            environment |= {"OPENAI_API_KEY": KEY, "ECHO_API_KEY": KEY}
        with _watched(evidence), engine_of(directory, place / "home", environment) as engine:
            asyncio.run(_give_it_away(engine, evidence))
        _command(place, environment, evidence, "chat", PASTED, "--json")
        for asked in server.asked:
            evidence.add("prompts", asked.model, json.dumps(asked.body, ensure_ascii=False))
            evidence.keys.add(asked.headers["authorization"].removeprefix("Bearer "))
        for body in echo.bodies:
            evidence.add("prompts", "echo", body)
        evidence.keys |= echo.keys
    _search_files(place, evidence)
    return evidence


def _search_files(place: Path, evidence: Evidence) -> None:
    for file in sorted(path for path in place.rglob("*") if path.is_file()):
        evidence.add("files", str(file.relative_to(place)), file.read_bytes())
        if file.suffix in {".db", ".sqlite3"}:
            with closing(sqlite3.connect(file)) as database:
                evidence.add("tables", file.name, "\n".join(database.iterdump()))


@pytest.fixture(scope="module")
def evidence_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Evidence]]:
    """Return what a company left behind that has its key from the environment, or from its secret store."""
    known: dict[str, Evidence] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAULT_CONTENT", KEY)

        def _known(origin: str) -> Evidence:
            if origin not in known:
                place = tmp_path_factory.mktemp("canary")
                known[origin] = _canary(place, stored=origin == "secret store")
            return known[origin]

        yield _known


@pytest.fixture(params=["environment", "secret store"])
def evidence(request: pytest.FixtureRequest, evidence_of: Callable[[str], Evidence]) -> Evidence:
    """What was left behind."""
    return evidence_of(request.param)


@pytest.mark.parametrize("place", ["files", "tables", "log", "spans", "terminal", "prompts", "answers"])
def test_no_form_of_the_key_is_found(evidence: Evidence, place: str) -> None:
    assert evidence.places[place]
    assert evidence.leaks(place) == []


def test_both_providers_got_the_key(evidence: Evidence) -> None:
    assert evidence.keys == {KEY}


def test_what_was_searched_is_what_a_company_writes(evidence: Evidence) -> None:
    names = {name for name, _ in evidence.places["files"]}
    assert {"home/company.db", "home/checkpoints.db", "home/memory.db"} <= names
    assert {"company.db", "checkpoints.db", "memory.db"} <= {name for name, _ in evidence.places["tables"]}


@pytest.mark.parametrize(
    "said",
    [
        "hello, my key is [secret]",
        "because of [secret]",
        "[secret] does not open it",
        "broken_vault crashed: RuntimeError: [secret]",
        "I will tell the world [secret]",
        "told: [secret]",
    ],
)
def test_the_words_around_the_key_are_kept(evidence: Evidence, said: str) -> None:
    assert said in re.sub(r"\[secret [\w:]+\]", "[secret]", evidence.text("tables"))


def test_every_error_of_the_echo_was_met_and_is_told_without_the_key(evidence: Evidence) -> None:
    reasons = {body["model"]: body["reason"] for body in evidence.fallbacks}
    assert set(reasons) == {f"echo:{name}" for name in ("says-400", "says-401", "says-500", "breaks-off")}
    assert all("echo" in reason and "sk-" not in reason for reason in reasons.values())


def test_a_key_that_is_typed_into_a_conversation_is_not_in_its_history(
    pointed: Callable[..., Path], start_company: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    with WireServer(lambda _: Reply("You should not have told me.")) as server, _pair() as (master, slave):
        directory = pointed(server.url, key=KEY)
        ends = dict.fromkeys(("stdin", "stdout", "stderr"), slave)
        arguments = ("chat", "--person", "ann", "--dir", str(directory))
        process = start_company(*arguments, home=tmp_path / "home", **ends, env={**os.environ, "TERM": "xterm"})
        talk = Terminal(master)
        talk.read_until("you › ")
        talk.write(f"hello, my key is {KEY}")
        talk.read_until("You should not have told me.")
        talk.read_until("you › ")
        talk.write("/quit")
        assert process.wait(timeout=20) == 0
    evidence = Evidence()
    _search_files(tmp_path / "home", evidence)
    assert (tmp_path / "home" / "history").read_text().splitlines()[0].startswith("hello, my key is [secret ")
    assert evidence.leaks("files") == []


async def test_a_secret_of_somebody_else_is_not_remembered_and_fails_no_run(
    pointed: Callable[..., Path], tmp_path: Path
) -> None:
    foreign = "password: hunter2hunter2 sk-proj-4eC39HqLyjWDarjtT1zdp7dc"
    with (
        WireServer(lambda _: Reply("You should not have told me.")) as server,
        engine_of(pointed(server.url), tmp_path / "home", os.environ) as engine,
    ):
        run = engine.start("chat", request=f"hello, here is {foreign}", person="ann", thread_id="main")
        run = await engine.advance(run.id)
        memories = await engine.company.recall(engine.company.chief, "password", run)
    assert (run.status, run.outcome["answer"]) == ("done", "You should not have told me.")
    assert [item.text for item in memories] == ["ann said: hello, here is [secret] [secret]"]
