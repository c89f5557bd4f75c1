"""What was graded, part by part: each part changes when it is changed, and no other does."""

import os
from dataclasses import replace

import pytest

from company.config import load_settings
from company.grading.identity import PARTS, differences, identify, is_deterministic, world_version
from company.home import load_content
from company.world import paper


@pytest.fixture
def identity(shop):
    """What is graded when the shop is."""

    async def _identity(model=""):
        settings = load_settings(shop.config_file)
        content = load_content(shop, settings, os.environ)
        tiers = dict.fromkeys(("fast", "smart", "deep"), (model,)) if model else {}
        models = settings.models.model_copy(update=tiers)
        return await identify(content, settings.model_copy(update={"models": models}), shop.root)

    return _identity


def changed(before, after):
    return [name for name in PARTS if before[name] != after[name]]


async def test_the_same_company_has_the_same_identity_and_no_path_is_in_it(identity, shop):
    first = await identity()
    assert await identity() == first
    assert str(shop.root.parent) not in str(first)
    assert set(first) == {*PARTS, "commit"}
    assert first["models"] == {"deep": ["autopilot"], "fast": ["autopilot"], "smart": ["autopilot"]}
    assert is_deterministic(first)


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("roles/ceo.md", "You lead.", "You lead gently.", "roles"),
        ("tools/wait.py", "Wait for ever.", "Wait.", "tools"),
        ("company.toml", "max_notional = 1000", "max_notional = 2000", "settings"),
        ("prompts/ceo.md", "", "You are {{ role.title }}.", "prompts"),
    ],
)
async def test_each_part_changes_by_itself(identity, shop, file, old, new, part):
    before = await identity()
    path = shop.root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(path.read_text("utf-8").replace(old, new) if path.exists() else new, "utf-8")
    after = await identity()
    assert changed(before, after) == [part]
    assert differences(before, after) == [part]


async def test_a_model_is_told_in_words_and_is_no_change_of_the_settings(identity):
    before, after = await identity(), await identity("openai:gpt-6-luna")
    assert changed(before, after) == ["models"]
    assert differences(before, after)[0].startswith("model deep: autopilot -> openai:gpt-6-luna; model fast:")
    assert not is_deterministic(after)


async def test_the_version_of_the_world_changes_with_what_the_world_shows(monkeypatch):
    before = await world_version()
    (name, maker, taker, quoted), *others = paper._VENUES
    wider = (name, maker, taker, replace(quoted, spread=quoted.spread * 2))
    monkeypatch.setattr(paper, "_VENUES", (wider, *others))
    assert await world_version() != before


async def test_outside_of_a_repository_there_is_no_commit(identity):
    assert (await identity())["commit"] == ""
