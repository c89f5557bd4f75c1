"""What every test may use: a home of its own, no key in the environment, companies to open and commands to run."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from company.engine import Engine

Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]
Opened = Callable[..., Any]
WriteCompany = Callable[[Mapping[str, str]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test a home directory of its own, and nothing of the person's."""
    for name in [name for name in os.environ if name.startswith("COMPANY_") or name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    place = tmp_path_factory.mktemp("person")
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def opened() -> Opened:
    """Open the engine of a company in this process: `with opened(state, directory) as engine`.

    The default company unless `directory` names another; `models` stand in for the company's own.
    """

    @contextmanager
    def _opened(
        state: Path, directory: Path | None = None, *, models: Any = None, seed: int | None = None
    ) -> Iterator["Engine"]:
        from company.engine import Engine
        from company.home import bundled_directory, find_directory, open_company

        found = find_directory(directory or bundled_directory(), Path.cwd())
        state.mkdir(exist_ok=True)
        company = open_company(found, state, seed=seed, environment=os.environ)
        try:
            engine = Engine(company if models is None else replace(company, models=models(company)))
            try:
                yield engine
            finally:
                engine.close()
        finally:
            company.close()

    return _opened


@pytest.fixture
def write_company(tmp_path: Path) -> WriteCompany:
    """Write a company directory file by file, trust it, and return it."""
    from company.home import trust

    def _write(files: Mapping[str, str]) -> Path:
        root = tmp_path / "acme"
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), "utf-8")
        return trust(root, os.environ)

    return _write


@pytest.fixture
def start_company(tmp_path: Path) -> Iterator[Start]:
    """Start a `company` command as a process of its own, outside of the checkout; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def _start(*arguments: str, home: Path | None = None, **options: Any) -> subprocess.Popen[str]:
        at = ["--home", str(home)] if home else []
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(
            [sys.executable, "-m", "company", *arguments, *at], **{"cwd": tmp_path, **pipes, **options}
        )
        started.append(process)
        return process

    yield _start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run_company(start_company: Start) -> Command:
    """Run a `company` command to its end and return what it said."""

    def _run(*arguments: str, home: Path | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        process = start_company(*arguments, home=home, **options)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return _run
