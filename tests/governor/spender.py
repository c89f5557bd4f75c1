"""A newsroom that thinks all at once with a priced model, in a test or as a process of its own.

    spender.py HOME RUN SEED

As a process it says `ready`, waits for a line, lets its children think, and prints how many of them were answered.
"""

import asyncio
import random
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from company.config import BudgetSettings
from company.errors import ProviderError
from company.governor import Allowance, Scope, Thinking, Thought, Tripped
from company.llm import Capabilities, Gate, Mind, Prices, conversation
from company.llm.compaction import estimate_tokens
from company.roles import Role
from company.store import Run, Store
from company.world import VirtualClock

CAP = Decimal("1.00")
CHILDREN = 50
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANSWER_TOKENS = 2_000
PRICES = Prices(Decimal("10.37"), Decimal("30.01"))
"""Six cents a call at worst: sixteen fit under the cap at the same time, and fifty cost more than it on average."""
TALK = [conversation.human("How are we doing, all in all?")]
ROLES = tuple(
    Role(
        id=f"writer_{number}",
        department="newsroom",
        title="Writer",
        reports_to="ceo",
        summary="Writes.",
        persona="You write.",
        source="test",
    )
    for number in range(5)
)

Ending = Thought | BaseException


class Writer:
    """A model in this process whose answers are of any length it was allowed, and which breaks off now and then.

    Args:
        chance: Source of all its doings.
        look: Called at every step it takes.
    """

    id, provider = "scripted-1", ""
    capabilities = Capabilities(100_000, 8_000, prices=PRICES)

    def __init__(self, chance: random.Random, look: Callable[[], None]) -> None:
        self._chance, self._look = chance, look

    async def stream(
        self, messages: Sequence[BaseMessage], *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> AsyncGenerator[AIMessageChunk, None]:
        self._look()
        for _ in range(self._chance.randint(0, 4)):
            await asyncio.sleep(0)
            yield AIMessageChunk(content="word " * self._chance.randint(1, 9))
        if self._chance.random() < 0.1:
            raise ProviderError("connection lost")
        read, written = self._chance.randint(1, estimate_tokens(TALK)), self._chance.randint(0, max_output)
        counted = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
        yield AIMessageChunk(content="", usage_metadata=counted)


def start_run(store: Store) -> Run:
    return store.runs.create(
        kind="cycle", thread_id="T1", request="", person="", number=1, as_of=START, seed=7, identity="i"
    )


async def spend(store: Store, run: Run, budget: BudgetSettings, *, seed: int, look: Callable[[], None]) -> list[Ending]:
    """Let all children think, beginning at random moments; some are hung up on. Return what became of each.

    Args:
        store: What they share.
        run: The run they belong to.
        budget: What they may spend.
        seed: Of everything that is random.
        look: Called after every step that any of them takes.
    """
    chance = random.Random(seed)
    thinking = Thinking(
        store=store,
        allowance=Allowance(budgets=store.budgets, limits=budget),
        clock=VirtualClock(START),
        gates=_no_gate,
        answer_tokens=ANSWER_TOKENS,
    )

    async def think(number: int) -> Thought:
        for _ in range(chance.randint(0, 60)):
            await asyncio.sleep(0)
        role, writer = ROLES[number % len(ROLES)], Writer(chance, look)
        mind: Mind = writer
        scope = Scope(run, role, f"ceo/{role.id}~{number}")
        try:
            return await thinking.think(scope, [mind], TALK, message_id=f"{seed}.{number}", debug=True)
        finally:
            look()

    async def hang_up(children: Sequence[asyncio.Task[Thought]]) -> None:
        for _ in range(70):
            await asyncio.sleep(0)
            if chance.random() < 0.05:
                chance.choice(children).cancel()

    children = [asyncio.create_task(think(number)) for number in range(CHILDREN)]
    *endings, _ = await asyncio.gather(*children, hang_up(children), return_exceptions=True)
    return endings


def _no_gate(provider: str) -> Gate:
    raise AssertionError(f"a model of this process has no provider, yet {provider!r} was asked for")


def main(home: Path, run_id: str, seed: int) -> None:
    store = Store.open(home / "state.db", now=lambda: START)

    def look() -> None:
        assert store.budgets.used_by_run(run_id).usd <= CAP

    print("ready", flush=True)
    sys.stdin.readline()
    endings = asyncio.run(spend(store, store.runs.get(run_id), BudgetSettings(run_usd=CAP), seed=seed, look=look))
    store.close()
    for ending in endings:
        if not isinstance(ending, Thought | Tripped | ProviderError | asyncio.CancelledError):
            raise ending
    print(sum(isinstance(ending, Thought) for ending in endings))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
