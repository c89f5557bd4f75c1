"""Folders of tools and prompts, written as a user would write them, and packages installed beside them."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from company.toolkit.foreign import Description
from company.toolkit.lock import Confirmed, Lock
from company.toolkit.packages import PROMPTS, ROLES, package
from company.toolkit.texts import texts_of

Write = Callable[..., Path]


TOOL = '''
@tool(effect="read")
def {name}() -> str:
    """Return the file it stands in."""
    return __file__
'''


@pytest.fixture
def source() -> Callable[..., str]:
    """Return the text of a tool file that defines tools of the given names."""
    return lambda *names: "from company import tool\n\n" + "\n".join(TOOL.format(name=name) for name in names)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the test's folder and return its path."""

    def _write(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), "utf-8")
        return file

    return _write


@pytest.fixture
def install(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install a package with entry points, as pip would leave it in a site folder; forget what was imported of it."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def _install(
        package: str, group: str, points: dict[str, str], files: dict[str, str], *, version: str = "1.0"
    ) -> None:
        for path, text in files.items():
            write(f"site/{path}", text)
        lines = "\n".join(f"{name} = {value}" for name, value in points.items())
        info, name = f"site/{package}-1.0.dist-info", f"Name: {package}\nVersion: {version}\n"
        write(f"{info}/METADATA", f"Metadata-Version: 2.1\n{name}")
        write(f"{info}/entry_points.txt", f"[{group}]\n{lines}\n")

    yield _install
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {path.stem for path in site.iterdir()}:
            del sys.modules[name]


@pytest.fixture
def lock() -> Callable[..., Lock]:
    """Return a lock in which a person confirmed packages as they are installed, with tools by entry point."""

    def _lock(*packages: str, **tools: list[str]) -> Lock:
        return Lock(packages={name: _confirmed(name, tools) for name in packages})

    return _lock


def _confirmed(name: str, tools: dict[str, list[str]]) -> Confirmed:
    found = package(name)
    assert found is not None
    names = {
        tool: point for point, named in tools.items() if f"company.tools:{point}" in found.points for tool in named
    }
    return Confirmed(
        by="ada",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        version=found.version,
        points=found.points,
        tools=tuple(
            Description(name=tool, description="Says so.", parameters={"type": "object"}, effect="read")
            for tool in names
        ),
        names=names,
        texts=texts_of(found, ROLES, PROMPTS),
    )
