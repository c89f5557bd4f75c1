"""A home in which the default company worked for one cycle."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Said, Template

Company = Callable[..., Said]


@pytest.fixture(scope="session")
def worked_home(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cycle was run here; tests only read it."""
    home = tmp_path_factory.mktemp("worked")
    done = template.run("run", "--cycles", "1", place=home, COMPANY_HOME=str(home))
    assert done.returncode == 0, done.stderr
    (home / "transcript.txt").write_text(done.stdout)
    return home


@pytest.fixture
def company(template: Template, tmp_path: Path) -> Company:
    """Run the command on a home of its own."""

    def run(*arguments: str, home: Path = tmp_path / "home", **more: str) -> Said:
        return template.run(*arguments, place=Path.cwd(), COMPANY_HOME=str(home), **more)

    return run
