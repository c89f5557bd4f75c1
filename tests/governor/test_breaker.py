"""Roles that go in circles are stopped within six repetitions, roles at work never are: scripted, on the real governor.

Each script does one round of its work; the agent raises when its role is held.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from company import Context, Denial, Stakes, ToolError, tool
from company.config import ApprovalSettings, BudgetSettings, ProgressSettings
from company.errors import Held, Stopped, UsageError
from company.events import Draft, custom
from company.governor import Call, Outcome, Scope, all_holds, clear_hold
from company.governor.breaker import Breaker

D = Decimal
WIDE = BudgetSettings(run_calls=2000, role_calls=2000, run_usd=D(10), run_tokens=1_000_000, run_seconds=10_000)


class World:
    """Tools of a small world; what they return follows from how often they were called."""

    def __init__(self) -> None:
        self.number, self.done = count(1), count(1)

    def tools(self) -> list[Callable[..., Any]]:
        world = self

        @tool(effect="read")
        async def ticker(symbol: str, context: Context) -> str:
            """Price, which moves.

            Args:
                symbol: Of what.
            """
            return f"{64000 + next(world.number)}"

        @tool(effect="read")
        async def listed(symbol: str, context: Context, depth: int = 1) -> bool:
            """Whether a symbol is traded.

            Args:
                symbol: Which.
                depth: Changes nothing.
            """
            return True

        @tool(effect="read")
        async def compare(symbols: list[str], context: Context, by: str = "volume") -> str:
            """Compare.

            Args:
                symbols: What.
                by: How.
            """
            return "equal"

        @tool(effect="read")
        async def search(query: str, context: Context) -> list[str]:
            """Search; finds what has a jewel in it.

            Args:
                query: What.
            """
            return [query] if "jewel" in query else []

        @tool(effect="read")
        async def page(number: int, context: Context) -> list[int]:
            """A page.

            Args:
                number: Which.
            """
            return [number * 10, number * 10 + 1]

        @tool(effect="read")
        async def review(text: str, context: Context) -> str:
            """Review a text.

            Args:
                text: Which.
            """
            return "could be clearer"

        @tool(effect="read")
        async def flaky(item: str, context: Context) -> str:
            """Works the third time.

            Args:
                item: Which.
            """
            if next(world.number) % 3:
                raise ToolError("busy, try again")
            return f"{item} done"

        @tool(effect="read")
        async def down(item: str, context: Context) -> str:
            """Never works.

            Args:
                item: Which.
            """
            raise ToolError(f"request {next(world.number)} was refused")

        @tool(effect="read")
        async def status(order_id: str, context: Context) -> str:
            """Whether an order is filled; every fifth time it is.

            Args:
                order_id: Which.
            """
            return f"{order_id} open" if next(world.number) % 5 else f"{order_id} filled"

        @tool(effect="write")
        async def place(symbol: str, quantity: int, context: Context) -> str:
            """Place an order.

            Args:
                symbol: What.
                quantity: How much.
            """
            return f"order {next(world.done)}"

        @tool(effect="write")
        async def cancel(order_id: str, context: Context) -> str:
            """Cancel an order.

            Args:
                order_id: Which.
            """
            return f"cancelled {order_id}"

        @tool(effect="write")
        async def draft(text: str, context: Context) -> str:
            """Draft a text.

            Args:
                text: Which.
            """
            return f"d{next(world.done)}"

        @tool(effect="write")
        async def remember(text: str, context: Context) -> str:
            """Remember.

            Args:
                text: What.
            """
            return f"m{next(world.done)}"

        @tool(effect="write")
        async def block(address: str, context: Context, lift: bool = False) -> str:
            """Block an address, or lift it.

            Args:
                address: Which.
                lift: The other way.
            """
            return f"at {next(world.done)}"

        async def limited(text: str, context: Context) -> Stakes:
            return Stakes(denials=(Denial("risk.gross", f"{text} is too much"),) if "big" in text else ())

        @tool(effect="write", assess=limited)
        async def buy(text: str, context: Context) -> str:
            """Buy.

            Args:
                text: What.
            """
            return f"bought {text}"

        @tool(effect="irreversible")
        async def publish(text: str, context: Context) -> str:
            """Publish.

            Args:
                text: What.
            """
            return "published"

        return [
            ticker, listed, compare, search, page, review, flaky, down, status,
            place, cancel, draft, remember, block, buy, publish,
        ]  # fmt: skip


class Agent:
    """A role at work, which gives each call an id of its own.

    Attributes:
        turn: Which answer of its model the calls come from; None for one each.
    """

    def __init__(self, house: Any, role: str = "trading", *, path: str = "", progress: ProgressSettings | None = None):
        functions = World().tools()
        self.house, self.allowance = house, house.allowance()
        self.governor = house.governor(*functions, allowance=self.allowance)
        self.role_scope = house.scope(*(function.__name__ for function in functions), role=role, path=path)
        self.breaker = Breaker(store=house.store, allowance=self.allowance, settings=progress or ProgressSettings())
        self.ids, self.turn = count(1), None

    @property
    def scope(self) -> Scope:
        return replace(self.role_scope, turn=self.turn)

    async def call(self, name: str, *, id: str = "", **arguments: Any) -> Outcome:
        """Let the model propose a call, for which it has to be asked, and perform it."""
        self.breaker.admit(self.scope)
        return await self.perform(name, id=id, **arguments)

    async def perform(self, name: str, *, id: str = "", **arguments: Any) -> Outcome:
        return await self.governor.perform(self.scope, Call(id or f"c{next(self.ids)}", name, arguments))

    def delegate(self, round_number: int, role: str, task: str, summary: str, **fields: Any) -> None:
        chief = replace(self.role_scope, path="ceo")
        self.breaker.admit(chief)
        report = {"role": role, "task": task, "summary": summary, "status": "ok", "figures": {}, "receipts": []}
        path = f"ceo/{role}~{next(self.ids)}"
        self.governor.note_report(chief, {**report, "path": path, **fields}, round_number)

    def spend(self, usd: str, tokens: int = 0) -> None:
        charge = self.allowance.reserve_model(self.role_scope.run.id, self.role_scope.role, tokens=tokens, usd=D(usd))
        self.allowance.settle(charge, elapsed=0.0, tokens=tokens, usd=D(usd))


Work = Callable[[Agent, int], Awaitable[None]]


@pytest.fixture
def agent(house) -> Agent:
    house.budget, house.approvals = WIDE, ApprovalSettings(expires=timedelta(hours=1), per_hour=1000)
    return Agent(house)


async def rounds(agent: Agent, work: Work, most: int) -> int:
    """Return how many rounds were done before the role was held."""
    for number in range(most):
        try:
            await work(agent, number)
        except Held:
            return number
    return most


async def same_call(agent, number):
    await agent.call("listed", symbol="BTC")


async def keys_shuffled(agent, number):
    arguments = {"symbols": ["BTC", "ETH"], "by": "price"}
    await agent.call("compare", **dict(sorted(arguments.items(), reverse=number % 2 == 0)))


async def lists_shuffled(agent, number):
    symbols = ["BTC", "ETH", "SOL", "XRP"]
    await agent.call("compare", symbols=symbols[number % 4 :] + symbols[: number % 4])


async def case_and_spaces(agent, number):
    await agent.call("search", query=["Fed Rates", " fed  rates", "FED RATES", "fed\nrates "][number % 4])


async def counter_in_free_text(agent, number):
    await agent.call("search", query=[f"btc news attempt {number}", f"Attempt #{number}: BTC news"][number % 2])


async def argument_that_changes_nothing(agent, number):
    await agent.call("listed", symbol="BTC", depth=number)


async def two_in_turn(agent, number):
    await agent.call("listed", symbol="BTC")
    await agent.call("compare", symbols=["BTC"])


async def three_in_turn(agent, number):
    await two_in_turn(agent, number)
    await agent.call("search", query="nothing")


async def retry_storm(agent, number):
    await agent.call("down", item=f"item-{number}")


async def denied_again(agent, number):
    await agent.call("buy", text="big house")


async def asked_again(agent, number):
    await agent.call("publish", text="our news")


async def tools_that_there_are_not(agent, number):
    await agent.call(f"do_{'abcdefghijklmnopqrstuvwxyz'[number % 26]}", x=str(number))


async def place_and_cancel(agent, number):
    placed = await agent.call("place", symbol="BTC", quantity=1)
    await agent.call("cancel", order_id=str(placed.value).removeprefix("order "))


async def place_and_cancel_while_prices_move(agent, number):
    await agent.call("ticker", symbol="BTC")
    await place_and_cancel(agent, number)


async def draft_review_revise(agent, number):
    await agent.call("draft", text="Our week in words")
    await agent.call("review", text="Our week in words")
    await agent.call("draft", text="our WEEK, in words")


async def remember_the_same(agent, number):
    await agent.call("remember", text="the market was calm")


async def recall_the_same(agent, number):
    await agent.call("search", query=["the last cycle", "last, the cycle"][number % 2])


async def review_of_itself(agent, number):
    words = ["my", "plan", "is", "good"]
    await agent.call("review", text=" ".join(words[number % 4 :] + words[: number % 4]))


async def block_and_lift(agent, number):
    await agent.call("block", address="10.0.0.7")
    await agent.call("block", address="10.0.0.7", lift=True)


async def invalid_again(agent, number):
    await agent.call("listed", sybmol=f"BTC{number}")


async def work_given_to_one_role(agent, number):
    agent.delegate(number, "research", f"Look again, attempt {number}", "nothing new")


async def work_given_to_two_roles_in_turn(agent, number):
    agent.delegate(2 * number, "research", "Ask trading what it needs.", "trading has to say first")
    agent.delegate(2 * number + 1, "trading", "Ask research what it knows.", "research has to say first")


async def money_for_nothing(agent, number):
    """Slowly enough for the rule of repetitions: it asks something else each time."""
    agent.spend("1.10")
    await agent.call("search", query="nothing " + "abcdefghij"[number] * 3)


async def tokens_for_nothing(agent, number):
    agent.spend("0", tokens=110_000)
    await agent.call("search", query="nothing " + "abcdefghij"[number] * 3)


CIRCLES = [
    (same_call, "progress.repeated"),
    (keys_shuffled, "progress.repeated"),
    (lists_shuffled, "progress.repeated"),
    (case_and_spaces, "progress.repeated"),
    (counter_in_free_text, "progress.repeated"),
    (argument_that_changes_nothing, "progress.repeated"),
    (two_in_turn, "progress.repeated"),
    (three_in_turn, "progress.repeated"),
    (retry_storm, "progress.failing"),
    (denied_again, "progress.failing"),
    (asked_again, "progress.repeated"),
    (tools_that_there_are_not, "progress.failing"),
    (place_and_cancel, "progress.repeated"),
    (place_and_cancel_while_prices_move, "progress.repeated"),
    (draft_review_revise, "progress.repeated"),
    (remember_the_same, "progress.repeated"),
    (recall_the_same, "progress.repeated"),
    (review_of_itself, "progress.repeated"),
    (block_and_lift, "progress.repeated"),
    (invalid_again, "progress.failing"),
    (work_given_to_one_role, "progress.delegation"),
    (work_given_to_two_roles_in_turn, "progress.delegation"),
    (money_for_nothing, "progress.velocity"),
    (tokens_for_nothing, "progress.velocity"),
]


@pytest.mark.parametrize(("work", "rule"), CIRCLES, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_role_that_goes_in_circles_is_held_within_six_repetitions(agent, work, rule):
    done = await rounds(agent, work, 10)

    assert 3 <= done <= 6
    assert [(hold.role, hold.rule) for hold in all_holds(agent.house.store)] == [("trading", rule)]
    [told] = agent.house.bodies("breaker.tripped")
    assert (told["role"], told["rule"]) == ("trading", rule)


async def a_moving_price(agent, number):
    await agent.call("ticker", symbol="BTC")


async def paging(agent, number):
    await agent.call("page", number=number)


async def one_price_each(agent, number):
    await agent.call("ticker", symbol=f"COIN-{number}")


async def the_same_fact_of_many_symbols(agent, number):
    await agent.call("listed", symbol=f"COIN-{number}")


async def searches_that_find_nothing(agent, number):
    await agent.call("search", query=f"{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{number} flows")


async def searches_that_mostly_find_nothing(agent, number):
    await agent.call("search", query=f"word-{number} news" + " jewel" * (number % 9 == 8))


async def two_tries_then_done(agent, number):
    await agent.call("flaky", item=f"item-{number // 3}")


async def a_look_and_an_act_for_each(agent, number):
    await agent.call("listed", symbol=f"COIN-{number}")
    await agent.call("place", symbol=f"COIN-{number}", quantity=1)


async def the_same_check_before_each(agent, number):
    await agent.call("compare", symbols=["limits"])
    await agent.call("place", symbol=f"COIN-{number}", quantity=1)


async def many_drafts(agent, number):
    await agent.call("draft", text=f"Post number {number} of our series")


async def drafts_with_reviews(agent, number):
    text = f"Chapter {number} tells of the sea"
    await agent.call("draft", text=text)
    await agent.call("review", text=text)


async def long_research(agent, number):
    await agent.call("search", query=f"topic-{number} outlook")
    await agent.call("page", number=number)
    if number % 7 == 0:
        await agent.call("remember", text=f"topic {number} looks well")


async def a_batch_of_blocks(agent, number):
    await agent.call("block", address=f"10.0.{number // 250}.{number % 250}")


async def a_few_denials(agent, number):
    await agent.call("buy", text=f"big {number}" if number % 4 in {1, 2} else f"small {number}")


async def facts_with_numbers(agent, number):
    await agent.call("remember", text=f"Closing price of day {number}: {64_000 + number}")


async def orders_of_other_sizes(agent, number):
    await agent.call("place", symbol="BTC", quantity=number + 1)


async def many_posts_that_wait(agent, number):
    await agent.call("publish", text=f"Post number {number}")


async def until_it_is_filled(agent, number):
    await agent.call("status", order_id=f"o{number // 5}")


async def one_answer_with_many_calls(agent, number):
    """Ten calls in each answer; in the first three all of them fail in the same way."""
    agent.turn = number // 10
    await (agent.call("down", item=f"item-{number}") if agent.turn < 3 else agent.call("page", number=number))


async def two_looks_at_each(agent, number):
    await agent.call("listed", symbol=f"COIN-{number // 2}")


async def work_for_many_roles(agent, number):
    agent.delegate(number, "research", f"Look at COIN-{number}.", f"COIN-{number} is calm")


async def the_same_work_with_new_figures(agent, number):
    agent.delegate(number, "research", "Look at the market.", "calm", figures={"price": str(64_000 + number)})


async def the_same_work_with_new_receipts(agent, number):
    agent.delegate(number, "content", "Publish the next post.", "one published", receipts=[f"publish {number:08x}"])


async def money_for_something(agent, number):
    agent.spend("0.10", tokens=10_000)
    await agent.call("ticker", symbol="BTC")
    await agent.call("listed", symbol="BTC")


HEALTHY = [
    a_moving_price,
    paging,
    one_price_each,
    the_same_fact_of_many_symbols,
    searches_that_find_nothing,
    searches_that_mostly_find_nothing,
    two_tries_then_done,
    a_look_and_an_act_for_each,
    the_same_check_before_each,
    many_drafts,
    drafts_with_reviews,
    long_research,
    a_batch_of_blocks,
    a_few_denials,
    facts_with_numbers,
    orders_of_other_sizes,
    many_posts_that_wait,
    until_it_is_filled,
    one_answer_with_many_calls,
    two_looks_at_each,
    work_for_many_roles,
    the_same_work_with_new_figures,
    the_same_work_with_new_receipts,
    money_for_something,
]


@pytest.mark.parametrize("work", HEALTHY, ids=lambda work: work.__name__)
async def test_a_role_at_work_is_never_held(agent, work):
    done = await rounds(agent, work, 66)

    assert done == 66
    assert all_holds(agent.house.store) == []
    assert agent.house.bodies("breaker.tripped") == []


async def held(agent: Agent) -> Agent:
    """Let an agent go in circles until it is held."""
    assert await rounds(agent, same_call, 10) == 6
    return agent


def reopened(house: Any) -> Any:
    """The same company in another process, with a run of its own."""
    other = type(house)(house.directory)
    other.budget = house.budget
    return other


def steps_of(agent: Agent) -> list[str]:
    with agent.house.store.transaction():
        return [step.action for step in agent.house.store.steps.recent(agent.scope.run.id, agent.scope.path)]


async def test_calls_of_a_role_that_is_held_are_denied_and_nothing_happens(agent):
    await held(agent)

    outcome = await agent.perform("place", symbol="BTC", quantity=1)

    assert (outcome.status, outcome.rule) == ("denied", "progress.tripped")
    assert "listed was asked the same 5 times" in outcome.error
    assert agent.house.store.effects.counts() == {}


async def test_the_model_of_a_role_that_is_held_is_not_asked_and_the_person_is_told_what_to_do(agent):
    await held(agent)

    with pytest.raises(Held, match=r"progress\.repeated.*\n.*company breaker clear trading --reason"):
        agent.breaker.admit(agent.scope)


async def test_other_roles_go_on_while_one_is_held(agent):
    await held(agent)
    other = Agent(agent.house, "research")

    other.breaker.admit(other.scope)
    assert (await other.perform("listed", symbol="BTC")).status == "ok"


async def test_a_trip_stays_after_a_restart_until_a_person_clears_it_then_work_goes_on(agent):
    await held(agent)
    agent.house.store.close()
    agent.house.store = (house := reopened(agent.house)).store
    agent = Agent(house)

    with pytest.raises(Held):
        agent.breaker.admit(agent.scope)
    assert (await agent.perform("listed", symbol="BTC")).rule == "progress.tripped"

    clear_hold(house.store, "trading", by="ann", reason="looked into it")

    assert all_holds(house.store) == []
    assert house.bodies("breaker.cleared") == [{"role": "trading", "by": "ann", "reason": "looked into it"}]
    agent.breaker.admit(agent.scope)
    assert (await agent.perform("listed", symbol="BTC")).status == "ok"


async def test_steps_before_the_clearing_do_not_count_any_more(agent):
    await held(agent)
    clear_hold(agent.house.store, "trading", by="ann", reason="once more")

    assert await rounds(agent, same_call, 10) == 6
    assert [hold.role for hold in all_holds(agent.house.store)] == ["trading"]


async def test_steps_that_another_process_wrote_count(agent):
    other = Agent(reopened(agent.house))
    other.role_scope = agent.role_scope
    other.ids = count(1000)

    for number in range(3):
        await same_call(agent, number)
        await same_call(other, number)

    assert steps_of(agent) == steps_of(other) == ["listed"] * 6
    with pytest.raises(Held):
        agent.breaker.admit(agent.scope)


async def test_a_call_that_a_crash_repeats_is_one_step(agent):
    for _ in range(20):
        await agent.call("listed", symbol="BTC", id="c1")

    assert steps_of(agent) == ["listed"]


async def test_the_same_effect_by_two_roles_is_no_circle(agent):
    other = Agent(agent.house, "research")
    for number in range(5):
        await remember_the_same(agent, number)
        await remember_the_same(other, number)

    assert all_holds(agent.house.store) == []


async def test_the_same_effect_in_two_assignments_of_a_role_is_one_circle(agent):
    second = Agent(agent.house, path="ceo/trading~2")

    done = [await rounds(each, remember_the_same, 3) for each in (agent, second, agent)]

    assert done == [3, 3, 0]


async def test_what_the_budget_refuses_says_nothing_about_the_role(house):
    house.budget = BudgetSettings(role_calls=1)
    agent = Agent(house)

    assert await rounds(agent, a_moving_price, 10) == 10
    assert steps_of(agent) == ["ticker"]


async def test_a_step_is_written_with_the_outcome_or_not_at_all(house, crash):
    agent = Agent(house)

    def die(*_: Any) -> None:
        raise crash

    agent.governor._minutes.record = die
    with pytest.raises(crash):
        await agent.perform("listed", symbol="BTC")

    assert steps_of(agent) == []


async def test_what_a_person_approved_is_carried_out_for_a_role_that_is_held(agent):
    asked = await agent.call("publish", text="our news")
    await held(agent)
    approvals = agent.house.store.approvals
    approvals.decide(asked.approval, True, "ann", "")

    outcome = await agent.governor.perform_approved(agent.scope, approvals.get(asked.approval))

    assert outcome.status == "ok"


async def test_a_company_that_spends_too_much_in_an_hour_is_held_as_a_whole(agent):
    house = agent.house
    watched = Agent(house, "research", progress=ProgressSettings(hour_usd=D(2)))
    _bill(house, "1.50")
    house.clock.advance_to(house.clock.now() + timedelta(minutes=30))
    _bill(house, "0.50")
    watched.breaker.admit(watched.scope)
    _bill(house, "0.01")

    with pytest.raises(Held, match=r"2\.01 dollars were spent.*\n.*breaker clear company"):
        watched.breaker.admit(watched.scope)
    with pytest.raises(Held):  # also where nobody watches the hour
        agent.breaker.admit(agent.scope)
    assert (await agent.perform("ticker", symbol="BTC")).rule == "progress.tripped"


async def test_dollars_spent_before_the_clearing_do_not_count_any_more(agent):
    house = agent.house
    watched = Agent(house, progress=ProgressSettings(hour_usd=D(2)))
    _bill(house, "2.50")
    with pytest.raises(Held):
        watched.breaker.admit(watched.scope)

    house.clock.advance_to(house.clock.now() + timedelta(minutes=1))
    clear_hold(house.store, "company", by="ann", reason="it was the backtest")

    watched.breaker.admit(watched.scope)
    _bill(house, "2.50")
    with pytest.raises(Held):
        watched.breaker.admit(watched.scope)


async def test_dollars_of_the_hour_before_are_forgotten(agent):
    watched = Agent(agent.house, progress=ProgressSettings(hour_usd=D(2)))
    _bill(agent.house, "2.50")
    agent.house.clock.advance_to(agent.house.clock.now() + timedelta(minutes=61))

    watched.breaker.admit(watched.scope)


async def test_a_stop_is_told_before_a_hold(agent):
    await held(agent)
    agent.house.store.flags.set("stop", "fire")

    with pytest.raises(Stopped, match="fire"):
        agent.breaker.admit(agent.scope)


@pytest.mark.parametrize(
    ("role", "by", "reason", "what"),
    [
        ("research", "ann", "why not", "'research' is not held\n.*held now: trading"),
        ("trading", "ann", " ", "a reason is needed"),
        ("trading", "", "why not", "cannot clear the breaker"),
        ("trading", "role:trading", "let me", "cannot clear the breaker"),
    ],
)
async def test_only_a_person_clears_what_is_held_and_says_why(agent, role, by, reason, what):
    await held(agent)

    with pytest.raises(UsageError, match=what):
        clear_hold(agent.house.store, role, by=by, reason=reason)
    assert [hold.role for hold in all_holds(agent.house.store)] == ["trading"]


def _bill(house: Any, usd: str) -> None:
    tokens = dict.fromkeys(("inputTokens", "outputTokens", "elapsedMs"), 0)
    cost = custom("cost", {"role": "trading", "model": "m", "usd": usd, **tokens})
    house.store.journal.append([Draft(house.run.id, "", "ceo/trading", "debug", cost)])
