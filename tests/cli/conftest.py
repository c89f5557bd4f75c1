"""A home in which the default company worked for one cycle."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Result = subprocess.CompletedProcess[str]
Company = Callable[..., Result]


def call(*arguments: str, home: Path, extra: Mapping[str, str] | None = None) -> Result:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "company", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "COMPANY_HOME": str(home), **(extra or {})},
        timeout=120,
    )


@pytest.fixture(scope="session")
def worked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cycle was run here; tests only read it."""
    home = tmp_path_factory.mktemp("worked")
    done = call("run", "--cycles", "1", home=home)
    assert done.returncode == 0, done.stderr
    (home / "transcript.txt").write_text(done.stdout)
    return home


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Run the command on a home of its own."""

    def run(*arguments: str, home: Path = tmp_path / "home", **extra: str) -> Result:
        return call(*arguments, home=home, extra=extra)

    return run
