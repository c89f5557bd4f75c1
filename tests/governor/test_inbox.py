"""The inbox: how often people are asked, what belongs together, and how many of them have to say yes."""

import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from company import Context, Stakes, tool
from company.config import ApprovalSettings, Quorum
from company.governor import Call
from company.governor.inbox import needed


@dataclass
class Counting:
    """A governor that is proposed one call after the other."""

    house: object
    tools: tuple
    calls: int = 0

    async def ask(self, name="publish", *, role="trading", **arguments):
        self.calls += 1
        function = next(each for each in self.tools if each.__name__ == name)
        call = Call(f"c{self.calls}", name, arguments or {"text": f"post {self.calls}"})
        return await self.house.governor(function).perform(self.house.scope(name, role=role), call)


@pytest.fixture
def asking(house):
    @tool(effect="irreversible")
    async def publish(text: str, context: Context) -> str:
        """Publish.

        Args:
            text: What.
        """
        return house.street.shout(context.key, text)

    @tool(effect="irreversible")
    async def send(text: str, context: Context) -> str:
        """Send.

        Args:
            text: What.
        """
        return house.street.shout(context.key, text)

    return Counting(house, (publish, send))


def limited(house, per_hour, **settings):
    house.approvals = ApprovalSettings(expires=timedelta(hours=2), per_hour=per_hour, **settings)


async def test_one_question_more_than_an_hour_may_have_is_denied_and_goes_into_the_report(house, asking):
    limited(house, 2)
    asked = [await asking.ask(role=role) for role in ("trading", "content")]
    denied = await asking.ask(role="research")

    assert [outcome.status for outcome in asked] == ["waiting", "waiting"]
    assert (denied.status, denied.rule, denied.approval) == ("denied", "approval.rate", "")
    assert "a person is asked at most 2 times an hour, and was; say in the report what you would" in denied.error
    assert len(house.store.approvals.open()) == len(house.bodies("approval.asked")) == 2
    assert [note["rule"] for note in house.bodies("verdict")][-1] == "approval.rate"
    assert house.street.lines == []


async def test_a_question_that_joins_an_open_bundle_is_free_until_the_bundle_is_full(house, asking):
    limited(house, 1)
    outcomes = [await asking.ask() for _ in range(11)]

    assert [outcome.status for outcome in outcomes] == ["waiting"] * 10 + ["denied"]
    assert {approval.bundle for approval in house.store.approvals.open()} == {"A1"}
    assert [note["bundle"] for note in house.bodies("approval.asked")] == ["A1"] * 10


async def test_the_hour_is_a_stretch_of_wall_time_and_answers_make_no_room(house, asking):
    limited(house, 1)
    first = await asking.ask()
    house.store.approvals.decide(first.approval, False, "Ada")
    house.clock.advance_to(house.now() + timedelta(minutes=59))
    assert (await asking.ask()).status == "denied"

    house.clock.advance_to(house.now() + timedelta(minutes=1))

    assert (await asking.ask()).status == "waiting"


async def test_asking_again_about_the_same_call_is_not_counted_and_never_denied(house, asking):
    limited(house, 1)
    for _ in range(3):
        assert (await asking.ask(text="open")).approval == "A1"
        asking.calls = 0
    house.store.approvals.decide("A1", False, "Ada")

    assert (await asking.ask(text="open")).approval == "A1"


async def test_the_limit_is_the_companys_not_a_runs(house, asking):
    limited(house, 1)
    await asking.ask()
    house.run = house.start_run()

    assert (await asking.ask()).status == "denied"
    assert (await asking.ask(text="post 1")).status == "waiting"
    assert [note["repeats"] for note in house.bodies("approval.asked")] == ["", "A1"]


async def test_what_strangers_text_led_to_is_named_in_the_denial_too(house, asking):
    limited(house, 1)
    await asking.ask()
    publish = asking.tools[0]
    outcome = await house.governor(publish).perform(
        house.scope("publish", role="content", taint=("news n-1",)), Call("x1", "publish", {"text": "other"})
    )

    assert (outcome.rule, house.bodies("verdict")[-1]["sources"]) == ("approval.rate", ["news n-1"])


async def test_a_repetition_that_may_not_be_asked_for_any_more_is_denied_and_not_done(house, crash):
    limited(house, 1)
    dies = True

    @tool(effect="write")
    async def post(text: str, context: Context) -> str:
        """Post.

        Args:
            text: What.
        """
        house.street.shout(context.key, text)
        if dies:
            raise crash
        return text

    @tool(effect="irreversible")
    async def other() -> str:
        """Do something else."""
        return "done"

    await house.perform(other, id="first")
    with pytest.raises(crash):
        await house.perform(post, text="open")
    dies = False
    outcome = await house.perform(post, text="open")

    assert (outcome.status, outcome.rule) == ("denied", "approval.rate")
    assert len(house.street.lines) == 1
    assert [effect.tool for effect in house.store.effects.in_state("unknown")] == ["post"]


def weighed(house, notional):
    async def assess(text: str, context: Context) -> Stakes:
        return Stakes(notional=None if notional is None else Decimal(notional))

    @tool(effect="irreversible", assess=assess)
    async def pay(text: str, context: Context) -> str:
        """Pay.

        Args:
            text: Whom.
        """
        return house.street.shout(context.key, text)

    return pay


@pytest.mark.parametrize(("notional", "people"), [("999", 1), ("1000", 1), ("1000.01", 2), (None, 2), ("NaN", 2)])
async def test_a_call_above_the_limit_or_of_unknown_worth_takes_as_many_people_as_the_quorum_says(
    house, notional, people
):
    limited(house, 9, quorums=(Quorum(tools=("pay",), above=Decimal(1000), people=2),))
    outcome = await house.perform(weighed(house, notional), text="rent")

    assert house.store.approvals.get(outcome.approval).needed == people
    assert house.bodies("approval.asked")[0]["needed"] == people


def test_of_several_quorums_the_largest_counts_and_those_of_other_tools_do_not():
    quorums = (Quorum(tools=("pay",)), Quorum(tools=("pay", "send"), people=4), Quorum(tools=("send",), people=9))

    assert [needed(quorums, name, Stakes()) for name in ("pay", "send", "publish")] == [4, 9, 1]


async def test_a_call_that_takes_two_people_is_performed_after_the_second_yes_and_not_before(house):
    limited(house, 9, quorums=(Quorum(tools=("pay",)),))
    pay = weighed(house, "5")
    waiting = (await house.perform(pay, text="rent")).approval

    async def carry_out():
        approval = house.store.approvals.get(waiting)
        return await house.governor(pay).perform_approved(house.scope("pay"), approval)

    house.store.approvals.decide(waiting, True, "Ada")
    early = await carry_out()
    assert (early.rule, early.error, house.street.lines) == ("approval.void", "approval.void: A1 is open", [])
    house.store.approvals.decide(waiting, True, "Grace")

    assert (await carry_out()).rule == "approval.given"
    assert len(house.street.lines) == 1


async def test_the_question_in_the_journal_says_what_it_belongs_to(house, asking):
    await asking.ask(text="one")
    await asking.ask(text="one")
    first, second = house.bodies("approval.asked")

    assert (first["bundle"], first["needed"], first["repeats"]) == ("A1", 1, "")
    assert (second["bundle"], second["needed"], second["repeats"]) == ("A1", 1, "A1")
    assert json.dumps(second["arguments"]) == '{"text": "one"}'
