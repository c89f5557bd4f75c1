"""A tool is a plain function: import its file as the company does, and call it."""

from pathlib import Path

import pytest

from company import Reach, ToolError
from company.toolkit import import_all

sketch = import_all({"sketch": Path(__file__).parents[1] / "tools" / "sketch.py"})[0].sketch


def test_sketch_tells_nothing_that_it_does_not_know() -> None:
    """What is not in the table is not made up."""
    assert sketch("xyzzy?", Reach()).known == {}


def test_sketch_refuses_a_question_without_words() -> None:
    """A ToolError goes back to the role that asked; the run goes on."""
    with pytest.raises(ToolError):
        sketch("  ", Reach())
