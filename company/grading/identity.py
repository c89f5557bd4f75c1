"""What was graded: one short fingerprint for each part of a company that decides how its cases go.

A report and the baseline hold it, so that a person sees beside a changed figure what else had changed. A part that
differs is told and fails nothing: to change the company is what one does between two gradings.

The parts are those of `Company.identity`, which is their hash. The models stand apart from the other settings and in
words, because `--model` changes them for one grading. `world` is taken from what the paper world of one fixed seed
shows, so it names the version of the world, whatever the seeds of the cases are.
"""

import hashlib
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from company.config import ModelSettings, Settings
from company.events import Json
from company.home import Content, fingerprint, identity_parts
from company.llm import AUTOPILOT, Models
from company.world import START, MemoryBooks, PaperNews, PaperTraffic, PaperWorld, VirtualClock

PARTS = ("version", "models", "prompts", "roles", "tools", "settings", "world")
"""What two gradings are compared by; the commit is not among them, it changes with every change."""

_DIGITS = 16
_SEED = 0
_HOUR = timedelta(hours=1)
_CHAINS = {name: ModelSettings.model_fields[name].get_default() for name in ("fast", "smart", "deep", "roles")}


async def identify(content: Content, settings: Settings, root: Path) -> Json:
    """Return what is graded, as JSON data.

    Args:
        content: Roles, tools and prompts of the company.
        settings: Its settings, with the models it is graded on.
        root: Its directory.

    Returns:
        `models` by tier and, where a role has its own, by `roles.ID`; the release of this package as `version`; the
        first 16 hex digits of a SHA-256 for `prompts`, `roles`, `tools`, `settings` and `world`; the git `commit` that
        the directory is at, empty outside of a repository.
    """
    models = settings.models.model_copy(update=_CHAINS)
    parts = identity_parts(content, settings.model_copy(update={"models": models}))
    version = parts.pop("version")
    chains = Models(settings=settings, roles=content.roles).chains()
    return {
        "version": version,
        "models": {name: list(chain) for name, chain in sorted(chains.items())},
        **{name: fingerprint(part)[:_DIGITS] for name, part in sorted(parts.items())},
        "world": await world_version(),
        "commit": _commit(root),
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return which parts of what was graded differ, in words; nothing when none does."""
    changed = [name for name in PARTS if before.get(name) != after.get(name)]
    return [_told(name, before.get(name), after.get(name)) for name in changed]


def is_deterministic(identity: Mapping[str, Any]) -> bool:
    """Tell whether chance plays no part: every role follows its playbook."""
    return all(chain == [AUTOPILOT] for chain in identity["models"].values())


async def world_version() -> str:
    """Return 16 hex digits over what the paper world of one fixed seed shows: prices, news and traffic."""
    clock, books = VirtualClock(START), MemoryBooks()
    world = PaperWorld(seed=_SEED, books=books, clock=clock)
    news = PaperNews(seed=_SEED, clock=clock, shocks=world.market.shocks)
    traffic = PaperTraffic(seed=_SEED, clock=clock, books=books)
    quotes = [await venue.fetch_ticker(symbol) for venue in world.venues.values() for symbol in world.market.symbols]
    requests = list(await traffic.lines(START - _HOUR, START))
    shown = hashlib.sha256(await news.fetch()).hexdigest()
    return fingerprint([quotes, requests, shown])[:_DIGITS]


def _told(name: str, before: Any, after: Any) -> str:
    if name == "models" and before and after:
        tiers = [tier for tier in sorted({*before, *after}) if before.get(tier) != after.get(tier)]
        return "; ".join(f"model {tier}: {_chain(before, tier)} -> {_chain(after, tier)}" for tier in tiers)
    return f"{name}: {before} -> {after}" if name == "version" else name


def _chain(models: Mapping[str, Any], tier: str) -> str:
    return ", ".join(models.get(tier, ())) or "none"


def _commit(root: Path) -> str:
    """Return the commit that a directory is at; empty outside of a repository and on a host without git."""
    try:
        asked = subprocess.run(  # noqa: S603  # no part of the command comes from outside
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
