"""A tool is a plain function: import its file as the company does, and call it."""

import asyncio
from pathlib import Path

import pytest

from company import Reach, ToolError
from company.toolkit import import_all

module = import_all({"sketch": Path(__file__).parents[1] / "tools" / "sketch.py"})[0]
sketch, find_sketch = module.sketch, module.find_sketch


def test_sketch_hands_a_message_over_once(tmp_path: Path) -> None:
    """A call that is repeated with its key has no second effect."""
    reach = Reach(folder=tmp_path, key="a-key")
    assert sketch("the lift is out of order", reach) == sketch("the lift is out of order", reach)
    assert [file.read_text("utf-8") for file in tmp_path.iterdir()] == ["the lift is out of order"]


def test_what_sketch_handed_over_is_found_by_its_key(tmp_path: Path) -> None:
    """When nobody knows whether a call happened, its key is looked up."""
    reach = Reach(folder=tmp_path, key="a-key")
    assert asyncio.run(find_sketch(reach)) is None
    assert sketch("the lift is out of order", reach) == asyncio.run(find_sketch(reach))


def test_sketch_refuses_a_message_without_words(tmp_path: Path) -> None:
    """A ToolError goes back to the role that asked; the run goes on."""
    with pytest.raises(ToolError):
        sketch("  ", Reach(folder=tmp_path))
