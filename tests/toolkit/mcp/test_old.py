"""Servers of older specifications, and bad ones: small programs without any package."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from company.config import McpSettings, McpToolSettings
from company.errors import ProviderError, ToolError, UsageError
from company.governor.execution import run
from company.toolkit.mcp import server_tools
from tests.toolkit.mcp.conftest import House

OLD = str(Path(__file__).with_name("old.py"))


@pytest.fixture
def old(tmp_path: Path) -> Iterator[House]:
    """A company with such a server."""
    settings = McpSettings(command=(sys.executable, "-S", OLD, str(tmp_path)), tools={"say": McpToolSettings()})
    made = House(tmp_path, settings)
    yield made
    made.close()


async def test_a_server_of_an_older_specification_works(old: House) -> None:
    assert await old.call("say") == {"text": "said"}


async def test_an_older_server_tells_of_changed_tools_by_itself(old: House) -> None:
    old.confirm()
    old.write("mode", "changing")
    assert await old.call("say") == {"text": "said"}
    with pytest.raises(ToolError, match=r"another description.*company plugins confirm small"):
        await old.call("say")
    assert old.calls == ["say"]


async def test_a_server_that_asks_our_model_is_refused(old: House) -> None:
    old.write("mode", "asking")
    assert await old.call("say") == {"text": "Sampling not supported"}


@pytest.mark.parametrize("mode", ["endless", "chatty"])
async def test_an_endless_talker_is_cut_off_and_the_effect_is_unknown(old: House, mode: str) -> None:
    old.confirm()
    old.write("mode", mode)
    old.open()
    (tool,) = server_tools({"small": old.settings}, old.lock)
    ran = await run(tool, tool.arguments.model_validate({}), old.context())
    assert (ran.status, old.calls) == ("unknown", ["say"])
    assert "that nobody asked for" in ran.error


async def test_an_answer_against_the_protocol_leaves_the_effect_unknown(old: House) -> None:
    old.confirm()
    old.write("mode", "nonsense")
    old.open()
    (tool,) = server_tools({"small": old.settings}, old.lock)
    ran = await run(tool, tool.arguments.model_validate({}), old.context())
    assert (ran.status, old.calls) == ("unknown", ["say"])


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("twice", "lists the tool 'say' twice"),
        ("elsewhere", "refers to 'http://127.0.0.1:9/schema'"),
        ("long", "is longer than"),
        ("pages", "twice|more than 20 pages"),
        ("silent", "was not there within 1 s"),
        ("painting", r"cannot be used: \[31mall is well"),
    ],
)
def test_a_server_that_cannot_be_used_is_said_in_words(old: House, mode: str, words: str) -> None:
    old.write("mode", mode)
    old.settings = McpSettings.model_validate({**old.settings.model_dump(exclude={"tools"}), "timeout": "1s"})
    old.settings = old.settings.model_copy(update={"tools": {"say": McpToolSettings()}})
    with pytest.raises(UsageError, match=words):
        old.look()


async def test_a_server_that_cannot_be_reached_was_sent_nothing(old: House) -> None:
    old.confirm()
    old.settings = old.settings.model_copy(update={"command": (sys.executable, "-S", "-c", "raise SystemExit(1)")})
    with pytest.raises(ProviderError) as caught:
        await old.call("say")
    assert caught.value.retryable
    assert old.calls == []
