"""The registry: sorted, immutable, and helpful about unknown names."""

import pytest

from company.errors import UsageError
from company.toolkit import Prompt, Prompts, Registry, tool, tool_of


@tool(effect="read")
def ticker() -> str:
    """Return a price."""
    return "1"


@tool(effect="read")
def candles() -> str:
    """Return candles."""
    return "2"


TOOLS = Registry([tool_of(ticker), tool_of(candles)])


def test_registry_is_a_mapping_in_order_of_name():
    assert list(TOOLS) == ["candles", "ticker"]
    assert dict(TOOLS)["ticker"] is TOOLS["ticker"] is TOOLS.get("ticker") is tool_of(ticker)
    assert "ticker" in TOOLS
    assert "tickr" not in TOOLS
    assert len(TOOLS) == 2


def test_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        TOOLS["x"] = tool_of(ticker)


@pytest.mark.parametrize("ask", [TOOLS.get, TOOLS.__getitem__])
def test_an_unknown_name_raises_with_the_nearest(ask):
    with pytest.raises(UsageError) as caught:
        ask("tickr")
    assert caught.value.what == "unknown tool 'tickr'"
    assert caught.value.cure == "did you mean 'ticker'?"


def test_an_unknown_name_in_an_empty_catalogue_says_so():
    with pytest.raises(UsageError, match=r"unknown prompt 'plan'\n.*nothing is known here"):
        Prompts()["plan"]


def test_two_things_of_one_name_clash():
    with pytest.raises(UsageError, match=r"a\.md and b\.md: prompt 'plan' is defined twice"):
        Prompts([Prompt("plan", "", "b.md", ""), Prompt("plan", "", "a.md", "")])
