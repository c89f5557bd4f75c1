"""Standing permissions: what a person gives holds at once, what a person takes back is never used again."""

import asyncio
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company import Context, Stakes, tool
from company.config import Mandate
from company.errors import UsageError
from company.governor import Giving, require_sound, settle, written
from company.toolkit import Registry, tool_of


def shouting(house: Any, before: Any = lambda: None, worth: str | None = None) -> Any:
    """Return the tool `shout`, which cannot be taken back; `before` is done while its stakes are weighed."""

    async def weigh(text: str, context: Context) -> Stakes:
        before()
        return Stakes(notional=None if worth is None else Decimal(worth))

    @tool(effect="irreversible", assess=weigh)
    async def shout(text: str, context: Context) -> str:
        """Shout.

        Args:
            text: What.
        """
        return str(house.street.shout(context.key, text))

    return shout


def giving(house: Any) -> Giving:
    return Giving(house.store, house.mandates)


def allowing(id: str = "m", **limits: Any) -> Mandate:
    return written(id=id, tools=("shout",), **limits)


@pytest.fixture
def other(house: Any) -> Any:
    """The same company in another process."""
    found = type(house)(house.directory, clock=house.clock)
    yield found
    found.store.close()


# From the next decision on


async def test_a_mandate_that_another_process_gives_holds_for_the_next_decision_and_the_verdict_names_it(
    house: Any, other: Any
) -> None:
    assert (await house.perform(shouting(house), id="c1", text="a")).rule == "effect.irreversible"

    giving(other).add(allowing("loud"), "ann")
    outcome = await house.perform(shouting(house), id="c2", text="b")

    assert (outcome.status, outcome.rule) == ("ok", "mandate.loud")
    assert [(note["rule"], note["mandate"]) for note in house.bodies("verdict")] == [
        ("effect.irreversible", ""),
        ("mandate.loud", "loud"),
    ]
    assert house.store.effects.get(outcome.receipt).mandate_id == "loud"


async def test_a_mandate_that_another_process_revokes_is_not_used_again(house: Any, other: Any) -> None:
    house.mandates = other.mandates = (allowing("file"),)
    giving(house).add(allowing("added"), "ann")
    assert (await house.perform(shouting(house), id="c1", text="a")).rule == "mandate.file"

    giving(other).revoke("file", "ann", "loss")
    assert (await house.perform(shouting(house), id="c2", text="b")).rule == "mandate.added"
    giving(other).revoke("added", "ann", "loss")
    assert (await house.perform(shouting(house), id="c3", text="c")).status == "waiting"

    assert [line.split()[1] for line in house.street.lines] == ["a", "b"]


async def test_a_mandate_revoked_while_a_call_is_weighed_does_not_allow_it(house: Any, other: Any) -> None:
    giving(house).add(allowing(), "ann")

    outcome = await house.perform(
        shouting(house, before=lambda: giving(other).revoke("m", "ann", "just in time")), text="a"
    )

    assert (outcome.status, outcome.rule) == ("waiting", "effect.irreversible")
    assert house.street.lines == []


async def test_a_mandate_that_ends_while_a_call_is_weighed_does_not_allow_it(house: Any) -> None:
    end = house.clock.now() + timedelta(seconds=30)
    giving(house).add(allowing(expires=end), "ann")

    outcome = await house.perform(shouting(house, before=lambda: house.clock.advance_to(end)), text="a")

    assert outcome.status == "waiting"
    assert "m: expired 2026-03-02" in outcome.error


async def test_a_restored_mandate_of_the_file_allows_again(house: Any, other: Any) -> None:
    house.mandates = other.mandates = (allowing("file"),)
    giving(other).revoke("file", "ann", "loss")
    giving(other).restore("file", "ann", "looked into it")

    assert (await house.perform(shouting(house), text="a")).rule == "mandate.file"


