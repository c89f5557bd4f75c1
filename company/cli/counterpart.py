"""Who does the work that a command asks for: the server of this home when one runs, else this process.

One process drives the company, so that its market data, its models' limits and its work under way are known in one
place. What happens is read from the journal either way.
"""

import asyncio
import json
import os
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from company.cli.opening import locate, opened
from company.errors import ProviderError, UsageError

if TYPE_CHECKING:
    from company.engine import Engine
    from company.server.access.presence import Address
    from company.store import Redactor, Run, Store

LOOK = 0.05
"""Seconds between two looks at how far a run of the server is."""

LASTS = timedelta(hours=12)
"""How long the token of one command holds at most; it is forgotten when the command ends."""

SCOPES = ("read", "chat", "approve")


class Counterpart(Protocol):
    """Does what a person at the command line asks for."""

    store: "Store"
    redactor: "Redactor"
    state: Path

    async def begin(self, text: str, *, thread: str) -> "Run":
        """Begin a chat turn."""

    async def finish(self, run_id: str) -> "Run":
        """Return a run when it ended or waits for a person."""

    async def decide(self, approval_id: str, *, approved: bool, note: str = "", bundle: bool = False) -> "Run":
        """Answer an approval, or its bundle up to it, and return its run when it has acted on it."""


class Here:
    """Works in this process.

    Args:
        engine: Runs the company.
        person: Who asks.
    """

    def __init__(self, engine: "Engine", person: str) -> None:
        self._engine, self._person = engine, person
        self.store, self.redactor, self.state = engine.company.store, engine.company.redactor, engine.company.state

    async def begin(self, text: str, *, thread: str) -> "Run":
        """Begin a chat turn."""
        return self._engine.start("chat", request=text, person=self._person, thread_id=thread)

    async def finish(self, run_id: str) -> "Run":
        """Drive a run until it ends or waits for a person."""
        return await self._engine.advance(run_id)

    async def decide(self, approval_id: str, *, approved: bool, note: str = "", bundle: bool = False) -> "Run":
        """Answer an approval, or its bundle up to it, and let the run act on it."""
        decision = self._engine.decide(approval_id, approved=approved, by=self._person, note=note, bundle=bundle)
        return (await decision)[1]


class There:
    """Asks the server of this home.

    Args:
        server: Where it is.
        state: The state directory.
        store: The home's store, to read what happens.
        redactor: Takes keys out of what a person types.
        token: What the server is shown.
        certificate: File of the server's certificate; "" for plain HTTP.
    """

    def __init__(
        self, server: "Address", state: Path, store: "Store", redactor: "Redactor", *, token: str, certificate: str
    ) -> None:
        self.state, self.store, self.redactor = state, store, redactor
        self._url, self._token = f"{server.own}/api/v1", token
        self._opener = build_opener(ProxyHandler({}), *_trusting(certificate))

    async def begin(self, text: str, *, thread: str) -> "Run":
        """Begin a chat turn at the server."""
        begun = await self._post("/messages", {"text": text, "thread": thread})
        return self.store.runs.get(begun["run"])

    async def finish(self, run_id: str) -> "Run":
        """Wait for a run that the server drives.

        Raises:
            UsageError: The server ended meanwhile.
        """
        from company.server.access.presence import find_server
        from company.store import FINISHED

        while (run := self.store.runs.get(run_id)).status not in FINISHED | {"waiting"}:
            if find_server(self.state) is None:
                raise UsageError(f"the server ended before {run_id} did", cure=f"company resume {run_id}")
            await asyncio.sleep(LOOK)
        return run

    async def decide(self, approval_id: str, *, approved: bool, note: str = "", bundle: bool = False) -> "Run":
        """Answer an approval, or its bundle up to it, at the server."""
        await self._post(f"/approvals/{approval_id}", {"approved": approved, "note": note, "bundle": bundle})
        return await self.finish(self.store.approvals.get(approval_id).run_id)

    async def _post(self, path: str, body: Any) -> Any:
        return await asyncio.to_thread(self._send, path, json.dumps(body).encode())

    def _send(self, path: str, body: bytes) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(f"{self._url}{path}", body, headers)  # noqa: S310 - the address is the server's own
        try:
            with self._opener.open(request, timeout=600) as answer:
                return json.load(answer)
        except HTTPError as refused:
            raise UsageError(_message(refused)) from refused
        except URLError as error:
            raise ProviderError(f"the server at {self._url} does not answer: {error.reason}") from error


@contextmanager
def counterpart(directory: Path | None, home: Path | None, person: str) -> Iterator[Counterpart]:
    """Return who does the work: the server of the home when one runs, else this process.

    Args:
        directory: The company directory, as the option says.
        home: The state directory, as the option says.
        person: Who asks.
    """
    from company.server.access.presence import find_server

    state = locate(directory, home)[1]
    server = find_server(state) if state.exists() else None
    with _here(directory, home, person) if server is None else _there(server, directory, home, person) as found:
        yield found


@contextmanager
def _here(directory: Path | None, home: Path | None, person: str) -> Iterator[Counterpart]:
    with opened(directory, home) as engine:
        yield Here(engine, person)


@contextmanager
def _there(server: "Address", directory: Path | None, home: Path | None, person: str) -> Iterator[Counterpart]:
    from company.config import load_settings
    from company.home import open_redactor, open_store

    found, state = locate(directory, home)
    settings = load_settings(found.config_file)
    with closing(open_store(state)) as store:
        redactor = open_redactor(state, store, settings, os.environ)
        made = store.access.make("token", person=person, scopes=SCOPES, name="company chat", lasts=LASTS)
        try:
            certificate = settings.server.tls_certificate
            yield There(server, state, store, redactor, token=made.secret, certificate=certificate)
        finally:
            store.access.forget(made.credential.id)


def _trusting(certificate: str) -> list[HTTPSHandler]:
    """Trust the certificate that the settings name, whoever issued it and for whichever name it was made."""
    if not certificate:
        return []
    context = ssl.create_default_context(cafile=Path(certificate).expanduser())
    context.check_hostname = False
    context.verify_flags = ssl.VERIFY_X509_PARTIAL_CHAIN
    return [HTTPSHandler(context=context)]


def _message(refused: HTTPError) -> str:
    try:
        return str(json.load(refused)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {refused.code}"
