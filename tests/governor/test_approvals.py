"""Approvals: a person is asked once, and exactly what was approved is performed."""

import json
import sqlite3

import pytest

from company import Context, Denial, Stakes, tool
from company.errors import Stopped
from company.governor import STOP_FLAG


@pytest.fixture
def publish(house):
    """A tool that waits for a person; what it published stands in the street."""

    @tool(effect="irreversible")
    async def publish(text: str, context: Context) -> str:
        """Publish.

        Args:
            text: What.
        """
        return house.street.shout(context.key, text)

    return publish


@pytest.fixture
def approve(house, publish):
    """Ask about a call, decide, and return the approval."""

    async def decided(*, approved=True, taint=(), by="Ada"):
        outcome = await house.perform(publish, text="we are open", taint=taint)
        return house.store.approvals.decide(outcome.approval, approved, by)

    return decided


async def carry_out(house, publish, approval, *granted):
    scope = house.scope(*(granted or ("publish",)), taint=approval.sources)
    return await house.governor(publish).perform_approved(scope, approval)


async def test_asking_does_nothing_and_keeps_what_was_asked(house, publish):
    outcome = await house.perform(publish, text="we are open", taint=("headlines",))
    approval = house.store.approvals.get(outcome.approval)

    assert (outcome.status, outcome.approval) == ("waiting", "A1")
    assert house.street.lines == []
    assert house.store.effects.in_state("intent") == []
    assert (approval.tool, approval.arguments, approval.state) == ("publish", {"text": "we are open"}, "open")
    assert (approval.rule, approval.sources) == ("provenance.untrusted", ["headlines"])
    assert (approval.path, approval.call_id, approval.role) == ("ceo/trading", "c1", "trading")
    assert (approval.expires_at - approval.asked_at).total_seconds() == 3600


async def test_asking_again_about_the_same_call_is_the_same_question(house, publish):
    outcomes = [await house.perform(publish, text="we are open") for _ in range(2)]

    assert [outcome.approval for outcome in outcomes] == ["A1", "A1"]
    assert len(house.store.approvals.open()) == 1
    assert [note["approval"] for note in house.bodies("approval.asked")] == ["A1"]


async def test_the_question_in_the_journal_shows_what_would_be_done(house, publish):
    await house.perform(publish, text="we are open")

    note = house.bodies("approval.asked")[0]
    assert (note["tool"], note["arguments"], note["rule"]) == (
        "publish",
        {"text": "we are open"},
        "effect.irreversible",
    )
    assert house.types()[-2:] == ["approval.asked", "TOOL_CALL_RESULT"]


async def test_what_a_person_approved_is_performed_exactly_and_once(house, publish, approve):
    approval = await approve()
    first, second = [await carry_out(house, publish, approval) for _ in range(2)]

    assert (first.status, first.rule, first.value) == ("ok", "approval.given", "we are open")
    assert (second.status, second.rule, second.value) == ("ok", "effect.replayed", "we are open")
    assert house.street.lines == [f"{first.receipt} we are open"]


async def test_an_approval_serves_also_after_strangers_text_and_the_verdict_names_it(house, publish, approve):
    approval = await approve(taint=("inbox",))
    outcome = await carry_out(house, publish, approval)

    assert (outcome.status, outcome.rule) == ("ok", "approval.given")
    assert house.bodies("verdict")[-1]["sources"] == ["inbox"]


async def test_arguments_edited_in_the_row_void_the_approval(house, publish, approve):
    approval = await approve()
    with sqlite3.connect(house.directory / "state.db") as database:
        text = json.dumps({"text": "we are closed"})
        database.execute("UPDATE approvals SET arguments = ? WHERE id = ?", (text, approval.id))
    database.close()
    outcome = await carry_out(house, publish, house.store.approvals.get(approval.id))

    assert (outcome.status, outcome.rule) == ("denied", "approval.void")
    assert "changed after approval" in outcome.error
    assert house.street.lines == []


@pytest.mark.parametrize("fate", ["open", "rejected", "expired", "done"])
async def test_what_nobody_approved_is_not_performed(house, publish, fate):
    waiting = (await house.perform(publish, text="we are open")).approval
    approvals = house.store.approvals
    if fate in {"rejected", "done"}:
        approvals.decide(waiting, fate == "done", "Ada")
    if fate == "expired":
        approvals.expire(approvals.get(waiting).expires_at)
    if fate == "done":
        approvals.settle(waiting, {"status": "ok"})
    outcome = await carry_out(house, publish, approvals.get(waiting))

    assert (outcome.status, outcome.rule) == ("denied", "approval.void")
    assert outcome.error == f"approval.void: A1 is {fate}"
    assert house.street.lines == []


async def test_a_denial_of_the_department_stands_against_the_approval(house, publish, approve):
    approval = await approve()

    async def weigh(text: str, context: Context) -> Stakes:
        return Stakes(denials=(Denial("risk.gross", "no room left"),))

    guarded = tool(effect="irreversible", assess=weigh)(publish)
    outcome = await carry_out(house, guarded, approval)

    assert (outcome.status, outcome.rule) == ("denied", "risk.gross")
    assert house.street.lines == []


async def test_an_approval_does_not_grant_a_tool(house, publish, approve):
    approval = await approve()

    assert (await carry_out(house, publish, approval, "balances")).rule == "grant.missing"
    assert house.street.lines == []


async def test_an_approved_tool_that_is_gone_is_denied(house, approve):
    @tool(effect="read")
    async def balances() -> str:
        """Return balances."""
        return "none"

    outcome = await carry_out(house, balances, await approve())

    assert (outcome.status, outcome.rule) == ("denied", "grant.missing")


async def test_a_stop_flag_refuses_an_approved_call_too(house, publish, approve):
    approval = await approve()
    before = house.types()
    house.store.flags.set(STOP_FLAG, "fire")

    with pytest.raises(Stopped, match="fire"):
        await carry_out(house, publish, approval)
    assert (house.street.lines, house.types()) == ([], before)


async def test_an_approved_effect_cut_off_by_a_crash_is_looked_up_and_not_repeated(house, crash):
    async def heard(context: Context) -> str | None:
        return house.street.heard(context.key)

    def made(dies):
        @tool(effect="irreversible", lookup=heard)
        async def publish(text: str, context: Context) -> str:
            """Publish.

            Args:
                text: What.
            """
            house.street.shout(context.key, text)
            if dies:
                raise crash
            return text

        return publish

    waiting = (await house.perform(made(False), text="we are open")).approval
    approval = house.store.approvals.decide(waiting, True, "Ada")
    with pytest.raises(crash):
        await carry_out(house, made(True), approval)
    outcome = await carry_out(house, made(False), approval)

    assert (outcome.status, outcome.rule) == ("ok", "effect.replayed")
    assert len(house.street.lines) == 1
