"""The bundled company and its server in one event loop, so that a test can look while a run is under way."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import pytest

from company.engine import Engine
from company.server import Site, create_app
from company.trading import Desk

PORT = 8400


@dataclass
class Open:
    """An opened company with its server.

    Attributes:
        engine: Runs it.
        client: Shows a token of the scope `read`.
    """

    engine: Engine
    client: httpx2.AsyncClient

    async def get(self, path: str) -> Any:
        """Return what a path of the native API answers."""
        answer = await self.client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    async def cycle(self) -> None:
        """Run one cycle to its end."""
        await self.engine.advance(self.engine.start("cycle").id)

    async def chat(self, text: str) -> None:
        """Say something to the CEO, and let it answer."""
        run = self.engine.start("chat", request=text, person="Ada", thread_id="main")
        await self.engine.advance(run.id)

    def client_with(self, *scopes: str) -> httpx2.AsyncClient:
        """Return a client whose token has these scopes only."""
        made = self.engine.company.store.access.make("token", person="Ada", scopes=scopes)
        return _client(self.client._transport, made.secret)


OpenHere = Callable[..., AbstractContextManager[Open]]


@pytest.fixture
def open_here(opened: Any, tmp_path: Path) -> OpenHere:
    """Open the bundled company under a name: `with open_here("a") as company`.

    `around` wraps venues by name.
    """

    @contextmanager
    def _open(name: str, around: Mapping[str, Callable[[Any], Any]] = MappingProxyType({})) -> Any:
        with opened(tmp_path / name) as engine:
            venues = engine.company.services[Desk].markets.venues
            venues.update({venue: wrap(venues[venue]) for venue, wrap in around.items()})
            site = Site.of(engine.company.settings.server, "127.0.0.1", PORT)
            transport = httpx2.ASGITransport(app=create_app(engine, site=site, person="Ada"))
            made = engine.company.store.access.make("token", person="Ada", scopes=("read",))
            yield Open(engine, _client(transport, made.secret))

    return _open


@pytest.fixture
def company(open_here: OpenHere) -> Any:
    """One open company."""
    with open_here("home") as found:
        yield found


def _client(transport: Any, token: str) -> httpx2.AsyncClient:
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}/api/v1", headers=headers)
