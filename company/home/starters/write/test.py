"""A tool is a plain function: import its file as the company does, and call it."""

from pathlib import Path

import pytest

from company import Reach, ToolError
from company.toolkit import import_all

sketch = import_all({"sketch": Path(__file__).parents[1] / "tools" / "sketch.py"})[0].sketch


def test_sketch_keeps_a_note_once(tmp_path: Path) -> None:
    """A call that is repeated with its key has no second effect."""
    reach = Reach(folder=tmp_path, key="a-key")
    assert sketch("call the bank", reach) == sketch("call the bank", reach)
    assert [file.read_text("utf-8") for file in tmp_path.iterdir()] == ["call the bank"]


def test_sketch_refuses_a_note_without_words(tmp_path: Path) -> None:
    """A ToolError goes back to the role that asked; the run goes on."""
    with pytest.raises(ToolError):
        sketch("  ", Reach(folder=tmp_path))
