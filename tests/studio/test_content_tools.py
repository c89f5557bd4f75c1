import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from company import Context
from company.studio import Studio
from company.toolkit.loader import load_tools

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tools(tmp_path):
    shutil.copy(TOOLS / "content.py", tmp_path)
    return load_tools(tmp_path)


@pytest.fixture
def events():
    return []


@pytest.fixture
def context(studio, clock, events):
    return Context(
        role="content", run_id="r", person="", key="call-1", clock=clock, services={Studio: studio},
        emit=lambda name, value: events.append((name, dict(value))),
    )  # fmt: skip


async def test_post_goes_from_draft_to_proof(tools, context, events, studio):
    note = await tools["draft_post"].function(context, "Up 2.31% this week.", "social", "our week", ["2.31"])
    assert (note.id, note.status, note.characters) == ("D1", "drafted", 19)
    assert studio.get("D1").author == "content"
    assert (await tools["review_draft"].function(context, "D1")).ok
    publish = replace(context, key="call-2")
    published = await tools["publish_post"].function(publish, "D1", 1)
    assert events == [
        (
            "post.published",
            {
                "draftId": "D1", "deliveryId": "M1", "channel": "social", "textHash": note.hash, "at": published.at,
            },
        )
    ]  # fmt: skip
    assert await tools["publish_post"].lookup(publish) == published


async def test_revised_post_is_scheduled(tools, context, events, clock):
    await tools["draft_post"].function(context, "Up 9%.", "blog", "our week", [])
    assert not (await tools["review_draft"].function(context, "D1")).ok
    note = await tools["revise_post"].function(replace(context, key="call-2"), "D1", "Up.", [])
    assert note.version == 2
    await tools["review_draft"].function(context, "D1")
    at = clock.now() + timedelta(hours=1)
    note = await tools["schedule_post"].function(replace(context, key="call-3"), "D1", at)
    assert (note.status, note.publish_at) == ("scheduled", at)
    assert events == [("post.scheduled", {"draftId": "D1", "channel": "blog", "publishAt": at})]


async def test_inbox_is_short_enough_for_a_prompt(tools, context):
    letters = await tools["inbox"].function(context, 99)
    assert len(letters) == 10
    assert len(tools["inbox"].result.dump_json(letters)) < 4_000


def test_words_of_strangers_are_untrusted_and_effects_are_declared(tools):
    assert {name: (tools[name].effect, tools[name].trust) for name in tools} == {
        "inbox": ("read", "untrusted"),
        "draft_post": ("write", "trusted"),
        "revise_post": ("write", "trusted"),
        "review_draft": ("read", "trusted"),
        "publish_post": ("irreversible", "trusted"),
        "schedule_post": ("write", "trusted"),
        "due_posts": ("read", "trusted"),
    }


def test_naive_time_is_refused_before_the_call(tools):
    arguments = tools["schedule_post"].arguments
    assert arguments(draft_id="D1", at="2026-11-20T17:00:00Z")
    with pytest.raises(ValueError, match="timezone"):
        arguments(draft_id="D1", at="2026-11-20T17:00:00")