async def test_a_department_says_no_whatever_was_given(house: Any) -> None:
    giving(house).add(allowing(), "ann")

    async def weigh(context: Context) -> Stakes:
        from company import Denial

        return Stakes(denials=(Denial("risk.gross", "too much"),))

    @tool(effect="irreversible", assess=weigh)
    async def shout(context: Context) -> str:
        """Shout."""
        return str(house.street.shout(context.key, "no"))

    assert (await house.perform(shout)).rule == "risk.gross"


# A day's limits


async def test_a_days_limits_count_across_restarts_revocations_and_restorations(house: Any) -> None:
    house.mandates = (allowing("file", max_notional_day=Decimal(100)),)
    assert (await house.perform(shouting(house, worth="60"), id="c1", text="a")).rule == "mandate.file"

    restarted = type(house)(house.directory, mandates=house.mandates, clock=house.clock)
    giving(restarted).revoke("file", "ann", "loss")
    giving(restarted).restore("file", "ann", "ok")
    over = await restarted.perform(shouting(restarted, worth="40.01"), id="c2", text="b")
    inside = await restarted.perform(shouting(restarted, worth="40"), id="c3", text="c")
    restarted.store.close()

    assert (over.status, inside.rule) == ("waiting", "mandate.file")
    assert "60.00 used today and 40.01 more is over 100.00 a day" in over.error


async def test_the_same_terms_under_a_new_id_are_a_new_permission(house: Any) -> None:
    giving(house).add(allowing("one", max_calls_day=1), "ann")
    await house.perform(shouting(house), id="c1", text="a")
    assert (await house.perform(shouting(house), id="c2", text="b")).status == "waiting"

    giving(house).revoke("one", "ann", "used up")
    giving(house).add(allowing("two", max_calls_day=1), "ann")

    assert (await house.perform(shouting(house), id="c3", text="c")).rule == "mandate.two"
    assert (await house.perform(shouting(house), id="c4", text="d")).status == "waiting"
    assert [(entry.mandate.id, entry.state, entry.calls) for entry in giving(house).entries(house.now())] == [
        ("one", "revoked", 1),
        ("two", "active", 1),
    ]


# On record


def test_each_change_is_in_the_journal_with_terms_person_and_reason(house: Any) -> None:
    house.mandates = (allowing("file"),)
    giving(house).add(allowing("m", max_notional=Decimal("5.50"), note="try"), "ann")
    giving(house).revoke("m", "bob", "loss")
    giving(house).revoke("file", "bob", "loss")
    giving(house).restore("file", "ann", "ok")

    events = house.store.journal.read()
    assert {(event.agent, event.run_id, event.visibility) for event in events} == {("person", "", "user")}
    terms = {"tools": ["shout"], "max_notional": "5.50", "note": "try"}
    assert [(event.type, event.body["value"]) for event in events] == [
        ("mandate.added", {"mandate": "m", "terms": terms, "by": "ann"}),
        ("mandate.revoked", {"mandate": "m", "terms": terms, "by": "bob", "reason": "loss"}),
        ("mandate.revoked", {"mandate": "file", "terms": {"tools": ["shout"]}, "by": "bob", "reason": "loss"}),
        ("mandate.restored", {"mandate": "file", "terms": {"tools": ["shout"]}, "by": "ann", "reason": "ok"}),
    ]


def test_a_change_that_is_refused_leaves_no_event(house: Any) -> None:
    house.mandates = (allowing("file"),)
    refused = [
        lambda: giving(house).add(allowing("file"), "ann"),
        lambda: giving(house).add(allowing(), "role:ceo"),
        lambda: giving(house).revoke("fil", "ann", "typo"),
        lambda: giving(house).revoke("file", "ann", ""),
        lambda: giving(house).restore("file", "ann", "never revoked"),
        lambda: giving(house).entry("fil", house.now()),
    ]
    said = []
    for act in refused:
        with pytest.raises(UsageError) as error:
            act()
        said.append(str(error.value))

    assert "did you mean 'file'?" in said[2]
    assert house.types() == []
    assert house.store.mandates.all() == []


