"""A module says what its tools are in a process of its own; what cannot be used is refused by name."""

from pathlib import Path

import pytest

from company.errors import UsageError
from company.toolkit.worker import Source, describe, describing

PACKAGE = '''
from company import Context, Reach, tool


@tool(effect="read", {told})
async def weather(city: str, {takes}) -> str:
    """Return the weather{hidden}.

    Args:
        city: Where.
    """
    return city
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a module that can be imported, and say where it lies."""
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))

    def _package(text: str | None = None, *, told: str = "", takes: str = "reach: Reach", hidden: str = "") -> Source:
        folder = tmp_path / "site-packages/its_weather"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("from its_weather.tools import weather\n" if text is None else "")
        (folder / "tools.py").write_text(
            PACKAGE.format(told=told, takes=takes, hidden=hidden) if text is None else text
        )
        return Source("package", "its-weather", "its_weather.tools")

    return _package


def test_a_package_says_what_its_tools_are_and_is_not_imported_here(package):
    import sys

    [found] = describe(package(told='hosts=["api.example.com"], secrets=["key"], trust="trusted"'))
    assert (found.name, found.effect, found.manifest.hosts, found.manifest.secrets) == (
        "weather",
        "read",
        ("api.example.com",),
        ("key",),
    )
    assert list(found.parameters["properties"]) == ["city"]
    assert "its_weather" not in sys.modules


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"takes": "context: Context"}, "context: Context"),
        ({"told": "claims=['saw']", "hidden": ""}, "claims"),
        ({"hidden": " \u202e"}, "U\\+202E"),
        ({"text": "raise SystemExit(1)"}, "SystemExit: 1"),
        ({"text": "import no_such_module_at_all"}, "No module named"),
        ({"text": "x = 1"}, "holds no tool"),
        ({"text": "import os; os._exit(4)"}, "ended with code 4"),
        ({"text": "x = bytearray(3_000_000_000)"}, "too much memory"),
        ({"text": "open('/etc/shadow')"}, "reached for file: /etc/shadow while it was imported"),
        ({"text": "import socket; socket.create_connection(('evil.example', 443))"}, "network: evil.example"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_and_where(package, how, told):
    if "claims" in how.get("told", ""):
        how = {
            "text": PACKAGE.format(told="claims=['saw']", takes="reach: Reach", hidden="").replace('"read"', '"write"')
        }
    with pytest.raises(UsageError, match=told) as caught:
        describe(package(**how))
    assert "its-weather" in caught.value.where or "tools.py" in caught.value.where
    assert caught.value.cure


def test_an_import_that_does_not_end_is_ended(package, monkeypatch):
    monkeypatch.setattr(describing, "LONGEST", 1.5)
    with pytest.raises(UsageError, match="not imported within"):
        describe(package("while True: pass"))


def test_a_file_that_is_broken_is_named_with_its_line(tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("x = 1\nnonsense(\n")
    with pytest.raises(UsageError) as caught:
        describe(Source("file", "broken", path=file))
    assert caught.value.where == f"{file}:2"
