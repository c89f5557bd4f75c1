"""An order that fills between two runs becomes a trade that people are told of once, whichever process finds it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.cli.lines import Lines
from company.trading import Desk
from tests.engine.conftest import CEO, SETTINGS

Opened = Callable[..., Any]

TOLD = {"trade.filled", "desk.reconciled"}


@pytest.fixture
def quiet(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    """A company that does nothing."""
    return write_company({"company.toml": SETTINGS, "roles/ceo.md": CEO})


async def rest(engine: Any) -> None:
    """Let an order wait in a book, just below the market."""
    desk: Desk = engine.company.services[Desk]
    price = (await desk.ticker("SOL")).best_bid * Decimal("0.9995")
    wish = {"type": "limit", "price": price, "venue": "paper-c"}
    await desk.place("SOL", "buy", 5, key="k1", reason="dip", role="trading", **wish)


async def test_a_fill_between_two_runs_is_told_by_the_next_one_and_only_by_it(
    opened: Opened, quiet: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with opened(home, quiet) as engine:
        await engine.advance(engine.start("cycle").id)
        await rest(engine)
    for _ in range(24):
        with opened(home, quiet) as engine:
            await engine.advance(engine.start("cycle").id)
            told = engine.company.store.journal.read(types=TOLD)
        if told:
            break
    with opened(home, quiet) as engine:
        await engine.advance(engine.start("cycle").id)
        [fill] = engine.company.store.journal.read(types=TOLD)

    assert (fill.type, fill.agent, fill.run_id) == ("trade.filled", "desk", "")
    assert (fill.body["value"]["clientOrderId"], fill.body["value"]["more"]) == ("k1", "5")


async def test_an_order_that_is_not_ours_is_named_in_the_journal_in_words_for_people(
    opened: Opened, quiet: Path, tmp_path: Path
) -> None:
    with opened(tmp_path / "home", quiet) as engine:
        venue = engine.company.world.venues["paper-b"]
        order = await venue.create_order("SOL/USDT", "limit", "buy", 1, 50, {})
        await engine.advance(engine.start("cycle").id)
        [event] = engine.company.store.journal.read(types=TOLD)

    said: list[str] = []
    Lines(out=said.append).show(event)
    assert f"order {order['id']} on paper-b is not ours" in "".join(said)
