"""Folders of tools and prompts, written as a user would write them, and packages installed beside them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

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

    def _install(package: str, group: str, points: dict[str, str], files: dict[str, str]) -> None:
        for path, text in files.items():
            write(f"site/{path}", text)
        lines = "\n".join(f"{name} = {value}" for name, value in points.items())
        write(f"site/{package}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        write(f"site/{package}-1.0.dist-info/entry_points.txt", f"[{group}]\n{lines}\n")

    yield _install
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {path.stem for path in site.iterdir()}:
            del sys.modules[name]
