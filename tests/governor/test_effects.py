"""The effect ledger: an effect happens once, or its outcome is looked up, or a person is asked."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company import Context, Denial, ProviderError, Stakes, ToolError, tool
from company.errors import IntegrityError, InvalidOrder, RequestTimeout
from company.governor import Call, effect_key

WORKER = Path(__file__).with_name("worker.py")
UNCLEAR = [RequestTimeout("no answer"), ProviderError("connection lost"), KeyError("x"), SystemExit(), "hang", "lie"]


@pytest.fixture
def shout(house):
    """Make the tool `shout`: it shouts into the street, and before or after that goes wrong as it is told.

    Args:
        before: What it raises instead of shouting.
        after: What it raises once it has shouted; `hang` and `lie` go wrong without raising.
        finds: False for a tool that cannot be looked up, else what its look-up raises or returns; None looks really.
        weigh: Says what is at stake.
    """

    def made(before: Any = None, after: Any = None, finds: Any = None, weigh: Any = None, **options: Any) -> Any:
        async def heard(context: Context) -> Any:
            if isinstance(finds, BaseException):
                raise finds
            await asyncio.sleep(60 if finds == "hang" else 0)
            return finds if finds is not None else house.street.heard(context.key)

        lookup = None if finds is False else heard

        @tool(**{"effect": "write", "timeout": 0.05, "lookup": lookup, "assess": weigh, **options})
        async def shout(text: str, context: Context) -> str:
            """Shout.

            Args:
                text: What.
            """
            if before is not None:
                raise before
            if not (options.get("idempotent") and house.street.heard(context.key)):
                house.street.shout(context.key, text)
            if isinstance(after, BaseException):
                raise after
            await asyncio.sleep(60 if after == "hang" else 0)
            return 5 if after == "lie" else text  # type: ignore[return-value]

        return shout

    return made


def states(house):
    return [
        (e.tool, e.state)
        for state in ("intent", "done", "failed", "unknown")
        for e in house.store.effects.in_state(state)
    ]


# Once


async def test_a_call_performed_twice_has_one_effect_and_the_same_result(house, shout):
    first = await house.perform(shout(), text="hello")
    second = await house.perform(shout(), text="hello")

    assert (first.status, first.value) == (second.status, second.value) == ("ok", "hello")
    assert first.receipt == second.receipt != ""
    assert second.rule == "effect.replayed"
    assert house.street.lines == [f"{first.receipt} hello"]
    assert [note["rule"] for note in house.bodies("verdict")] == ["effect.write", "effect.replayed"]
    assert house.used().calls == 1


async def test_a_failed_effect_stays_failed_under_its_key(house, shout):
    first = await house.perform(shout(before=ToolError("the street is closed")), text="hello")
    second = await house.perform(shout(), text="hello")

    assert (first.status, second.status) == ("failed", "failed")
    assert first.error == second.error == "the street is closed"
    assert house.street.lines == []


async def test_a_new_call_is_a_new_effect(house, shout):
    outcomes = [await house.perform(shout(), id=call, text="hello") for call in ("c1", "c2")]

    assert len({outcome.receipt for outcome in outcomes}) == 2
    assert len(house.street.lines) == 2


async def test_a_call_id_used_for_other_arguments_is_an_integrity_error_and_has_no_effect(house, shout):
    await house.perform(shout(), text="hello")

    with pytest.raises(IntegrityError, match="one key, one effect"):
        await house.perform(shout(), text="goodbye")
    assert len(house.street.lines) == 1
    assert states(house) == [("shout", "done")]


def test_an_idempotency_key_is_the_same_in_every_process_and_fits_a_client_order_id():
    key = effect_key("home", "R1", "ceo/trading", "c1")

    assert key == "72fc3857c1083347764ba708416698d6"
    assert len(key) <= 36
    parts = [("other", "R1", "ceo/trading", "c1"), ("home", "R2", "ceo/trading", "c1"), ("home", "R1", "ceo", "c1")]
    assert len({key, *(effect_key(*part) for part in parts), effect_key("home", "R1", "ceo/trading", "c2")}) == 5


async def test_the_same_call_of_another_lane_is_another_effect(house, shout):
    function = shout()
    call = Call("c1", "shout", {"text": "hello"})
    for path in ("ceo/trading", "ceo/trading~2"):
        await house.governor(function).perform(house.scope("shout", path=path), call)

    assert len(house.street.lines) == 2


async def test_the_intent_is_on_record_before_the_tool_is_called(house):
    @tool(effect="write")
    async def look(context: Context) -> list[str]:
        """Look what is on record."""
        effect = house.store.effects.get(context.key)
        return [effect.state, effect.role, house.types()[-1]]

    assert (await house.perform(look)).value == ["intent", "trading", "verdict"]
    assert states(house) == [("look", "done")]


# Cut off by a crash


async def test_an_effect_cut_off_after_it_happened_is_looked_up_and_not_repeated(house, shout, crash):
    await house.perform_and_crash(shout(after=crash()), text="hello")
    assert states(house) == [("shout", "intent")]

    outcome = await house.perform(shout(), text="hello")

    assert (outcome.status, outcome.rule, outcome.value) == ("ok", "effect.replayed", "hello")
    assert house.street.lines == [f"{outcome.receipt} hello"]
    assert [note["found"] for note in house.bodies("effect.reconciled")] == [True]
    assert states(house) == [("shout", "done")]


async def test_an_effect_whose_result_could_not_be_written_is_looked_up_and_not_repeated(house, shout):
    """The crash lies between the call and its result row: writing fails from there on."""
    real = shout()

    @tool(effect="write", lookup=real.__company_tool__.lookup)
    async def shout(text: str, context: Context) -> str:
        """Shout.

        Args:
            text: What.
        """
        house.street.shout(context.key, text)
        house.cut_off = True
        return text

    await house.perform_and_crash(shout, text="hello")
    assert states(house) == [("shout", "intent")]
    assert "TOOL_CALL_RESULT" not in house.types()

    assert (await house.perform(real, text="hello")).status == "ok"
    assert len(house.street.lines) == 1


async def test_an_effect_is_sent_again_when_the_look_up_proves_that_nothing_happened(house, shout, crash):
    await house.perform_and_crash(shout(before=crash()), text="hello")
    assert house.street.lines == []

    outcome = await house.perform(shout(), text="hello")

    assert (outcome.status, outcome.rule) == ("ok", "effect.write")
    assert house.street.lines == [f"{outcome.receipt} hello"]
    assert [note["found"] for note in house.bodies("effect.reconciled")] == [False]
    assert states(house) == [("shout", "done")]


async def test_an_idempotent_effect_without_a_look_up_is_sent_again_under_the_same_key(house, shout, crash):
    await house.perform_and_crash(shout(after=crash(), finds=False, idempotent=True), text="hello")
    outcome = await house.perform(shout(finds=False, idempotent=True), text="hello")

    assert outcome.status == "ok"
    assert house.street.lines == [f"{outcome.receipt} hello"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_effect_that_cannot_be_looked_up_is_asked_about_and_never_sent_again_by_itself(
    house, shout, crash, moment
):
    await house.perform_and_crash(shout(**{moment: crash()}, finds=False), text="hello")
    lines = house.street.lines
    outcomes = [await house.perform(shout(finds=False), text="hello") for _ in range(2)]

    assert [(outcome.status, outcome.rule) for outcome in outcomes] == [("waiting", "effect.unknown")] * 2
    assert [outcome.call.id for outcome in outcomes] == ["c1", "c1"]
    assert "nobody knows whether it happened" in outcomes[0].error
    assert house.street.lines == lines
    assert states(house) == [("shout", "unknown")]
    (approval,) = house.store.approvals.open()
    assert approval.arguments == {"text": "hello"}


async def test_what_a_person_allows_again_is_sent_once_more_as_an_effect_of_its_own(house, shout, crash):
    await house.perform_and_crash(shout(before=crash(), finds=False), text="hello")
    asked = await house.perform(shout(finds=False), text="hello")
    approval = house.store.approvals.decide(asked.approval, True, "Ada")
    again = shout(finds=False)
    outcome = await house.governor(again).perform_approved(house.scope("shout"), approval)

    assert outcome.status == "ok"
    assert house.street.lines == [f"{outcome.receipt} hello"]
    assert states(house) == [("shout", "done"), ("shout", "unknown")]


async def test_a_model_that_proposes_the_same_again_under_another_id_is_held_to_the_unknown_one(house, shout, mandate):
    house.mandates = (mandate("shout"),)
    lost = await house.perform(shout(after=RuntimeError("line cut"), finds=False), text="hello")
    again = await house.perform(shout(finds=False), id="c2", text="hello")
    other = await house.perform(shout(finds=False), id="c3", text="goodbye")

    assert (lost.status, again.status, again.rule) == ("unknown", "waiting", "effect.unknown")
    assert other.status == "ok"
    assert [line.split()[1] for line in house.street.lines] == ["hello", "goodbye"]


@pytest.mark.parametrize(("mode", "found"), [("before", False), ("after", True)])
def test_a_process_killed_inside_a_tool_leaves_one_effect_after_the_next_start(house, mode, found):
    def work(mode: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(WORKER), str(house.directory), mode]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)

    assert work(mode).returncode == 9
    assert states(house) == [("shout", "intent")]

    outcome = json.loads(work("live").stdout)

    assert (outcome["status"], outcome["value"]) == ("ok", "hello")
    assert [line.split()[1] for line in house.street.lines] == ["hello"]
    assert [note["found"] for note in house.bodies("effect.reconciled")] == [found]
    assert states(house) == [("shout", "done")]


# Recovering decides nothing twice


async def test_an_effect_sent_again_does_not_count_against_its_own_mandate(house, shout, crash, mandate):
    async def weigh(text: str, context: Context) -> Stakes:
        return Stakes(notional=Decimal(8))

    house.mandates = [mandate("shout", max_calls_day=1, max_notional_day="10")]
    options = {"effect": "irreversible", "weigh": weigh}
    await house.perform_and_crash(shout(before=crash(), **options), text="hello")
    again = await house.perform(shout(**options), text="hello")
    another = await house.perform(shout(**options), text="hello", id="c2")

    assert (again.status, again.rule) == ("ok", "mandate.m")
    assert (another.status, another.rule) == ("waiting", "effect.irreversible")


async def test_a_limit_that_an_effect_itself_reached_does_not_hide_that_it_happened(house, shout, crash):
    async def weigh(text: str, context: Context) -> Stakes:
        full = Denial("risk.per_position", "no room left")
        return Stakes(denials=(full,) if house.street.lines else ())

    await house.perform_and_crash(shout(after=crash(), weigh=weigh), text="hello")
    outcome = await house.perform(shout(weigh=weigh), text="hello")

    assert (outcome.status, outcome.value) == ("ok", "hello")
    assert states(house) == [("shout", "done")]


@pytest.mark.parametrize(("options", "state"), [({}, "failed"), ({"finds": False, "idempotent": True}, "unknown")])
async def test_an_effect_cut_off_and_now_denied_is_not_left_open(house, shout, crash, options, state):
    async def weigh(text: str, context: Context) -> Stakes:
        return Stakes(denials=(Denial("risk.daily_loss", "a bad day"),))

    await house.perform_and_crash(shout(before=crash(), **options), text="hello")
    outcome = await house.perform(shout(weigh=weigh, **options), text="hello")

    assert (outcome.status, outcome.rule) == ("denied", "risk.daily_loss")
    assert house.street.lines == []
    assert states(house) == [("shout", state)]


async def test_a_result_stays_tainted_when_it_is_replayed(house):
    @tool(effect="write")
    async def ask_stranger(context: Context) -> str:
        """Ask."""
        context.distrust("a stranger")
        return "buy!"

    first, second = [await house.perform(ask_stranger) for _ in range(2)]

    assert second.rule == "effect.replayed"
    assert first.sources == second.sources == ("a stranger",)


# Outcomes that are not clear


@pytest.mark.parametrize("trouble", UNCLEAR, ids=repr)
async def test_an_unclear_outcome_is_looked_up_at_once(house, shout, trouble):
    outcome = await house.perform(shout(after=trouble), text="hello")

    assert (outcome.status, outcome.value) == ("ok", "hello")
    assert [note["found"] for note in house.bodies("effect.reconciled")] == [True]
    assert states(house) == [("shout", "done")]


@pytest.mark.parametrize("trouble", UNCLEAR, ids=repr)
async def test_an_unclear_outcome_that_cannot_be_looked_up_is_unknown(house, shout, trouble):
    outcome = await house.perform(shout(after=trouble, finds=False), text="hello")

    assert outcome.status == "unknown"
    assert outcome.error
    assert len(house.street.lines) == 1
    assert states(house) == [("shout", "unknown")]


async def test_an_unclear_outcome_of_which_nobody_knows_is_not_sent_again_in_the_same_breath(house, shout):
    outcome = await house.perform(shout(before=RequestTimeout("no answer")), text="hello")

    assert (outcome.status, outcome.error) == ("unknown", "no answer")
    assert house.street.lines == []
    assert states(house) == [("shout", "unknown")]


async def test_a_tool_that_hung_is_told_of_although_its_effect_was_found(house, shout):
    await house.perform(shout(after="hang"), text="hello")

    assert [note["fault"] for note in house.bodies("tool.failed")] == ["timeout"]


@pytest.mark.parametrize(
    "finds", [ProviderError("the street is dark"), KeyError("x"), ToolError("no"), "hang", 5], ids=repr
)
async def test_a_look_up_that_fails_leaves_the_outcome_unknown(house, shout, crash, finds):
    await house.perform_and_crash(shout(after=crash()), text="hello")
    outcome = await house.perform(shout(finds=finds), text="hello")

    assert outcome.status == "unknown"
    assert outcome.error.startswith("shout may or may not have happened; look-up: ")
    assert len(house.street.lines) == 1
    assert "effect.reconciled" not in house.types()
    assert (await house.perform(shout(), text="hello")).status == "ok"


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (ToolError("say please"), "failed"),
        (InvalidOrder("too small"), "failed"),
        (ProviderError("busy", retryable=True), "retryable"),
    ],
)
async def test_a_refusal_of_the_outside_is_no_unclear_outcome(house, shout, refusal, status):
    outcome = await house.perform(shout(before=refusal), text="hello")

    assert (outcome.status, outcome.error) == (status, str(refusal))
    assert "effect.reconciled" not in house.types()
    assert states(house) == [("shout", "failed")]


async def test_what_a_call_told_before_it_was_cut_off_is_told_once(house):
    async def heard(context: Context) -> str | None:
        context.emit("post.scheduled", {"draftId": "D1"})
        return "done"

    @tool(effect="write", timeout=0.05, lookup=heard)
    async def schedule(context: Context) -> str:
        """Schedule."""
        context.emit("post.scheduled", {"draftId": "D1"})
        await asyncio.sleep(60)
        return "done"

    assert (await house.perform(schedule)).status == "ok"
    assert house.bodies("post.scheduled") == [{"draftId": "D1"}]
