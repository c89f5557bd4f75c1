"""What every test may use: a home of its own, no key in the environment, companies to open and commands to run."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from company.engine import Engine

Said = subprocess.CompletedProcess[str]
Start = Callable[..., subprocess.Popen[str]]
Command = Callable[..., Said]
Opened = Callable[..., Any]
WriteCompany = Callable[[Mapping[str, str]], Path]

LONGEST = 120.0
"""Seconds a command may take."""


class Template:
    """The process that others are forked from: see template.py."""

    def __init__(self) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("template.py"))], **pipes)

    def start(
        self, *command: str, place: Path, out: Path, err: Path, stdin: Path = Path(os.devnull), **more: str
    ) -> int:
        """Start a command, with `more` in its environment, and return its process."""
        files = {name: str(file) for name, file in {"place": place, "stdin": stdin, "out": out, "err": err}.items()}
        pid = self.ask(run=command, environment={**os.environ, **more}, **files)
        assert pid is not None
        return pid

    def run(self, *command: str, place: Path, stdin: Path = Path(os.devnull), **more: str) -> Said:
        """Run a command to its end and return what it said."""
        with tempfile.TemporaryDirectory() as said:
            out, err = Path(said, "out"), Path(said, "err")
            pid = self.start(*command, place=place, out=out, err=err, stdin=stdin, **more)
            deadline = time.monotonic() + LONGEST
            while (code := self.ask(look=pid)) is None:
                assert time.monotonic() < deadline, f"{command} did not end: {out.read_text()}{err.read_text()}"
                time.sleep(0.005)
            return Said(["company", *command], code, out.read_text(), err.read_text())

    def ask(self, **question: object) -> int | None:
        """Ask something else; see template.py."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: int | None = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


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


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    """A process that forks commands, so that they need not import everything anew."""
    template = Template()
    yield template
    template.close()


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment for a script whose `company` is forked from a process that has imported everything."""
    folder = tmp_path_factory.mktemp("forks")
    shim, door = folder / "company", folder / "socket"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S -E {Path(__file__).with_name("shim.py")} "$@"\n')
    shim.chmod(0o755)
    template = [sys.executable, str(Path(__file__).with_name("template.py")), str(door)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(template, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        path = os.pathsep.join((str(folder), str(Path(sys.executable).parent), os.environ["PATH"]))
        yield {"PATH": path, "COMPANY_FORKS": str(door)}
        process.communicate()


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
def run_company(template: Template, tmp_path: Path) -> Command:
    """Run a `company` command to its end, in a process of its own outside of the checkout; return what it said."""

    def _run(*arguments: str, home: Path | None = None, stdin: Path = Path(os.devnull)) -> Said:
        at = ["--home", str(home)] if home else []
        return template.run(*arguments, *at, place=tmp_path, stdin=stdin)

    return _run
