"""A tool file, the worker pool of a company, and a call: everything real, each test with its own folder."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from company.toolkit import Context
from company.toolkit.foreign import Description
from company.toolkit.worker import Source, Workers, describe

HEAD = """
from company import ProviderError, Reach, ToolError, tool
"""

Written = Callable[..., tuple[Source, Description]]
Call = Callable[..., Awaitable[Any]]


class Now:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


class Kept:
    """Secrets by their whole name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str | None:
        return self._values.get(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A company directory with its state."""
    (tmp_path / "acme/.company").mkdir(parents=True)
    (tmp_path / "acme/tools").mkdir()
    (tmp_path / "acme/.company/company.db").write_text("the books")
    (tmp_path / "acme/company.toml").write_text("[run]")
    return tmp_path / "acme"


@pytest.fixture
def written(root: Path) -> Written:
    """Write a tool whose body is given into a file of the directory, and say what it is: `written("return 1")`."""

    def _written(body: str, *, before: str = "", name: str = "probe", kind: str = "async def", **told: Any):
        declared = ", ".join(f"{key}={value!r}" for key, value in {"effect": "read", **told}.items())
        doc = '"""Do what a test wants.\n\nArgs:\n    given: Whatever the test gives.\n"""'
        function = f"@tool({declared})\n{kind} {name}(given: dict[str, str], reach: Reach) -> object:\n"
        text = HEAD + dedent(before) + "\n\n" + function + indent(doc + "\n" + dedent(body), "    ")
        file = root / "tools" / f"{name}.py"
        file.write_text(text)
        source = Source("file", name, path=file)
        [description] = describe(source)
        return source, description

    return _written


@pytest.fixture
def secrets() -> dict[str, str]:
    """What is in the secret store."""
    return {"tool:weather": "sun-and-rain", "tool:other": "not-for-you", "plugin:x:weather": "of-a-package"}


@pytest.fixture
def workers(root: Path, secrets: dict[str, str]) -> Iterator[Workers]:
    """The workers of the company."""
    opened = Workers(state=root / ".company", secrets=Kept(secrets), closed_to=[root])
    yield opened
    opened.close()


@pytest.fixture
def events() -> list[tuple[str, Mapping[str, Any]]]:
    """What the calls emitted."""
    return []


@pytest.fixture
def context(events: list[tuple[str, Mapping[str, Any]]]) -> Context:
    """The surroundings of a call."""
    return Context(
        role="research", run_id="r-1", person="", key="k" * 32, clock=Now(), emit=lambda *each: events.append(each)
    )


@pytest.fixture
def call(workers: Workers, context: Context) -> Call:
    """Call a tool that was written: `await call(*written(...), given)`."""

    async def _call(source: Source, description: Description, given: Mapping[str, str] | None = None) -> Any:
        return await workers.call(source, description, {"given": dict(given or {})}, context)

    return _call
