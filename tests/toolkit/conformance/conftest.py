"""Tools as data, and files of tools as a person writes them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from company.toolkit.conformance.subject import Played, Subject
from company.toolkit.foreign import Description
from company.toolkit.manifest import Manifest
from company.toolkit.worker import Source

GOOD: dict[str, Any] = {
    "name": "weather",
    "description": "Return the weather of a place as it was last measured.",
    "parameters": {
        "type": "object",
        "properties": {"place": {"type": "string", "description": "Name of a town."}},
        "required": ["place"],
        "additionalProperties": False,
    },
    "result": {"type": "object", "properties": {"degrees": {"type": "number"}}, "required": ["degrees"]},
    "effect": "read",
    "trust": "trusted",
}

Make = Callable[..., Subject]


@pytest.fixture
def subject() -> Make:
    """Return a tool without a fault, but for what is given: parts of the description, `manifest`, `played`."""

    def made(*, manifest: dict[str, Any] | None = None, played: list[Played] | None = None, **parts: Any) -> Subject:
        others = {name: parts.pop(name) for name in ("examples", "misfits", "called") if name in parts}
        description = Description(**{**GOOD, **parts}, manifest=Manifest(**manifest or {}))
        source = Source(kind="file", name="weather", module="", path=Path("/acme/tools/weather.py"))
        return Subject(source, description, **{"called": True, **others}, played=tuple(played or ()))

    return made


@pytest.fixture
def tool_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a file of tools and return its path."""

    def written(text: str) -> Path:
        (file := tmp_path / "mine.py").write_text(dedent(text), "utf-8")
        return file

    return written