# The law

FILE = allowing("file", max_calls_day=2)
NAMES = ("a", "b", "c")
CHANGES = st.one_of(
    st.tuples(st.just("add"), st.sampled_from((*NAMES, "file")), st.sampled_from((None, 1, 20)), st.integers(1, 2)),
    st.tuples(st.just("revoke"), st.sampled_from((*NAMES, "file", "nobody"))),
    st.tuples(st.just("restore"), st.sampled_from((*NAMES, "file"))),
    st.tuples(st.just("pass"), st.integers(1, 20)),
    st.just(("restart",)),
    st.just(("decide",)),
    st.just(("decide",)),
)
"""What may happen; a mandate ends after so many hours and allows so many calls of a day."""


@dataclass
class Paper:
    """What holds, written down by hand: the law is that decisions agree with it."""

    held: dict[str, Mandate] = field(default_factory=lambda: {"file": FILE})
    used: Counter[tuple[str, str]] = field(default_factory=Counter)

    def good(self, now: datetime) -> set[str]:
        return {
            name
            for name, mandate in self.held.items()
            if (mandate.expires is None or now < mandate.expires)
            and self.used[name, f"{now:%F}"] < (mandate.max_calls_day or 0)
        }


class Processes:
    """Two processes on one home, and the paper beside them."""

    def __init__(self, first: Any) -> None:
        self._kind, self._directory, self._clock = type(first), first.directory, first.clock
        self._houses = [first, self._again()]
        self._paper, self._calls = Paper(), 0

    def act(self, place: int, what: str, *more: Any) -> None:
        with suppress(UsageError):
            getattr(self, f"_{what}")(place, *more)

    def close(self) -> None:
        for house in self._houses:
            house.store.close()

    def _again(self) -> Any:
        house = self._kind(self._directory, clock=self._clock)
        house.mandates = (FILE,)
        return house

    def _add(self, place: int, id: str, hours: int | None, calls: int) -> None:
        expires = None if hours is None else self._clock.now() + timedelta(hours=hours)
        mandate = allowing(id, expires=expires, max_calls_day=calls)
        giving(self._houses[place]).add(mandate, "ann")
        self._paper.held[id] = mandate

    def _revoke(self, place: int, id: str) -> None:
        giving(self._houses[place]).revoke(id, "ann", "loss")
        del self._paper.held[id]

    def _restore(self, place: int, id: str) -> None:
        giving(self._houses[place]).restore(id, "ann", "ok")
        assert id == "file"
        self._paper.held[id] = FILE

    def _pass(self, _place: int, hours: int) -> None:
        self._clock.advance_to(self._clock.now() + timedelta(hours=hours))

    def _restart(self, place: int) -> None:
        self._houses[place].store.close()
        self._houses[place] = self._again()

    def _decide(self, place: int) -> None:
        house, now = self._houses[place], self._clock.now()
        self._calls += 1
        outcome = asyncio.run(house.perform(shouting(house), id=f"{place}.{self._calls}", text=str(self._calls)))
        used = outcome.rule.removeprefix("mandate.") if outcome.rule.startswith("mandate.") else None
        good = self._paper.good(now)
        assert used in good if good else used is None
        assert (outcome.status == "ok") == bool(good)
        if used:
            self._paper.used[used, f"{now:%F}"] += 1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happens=st.lists(st.tuples(st.integers(0, 1), CHANGES), min_size=4, max_size=14))
def test_no_decision_uses_a_mandate_that_was_revoked_has_ended_or_is_not_there(
    pristine: Path, house: Any, happens: Any
) -> None:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(shutil.copytree(pristine, Path(place) / "house"))
        first = type(house)(directory)
        first.mandates = (FILE,)
        processes = Processes(first)
        for where, (what, *more) in happens:
            processes.act(where, what, *more)
        processes.act(0, "decide")
        processes.act(1, "decide")
        processes.close()


