"""A company directory for every wire format, its home, and the server it is pointed at."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.providers.companies import KEY, PROVIDERS, Provider, settings, write_default

Pointed = Callable[..., Path]


@pytest.fixture(params=PROVIDERS)
def wire(request: pytest.FixtureRequest) -> str:
    """Name of a wire format; the test runs once for each."""
    return str(request.param)


@pytest.fixture
def provider(wire: str) -> Provider:
    """How a company is pointed at a server that speaks `wire`."""
    return PROVIDERS[wire]


@pytest.fixture
def pointed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pointed:
    """Write a default company that thinks at a server: `pointed(url)`, `pointed(url, "anthropic", more="[run]...")`.

    Its key is in the environment of the test.
    """

    def _pointed(url: str, wire: str = "chat", *, more: str = "", key: str | None = KEY) -> Path:
        provider = PROVIDERS[wire]
        if key is not None:
            monkeypatch.setenv(provider.key_variable, key)
        return write_default(tmp_path / "acme", settings(provider, url, more), os.environ)

    return _pointed
