"""Clients of the doors, unchanged, as people install them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from company.home import trust
from company.server.principal import SCOPES
from company.store import Run
from tests.server.conftest import Served

Ask = Callable[..., Any]


@pytest.fixture
def openai_client() -> Iterator[Callable[..., OpenAI]]:
    """Make a client of OpenAI's SDK that talks to a server."""
    with ExitStack() as stack:

        def _make(server: Any, *, scopes: Sequence[str] = SCOPES, key: str = "", **options: Any) -> OpenAI:
            transport = stack.enter_context(httpx2.Client(trust_env=False, verify=False, timeout=20))
            shown = key or server.token_for(scopes)
            return OpenAI(base_url=f"{server.url}/v1", api_key=shown, http_client=transport, **options)

        yield _make


@pytest.fixture(scope="module")
def serve_with(
    _acme: Path, _trusting: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Served]]:
    """Serve the small company with further settings."""
    with ExitStack() as stack:

        def _serve(settings: str) -> Served:
            directory = tmp_path_factory.mktemp("with") / "acme"
            shutil.copytree(_acme, directory)
            (directory / "company.toml").write_text(f"[memory]\nenabled = false\n{settings}")
            served = Served(trust(directory, _trusting), tmp_path_factory.mktemp("with-home"), _trusting)
            stack.callback(served.stop)
            return served

        yield _serve


@pytest.fixture(scope="module")
def failing_server(serve_with: Callable[[str], Served]) -> Served:
    """A server whose runs fail: nobody listens where its models should be."""
    models = "".join(f'{tier} = "nobody:x"\n' for tier in ("fast", "smart", "deep"))
    nobody = '[providers.nobody]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\nfree = true\nattempts = 1\n'
    return serve_with(f"[models]\n{models}{nobody}")


def runs_of(server: Served, limit: int = 20) -> list[Run]:
    """The newest runs of a server, newest first."""
    with server.store() as store:
        return store.runs.recent(limit)