# What may be given


@tool(effect="irreversible")
async def send(text: str) -> str:
    """Send.

    Args:
        text: What.
    """
    return text


@tool(effect="write")
async def note(text: str) -> str:
    """Note.

    Args:
        text: What.
    """
    return text


async def _weigh(text: str, context: Context) -> Stakes:
    return Stakes(notional=Decimal(1))


@tool(effect="irreversible", assess=_weigh)
async def pay(text: str) -> str:
    """Pay.

    Args:
        text: What for.
    """
    return text


TOOLS = Registry(found for function in (send, note, pay) if (found := tool_of(function)))


def check(house: Any, *, unlimited: bool = False, **terms: Any) -> None:
    mandate = written(**{"id": "m", "tools": ["pay"], "max_calls_day": 1, **terms})
    require_sound(mandate, tools=TOOLS, roles={"trading", "content"}, now=house.now(), unlimited=unlimited)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"tools": ["pai"]}, "no tool 'pai'\n  → did you mean 'pay'?"),
        ({"tools": ["pay", "fly"]}, "no tool 'fly'\n  → known here: note, pay, send"),
        ({"roles": ["tradin"]}, "no role 'tradin'\n  → did you mean 'trading'?"),
        ({"tools": []}, "tools: "),
        ({"id": ""}, "id: "),
        ({"id": "a/b"}, "'a/b' cannot be the id of a mandate"),
        ({"id": "x" * 61}, "cannot be the id of a mandate"),
        ({"id": "../m"}, "cannot be the id of a mandate"),
        ({"max_notional": Decimal("1e-9999")}, "max_notional: "),
        ({"max_notional_day": Decimal("1e9999")}, "max_notional_day: "),
        ({"max_notional": Decimal("Infinity")}, "max_notional: "),
        ({"max_notional": Decimal(-1)}, "max_notional: "),
        ({"max_calls_day": 0}, "max_calls_day: "),
        ({"expires": datetime(2027, 1, 31)}, "expires: "),  # noqa: DTZ001 - that is the point
        ({"tools": ["send"], "symbols": ["BTC/USDT"]}, "a mandate with symbols would never cover it"),
        ({"tools": ["note"], "max_notional": Decimal(5)}, "a mandate with max_notional would never cover it"),
    ],
)
def test_a_mandate_that_is_not_sound_is_refused_with_what_to_change(house: Any, terms: Any, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        check(house, **terms)
    assert said in str(refused.value)
    assert refused.value.cure


def test_a_mandate_that_has_ended_by_company_time_is_refused(house: Any) -> None:
    with pytest.raises(UsageError, match="is over: company time is 2026-03-02 12:00 UTC"):
        check(house, expires=house.now())
    check(house, expires=house.now() + timedelta(seconds=1))


def test_what_cannot_be_taken_back_needs_a_bound_of_the_day_or_the_word_unlimited(house: Any) -> None:
    with pytest.raises(UsageError, match=r"pay cannot be taken back, and nothing bounds(.|\n)*--unlimited"):
        check(house, tools=["note", "pay"], max_calls_day=None)
    with pytest.raises(UsageError, match="nothing bounds how much"):
        check(house, max_calls_day=None, max_notional=Decimal(5))
    check(house, max_calls_day=None, max_notional_day=Decimal(5))
    check(house, max_calls_day=None, unlimited=True)
    check(house, tools=["note"], max_calls_day=None)


# A person settles an effect


@dataclass
class Unclear:
    """An effect that nobody can look up, of a call that was made once."""

    house: Any
    fails: bool = True

    @property
    def function(self) -> Any:
        @tool(effect="write")
        async def shout(text: str, context: Context) -> str:
            """Shout.

            Args:
                text: What.
            """
            if self.fails:
                raise ConnectionResetError
            return str(self.house.street.shout(context.key, text))

        return shout


@pytest.fixture
async def unclear(house: Any) -> Unclear:
    made = Unclear(house)
    assert (await house.perform(made.function, id="c1", text="hello")).status == "unknown"
    made.fails = False
    return made


def key_of(house: Any) -> str:
    (effect,) = house.store.effects.open()
    return str(effect.key)


@pytest.mark.parametrize(("happened", "state"), [(True, "done"), (False, "failed")])
async def test_a_settled_effect_is_no_question_any_more(
    house: Any, unclear: Unclear, happened: bool, state: str
) -> None:
    assert (await house.perform(unclear.function, id="c2", text="hello")).rule == "effect.unknown"

    key = key_of(house)
    effect = settle(house.store, key[:6], happened=happened, by="ann", reason="it is on the page")

    assert (effect.key, effect.state, effect.settled_at) == (key, state, house.now())
    assert (await house.perform(unclear.function, id="c3", text="hello")).rule == "effect.write"
    (event,) = house.store.journal.read(types={"effect.settled"})
    assert (event.agent, event.run_id) == ("person", house.run.id)
    assert event.body["value"] == {
        "key": key,
        "tool": "shout",
        "state": state,
        "by": "ann",
        "reason": "it is on the page",
    }


@pytest.mark.parametrize(("happened", "status"), [(True, "ok"), (False, "failed")])
async def test_the_call_of_a_settled_effect_comes_to_what_the_person_said_and_is_not_sent_again(
    house: Any, unclear: Unclear, happened: bool, status: str
) -> None:
    settle(house.store, key_of(house), happened=happened, by="ann", reason="it is on the page")

    outcome = await house.perform(unclear.function, id="c1", text="hello")

    assert (outcome.status, outcome.rule) == (status, "effect.replayed")
    assert "ann says that it" in outcome.content()
    assert house.street.lines == []


@pytest.mark.parametrize("happened", [True, False])
async def test_what_did_not_happen_gives_its_share_of_the_day_back(house: Any, happened: bool) -> None:
    giving(house).add(allowing(max_calls_day=1), "ann")
    unclear = Unclear(house)
    assert (await house.perform(unclear.function, id="c1", text="hello")).rule == "mandate.m"

    settle(house.store, key_of(house), happened=happened, by="ann", reason="looked")

    unclear.fails = False
    again = await house.perform(unclear.function, id="c2", text="goodbye", taint=("news",))
    assert (again.rule == "mandate.m") == (not happened)


async def test_an_effect_under_way_is_not_settled_by_hand_until_its_run_has_ended(house: Any, crash: Any) -> None:
    @tool(effect="write")
    async def shout(context: Context) -> str:
        """Shout."""
        raise crash

    house.store.runs.set_status(house.run.id, "running")
    await house.perform_and_crash(shout)
    (effect,) = house.store.effects.in_state("intent")

    with pytest.raises(UsageError, match="may be under way: run R1 is running") as refused:
        settle(house.store, effect.key, happened=True, by="ann", reason="looked")
    assert "company resume R1" in str(refused.value)
    assert "effect.settled" not in house.types()

    house.store.runs.set_status(house.run.id, "failed")
    assert settle(house.store, effect.key, happened=True, by="ann", reason="looked").state == "done"


async def test_an_outcome_that_is_known_is_final(house: Any, unclear: Unclear) -> None:
    key = key_of(house)
    settle(house.store, key, happened=True, by="ann", reason="looked")

    with pytest.raises(UsageError, match="is settled: done"):
        settle(house.store, key, happened=False, by="bob", reason="looked too")


@pytest.mark.parametrize(("by", "reason"), [("role:ceo", "looked"), ("", "looked"), ("ann", " ")])
async def test_only_a_person_with_a_reason_settles(house: Any, unclear: Unclear, by: str, reason: str) -> None:
    with pytest.raises(UsageError):
        settle(house.store, key_of(house), happened=True, by=by, reason=reason)
    assert [effect.state for effect in house.store.effects.open()] == ["unknown"]
