"""Tools of a server that the company starts itself: a real process, real pipes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from company.config import McpSettings, McpToolSettings
from company.errors import ProviderError, RequestTimeout, ToolError, UsageError
from company.toolkit.mcp import our_name, server_tools, unconfirmed
from tests.toolkit.mcp.conftest import SERVER, House, gone, judged


async def test_a_tool_is_called_and_its_structured_result_comes_back(house: House) -> None:
    assert await house.call("add", a=2, b=3) == {"total": 5}


async def test_words_are_passed_on_and_pictures_only_named(house: House) -> None:
    assert await house.call("show", text="look") == {"text": "look", "left_out": ["image image/png, 6 bytes"]}


async def test_what_the_server_says_failed_is_an_error_with_its_words(house: House) -> None:
    with pytest.raises(ToolError, match=r"the server small says: .*no such street"):
        await house.call("fail", why="no such street")
    assert await house.call("add", a=1, b=1) == {"total": 2}


async def test_the_key_of_the_call_is_sent_along(house: House) -> None:
    assert await house.call("key", call_key="k-77") == {"text": "k-77"}


async def test_a_server_may_not_ask_us(house: House) -> None:
    with pytest.raises((ToolError, ProviderError), match=r"(?i)elicit"):
        await house.call("ask_model")


async def test_no_answer_in_time_is_an_unknown_outcome_and_the_server_stays(house: House) -> None:
    house.settings = house.settings.model_copy(
        update={"tools": judged(wait=McpToolSettings.model_validate({"timeout": "1s"}))}
    )
    await house.call("add", a=1, b=1)
    with pytest.raises(RequestTimeout, match="no answer within 1 s"):
        await house.call("wait", seconds=30)
    pid = house.pid
    assert await house.call("add", a=1, b=2) == {"total": 3}
    assert house.pid == pid


async def test_a_server_that_dies_in_the_middle_of_a_call_leaves_its_outcome_unknown(house: House) -> None:
    with pytest.raises(ProviderError, match=r"is gone.*out of cheese.*not known") as caught:
        await house.call("crash", what="deal")
    assert not caught.value.retryable
    assert house.calls == ["crash deal"]


async def test_a_server_that_died_is_started_again_for_the_next_call(house: House) -> None:
    assert await house.call("add", a=1, b=2) == {"total": 3}
    first = house.pid
    os.kill(first, signal.SIGKILL)
    assert gone(first)
    with suppress(ProviderError):  # sent into a pipe whose end was not noticed yet
        await house.call("add", a=0, b=0)
    assert await house.call("add", a=3, b=4) == {"total": 7}
    assert house.pid != first
    assert [call for call in house.calls if call != "add 0 0"] == ["add 1 2", "add 3 4"]


async def test_a_server_that_does_not_start_is_a_retryable_failure_and_is_not_tried_at_once(house: House) -> None:
    house.write("mode", "broken")
    with pytest.raises(ProviderError, match="no licence found") as caught:
        await house.call("add", a=1, b=2)
    assert caught.value.retryable
    for _ in range(3):  # each failure doubles the pause
        with pytest.raises(ProviderError, match="no licence found"):
            await house.call("add", a=1, b=2)
    with pytest.raises(ProviderError, match=r"is tried again in 2 s|not there in time"):
        await house.call("add", a=1, b=2)
    assert house.calls == []


async def test_a_changed_tool_is_not_called_until_a_person_confirms_it(house: House) -> None:
    house.write("mode", "changed")
    for _ in range(2):
        with pytest.raises(ToolError, match=r"another description.*company plugins confirm small"):
            await house.call("add", a=1, b=2)
    assert house.calls == []
    change = {"server": "small", "tool": "small_add", "change": "it has another description"}
    assert house.told == [("tool.changed", change)]
    assert "say" in (await house.call("say", text="say"))["result"]
    house.confirm()
    house.open()
    assert await house.call("add", a=1, b=2) == {"total": 3}


async def test_a_tool_that_changes_while_the_server_runs_is_noticed(house: House) -> None:
    await house.call("rewrite")
    deadline = time.monotonic() + 4
    while not house.told and time.monotonic() < deadline:
        with suppress(ToolError):  # its words may overtake the news
            await house.call("say", text="hello")
        await asyncio.sleep(0.02)
    assert [value["tool"] for _, value in house.told] == ["small_say"]
    with pytest.raises(ToolError, match=r"is not the tool that was confirmed.*company plugins confirm small"):
        await house.call("say", text="hello")
    assert await house.call("add", a=1, b=2) == {"total": 3}


def test_a_description_with_hidden_characters_is_refused(house: House) -> None:
    house.write("mode", "hidden")
    with pytest.raises(UsageError, match=r"U\+202E"):
        house.look()


def test_a_listed_tool_that_the_server_does_not_have_is_refused(house: House) -> None:
    house.settings = house.settings.model_copy(update={"tools": judged(ad=McpToolSettings())})
    with pytest.raises(UsageError, match="has no tool 'ad'") as caught:
        house.look()
    assert caught.value.cure == "did you mean 'add'?"


def test_a_listed_tool_that_was_not_confirmed_is_refused(house: House) -> None:
    settings = house.settings.model_copy(update={"tools": judged(other=McpToolSettings())})
    with pytest.raises(UsageError, match="'other' was not confirmed") as caught:
        server_tools({"small": settings}, house.lock)
    assert caught.value.cure == "company plugins confirm small"
    assert unconfirmed({"small": settings, "more": settings}, house.lock) == ["more"]


def test_a_tool_is_a_write_of_strangers_that_asks_unless_a_person_says_otherwise(house: House) -> None:
    house.settings = house.settings.model_copy(
        update={"tools": {"say": McpToolSettings(), "add": McpToolSettings.model_validate({"effect": "read"})}}
    )
    house.confirm()
    say, add = sorted(server_tools({"small": house.settings}, house.lock), key=lambda tool: tool.name, reverse=True)
    assert (say.name, say.effect, say.trust, say.asks, say.kind) == ("small_say", "write", "untrusted", True, "mcp")
    assert (add.effect, add.trust, add.asks, add.source) == ("read", "untrusted", False, "mcp small")


async def test_a_flood_is_contained_and_the_company_goes_on(house: House) -> None:
    with pytest.raises(ProviderError, match="more than 1,000,000 bytes"):
        await house.call("flood", megabytes=3)
    assert await house.call("add", a=1, b=2) == {"total": 3}


async def test_the_servers_environment_holds_nothing_of_ours_but_what_was_given(house: House) -> None:
    house.secrets["mcp:small:key"] = "s3cret"
    house.settings = house.settings.model_copy(update={"environment": {"API_KEY": "mcp:small:key"}})
    lines = dict(line.split("=", 1) for line in (await house.call("surroundings"))["text"].splitlines())
    lines.pop("LC_CTYPE", None)  # Python itself sets it
    assert lines["API_KEY"] == "s3cret"
    assert lines["HOME"] == str(house.folder / "state/mcp/small")
    assert set(lines) <= {"API_KEY", "HOME", "PATH", "LANG", "TZ"}
    assert Path(lines["HOME"]).stat().st_mode & 0o077 == 0


async def test_a_secret_that_is_not_set_is_named_with_its_cure(house: House) -> None:
    house.settings = house.settings.model_copy(update={"environment": {"API_KEY": "mcp:small:key"}})
    with pytest.raises(ToolError, match="company key set mcp:small:key"):
        await house.call("add", a=1, b=2)


def test_one_connection_serves_several_event_loops_one_after_another(house: House) -> None:
    pids = set()
    for number in range(2):
        assert asyncio.run(house.call("add", a=number, b=0)) == {"total": number}
        pids.add(house.pid)
    assert len(pids) == 1


async def test_calls_at_the_same_time_share_one_server(house: House) -> None:
    answers = await asyncio.gather(*(house.call("add", call_key=f"k{n}", a=n, b=0) for n in range(8)))
    assert [answer["total"] for answer in answers] == list(range(8))


@pytest.mark.parametrize("mode", ["", "offspring", "deaf"])
async def test_nothing_of_a_server_outlives_its_company(house: House, mode: str) -> None:
    house.write("mode", mode)
    await house.call("add", a=1, b=2)
    pids = [house.pid, *([int((house.folder / "child").read_text())] if mode == "offspring" else [])]
    began = time.monotonic()
    house.close()
    assert time.monotonic() - began < 5
    assert all(gone(pid) for pid in pids)


KILLED = """
import asyncio, sys
from pathlib import Path
from company.config import McpSettings
from tests.toolkit.mcp.conftest import House, judged
folder = Path(sys.argv[1])
house = House(folder, McpSettings(command=(sys.executable, sys.argv[2], str(folder)), tools=judged()))
asyncio.run(house.call("add", a=1, b=2))
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_server_and_what_it_started_end_when_the_company_is_killed(tmp_path: Path) -> None:
    (tmp_path / "mode").write_text("offspring")
    company = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert company.stdout is not None
    assert company.stdout.readline() == b"ready\n"
    pids = [int((tmp_path / name).read_text()) for name in ("pid", "child")]
    assert not any(gone(pid, within=0.1) for pid in pids)
    company.kill()
    company.communicate()
    assert all(gone(pid) for pid in pids)


def test_a_program_that_is_not_there_is_said_with_its_setting(house: House) -> None:
    house.settings = McpSettings(command=("no-such-server",), tools=judged())
    with pytest.raises(UsageError, match="there is no program 'no-such-server'") as caught:
        house.look()
    assert "mcp.small" in caught.value.where


def test_a_server_that_is_none_is_said_with_its_last_words(house: House) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('I am no server')")
    house.settings = McpSettings(command=command, tools=judged())
    with pytest.raises(UsageError, match="I am no server"):
        house.look()


def test_names_of_tools_become_identifiers() -> None:
    assert our_name("my-notes", "notes/list.all") == "my_notes_notes_list_all"
