import shutil
from pathlib import Path

import pytest

from company import Context, ToolError
from company.defence import Block, Watch
from company.toolkit.loader import load_tools

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tools(tmp_path):
    shutil.copy(TOOLS / "security.py", tmp_path)
    return load_tools(tmp_path)


@pytest.fixture
def events():
    return []


@pytest.fixture
def context(watch, clock, events):
    return Context(
        role="security", run_id="r", person="", key="call-1", clock=clock, services={Watch: watch},
        emit=lambda name, value: events.append((name, dict(value))),
    )  # fmt: skip


async def test_scan_raises_one_event_for_each_new_alert(tools, context, traffic, ago, events):
    for number in range(15):
        traffic.add(ago(minutes=5), f"/?q=<script>alert(1)</script>{'a' * 200}", address=f"5.4.3.{number}")
    report = await tools["scan_traffic"].function(context)
    assert (report.new, len(report.alerts), report.omitted) == (15, 8, 7)
    assert [name for name, _ in events] == ["alert.raised"] * 15
    assert events[0][1]["severity"] == "medium"
    assert len(tools["scan_traffic"].result.dump_json(report)) < 4_500


async def test_scan_repeated_after_a_crash_raises_the_same_events(tools, context, traffic, ago, events):
    traffic.add(ago(minutes=5), "/?q=<script>alert(1)</script>")
    first = await tools["scan_traffic"].function(context)
    assert await tools["scan_traffic"].function(context) == first
    assert events[0] == events[1]


async def test_recent_alerts_are_limited_to_eight(tools, context, traffic, ago):
    for number in range(15):
        traffic.add(ago(minutes=5), "/?q=<script>alert(1)</script>", address=f"5.4.3.{number}")
    await tools["scan_traffic"].function(context)
    assert [alert.id for alert in await tools["recent_alerts"].function(context, 99)][:2] == ["S15", "S14"]
    assert len(await tools["recent_alerts"].function(context, 99)) == 8
    assert len(await tools["recent_alerts"].function(context, 0)) == 1


async def test_block_is_told_and_found_again(tools, context, events):
    block = await tools["block_source"].function(context, "5.4.3.2", "S1")
    assert isinstance(block, Block)
    assert events == [("source.blocked", {"address": "5.4.3.2", "reason": "S1", "at": block.at})]
    assert await tools["block_source"].lookup(context) == block


async def test_private_address_is_refused_in_words_for_the_model(tools, context, events):
    with pytest.raises(ToolError, match=r"'10\.0\.3\.7' is not a public address"):
        await tools["block_source"].function(context, "10.0.3.7", "S1")
    assert events == []


def test_words_of_strangers_are_untrusted_and_effects_are_declared(tools):
    assert {name: (tools[name].effect, tools[name].trust) for name in tools} == {
        "scan_traffic": ("read", "untrusted"),
        "recent_alerts": ("read", "untrusted"),
        "block_source": ("write", "trusted"),
    }
