"""The desk alone, for commands that look at it: it opens without roles, tools and models, and is closed afterwards."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from company.cli.opening import calm_numpy, locate, opened_store

if TYPE_CHECKING:
    from company.trading import Desk

NO_WORLD = "this home has no world yet, so there is no desk to look at: it opens with the first run"
Answer = TypeVar("Answer")


def ask(directory: Path | None, home: Path | None, question: Callable[["Desk"], Awaitable[Answer]]) -> Answer | None:
    """Open the desk of a home, ask it, and close its venues.

    Args:
        directory: Company directory, None for the usual one.
        home: State directory, None for the usual one.
        question: What is asked; whoever asks writes nothing.

    Returns:
        The answer; None when the home has no world yet.
    """
    calm_numpy()
    from company.home import open_desk

    found, state = locate(directory, home)
    with opened_store(directory, home) as store:
        desk = open_desk(found, store, state, os.environ)
        return None if desk is None else asyncio.run(_asked(desk, question))


async def _asked(desk: "Desk", question: Callable[["Desk"], Awaitable[Answer]]) -> Answer:
    try:
        return await question(desk)
    finally:
        for venue in desk.markets.venues.values():
            await venue.close()
