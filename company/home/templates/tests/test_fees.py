"""Tools are plain functions: load them as the company does, and call them."""

from decimal import Decimal
from pathlib import Path

import pytest

from company import ToolError
from company.toolkit import load_tools

break_even = load_tools(Path(__file__).parents[1] / "tools")["break_even"].function


def test_break_even_pays_both_fees() -> None:
    """Buying costs 100 * 1.01, selling gives 102.0202 * 0.99: both are 101."""
    assert break_even(Decimal(100), Decimal(1)).price == Decimal("102.0202")


def test_break_even_without_fees_is_the_price_itself() -> None:
    """Nothing has to be earned back."""
    assert break_even(Decimal(100), Decimal(0)).rise_percent == 0


def test_break_even_of_a_free_thing_is_refused() -> None:
    """A ToolError goes back to the role that asked; the run goes on."""
    with pytest.raises(ToolError):
        break_even(Decimal(0))
