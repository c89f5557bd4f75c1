"""What every test may use: a home of its own, and no key in the environment."""

import os

import pytest


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test a home directory of its own, and nothing of the person's."""
    for name in [name for name in os.environ if name.startswith("COMPANY_") or name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    place = tmp_path_factory.mktemp("person")
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
