"""What models of packages cost: what they say, and the worst case where nobody can say."""

from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from company.config import BudgetSettings, Settings
from company.governor import Thinking, Tripped
from company.llm import Capabilities, Models, Prices, Usage, conversation
from company.llm.compaction import estimate_tokens
from company.llm.faults import Fault
from company.llm.providers import Providers
from tests.llm import plugged_models

D = Decimal
KEY = "cracker-0123456789"
KINDS = {"kind-x": EntryPoint("kind-x", "tests.llm.plugged_models:raising", "company.providers")}
GOOD = {"kind-x": EntryPoint("kind-x", "tests.llm.plugged_models:good", "company.providers")}
PRICES = Prices(D(10), D(30), cache_written=D(20))
PROMPT = [conversation.human("How are we doing, all in all?")]
READ = estimate_tokens(PROMPT)
WORST = (D(20) * READ + D(30) * 4_096) / 1_000_000
"""The prompt at its dearest, and the longest answer."""


@pytest.fixture
def think(house: Any) -> Any:
    """Ask a model of a package once."""

    async def asked(kinds: Any = KINDS, **fields: Any) -> Any:
        data = {"providers": {"acme": {"kind": "kind-x", "attempts": 2, **fields}}}
        settings = Settings.model_validate(data)
        able = Capabilities(100_000, 8_000, prices=PRICES)
        mind = Providers(settings.providers, lambda _: KEY, kinds).mind("acme:m", capabilities=able, options={})
        thinking = Thinking(
            store=house.store,
            allowance=house.allowance(),
            clock=house.clock,
            gates=Models(settings=settings, roles={}, kinds=kinds).gate,
            redact=lambda text: text.replace(KEY, "[secret]"),
        )
        return await thinking.think(house.scope(), [mind], PROMPT, message_id="m1")

    return asked


async def test_a_model_of_a_package_costs_what_it_counts(house: Any, think: Any) -> None:
    thought = await think(GOOD)

    (cost,) = house.bodies("cost")
    assert (thought.text, thought.model) == ("We are well.", "acme:m")
    assert (cost["provider"], cost["outcome"]) == ("acme", "ok")
    assert house.used().usd == D(cost["usd"]) == PRICES.cost(Usage(40, 7))


async def test_an_error_that_nobody_understands_costs_the_worst_case_and_is_not_repeated(
    house: Any, think: Any
) -> None:
    plugged_models.RAISED.append(RuntimeError(f"{KEY} is gone"))

    with pytest.raises(Fault, match="RuntimeError: ") as caught:
        await think()

    (cost,) = house.bodies("cost")
    assert KEY not in str(caught.value) + str(house.bodies())
    assert (cost["outcome"], cost["inputTokens"], cost["outputTokens"]) == ("unexplained", READ, 4_096)
    assert house.used().usd == D(cost["usd"]) == WORST
    assert house.store.budgets.release_run(house.run.id) == 0
    assert house.bodies("message.withdrawn")


async def test_a_worst_case_that_was_spent_leaves_no_room_for_the_next_call(house: Any, think: Any) -> None:
    house.budget = BudgetSettings(run_usd=WORST + D("0.01"))
    plugged_models.RAISED.append(RuntimeError("gone"))
    with pytest.raises(Fault):
        await think()

    with pytest.raises(Tripped):
        await think(GOOD)


async def test_a_provider_that_refused_costs_what_was_heard(house: Any, think: Any) -> None:
    plugged_models.RAISED.append(ConnectionRefusedError("no"))

    with pytest.raises(Fault, match="cannot be reached"):
        await think(attempts=1)

    (cost,) = house.bodies("cost")
    assert house.used().usd == D(cost["usd"]) == PRICES.cost(Usage(READ, 2))
