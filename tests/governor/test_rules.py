"""The table of rules as laws over every case there can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company import Context, Denial, Stakes, tool
from company.config import Mandate
from company.governor import Case, Standing, decide
from company.toolkit import tool_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
D = Decimal
law = settings(max_examples=50, deadline=None)


@tool(effect="read")
async def look(context: Context) -> str:
    """Look."""
    return "seen"


@tool(effect="write")
async def note(context: Context) -> str:
    """Note."""
    return "noted"


@tool(effect="irreversible")
async def buy(context: Context) -> str:
    """Buy."""
    return "bought"


LOOK, NOTE, BUY = (tool_of(function) for function in (look, note, buy))
DENIED = Stakes(denials=(Denial("risk.per_trade", "too much"), Denial("risk.gross", "far too much")))

symbols = st.sampled_from(["", "BTC/USDT", "ETH/USDT"])
recipients = st.sampled_from(["", "blog", "social"])
amounts = st.decimals(D(1), D(100), places=2)
denials = st.builds(Denial, st.sampled_from(["risk.gross", "risk.no_short"]), st.just("no"))
stakes = st.builds(
    Stakes,
    symbol=symbols,
    recipient=recipients,
    notional=st.none() | amounts,
    denials=st.lists(
        st.builds(Denial, st.sampled_from(["risk.gross", "risk.no_short"]), st.just("no")), max_size=2
    ).map(tuple),
)
mandates = st.builds(
    Mandate,
    id=st.sampled_from(["m1", "m2"]),
    tools=st.just(("note", "buy")),
    symbols=st.lists(symbols.filter(bool), max_size=2, unique=True).map(tuple),
    recipients=st.lists(recipients.filter(bool), max_size=2, unique=True).map(tuple),
    max_notional=st.none() | amounts,
    max_notional_day=st.none() | amounts,
    max_calls_day=st.none() | st.integers(1, 3),
    expires=st.none() | st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)]),
)
standings = st.builds(Standing, mandate=mandates, calls=st.integers(0, 3), notional=st.just(D(0)) | amounts)
cases = st.builds(
    Case,
    tool=st.sampled_from([LOOK, NOTE, BUY]),
    role=st.just("trading"),
    granted=st.booleans(),
    now=st.just(NOW),
    stopped=st.sampled_from(["", "fire"]),
    tripped=st.sampled_from(["", "in circles"]),
    invalid=st.sampled_from(["", "quantity: missing"]),
    unweighed=st.sampled_from(["", "the venue is silent"]),
    stakes=stakes,
    unsettled=st.sampled_from(["", "nobody knows"]),
    taint=st.sampled_from([(), ("headlines",), ("headlines", "inbox")]),
    standings=st.lists(standings, max_size=2).map(tuple),
    approved=st.booleans(),
)
sound = cases.map(
    lambda case: replace(case, granted=True, stopped="", tripped="", invalid="", unweighed="", unsettled="")
)
effects = sound.filter(lambda case: case.tool.effect != "read")


def covers(standing: Standing, case: Case) -> bool:
    """Whether a mandate covers a case, in the words of docs/configuration.md."""
    mandate, at_stake = standing.mandate, case.stakes
    return (
        (mandate.expires is None or case.now < mandate.expires)
        and (not mandate.symbols or at_stake.symbol in mandate.symbols)
        and (not mandate.recipients or at_stake.recipient in mandate.recipients)
        and (mandate.max_calls_day is None or standing.calls < mandate.max_calls_day)
        and (
            mandate.max_notional is None
            or (at_stake.notional is not None and at_stake.notional <= mandate.max_notional)
        )
        and (
            mandate.max_notional_day is None
            or (at_stake.notional is not None and at_stake.notional + standing.notional <= mandate.max_notional_day)
        )
    )


def case(of=BUY, *, granted=True, **fields):
    return Case(tool=of, role="trading", granted=granted, now=NOW, **fields)


def standing(*, calls=0, notional="0", **limits):
    exact = {name: D(value) if isinstance(value, str) else value for name, value in limits.items()}
    mandate = Mandate.model_validate({"id": "m", "tools": ("buy",), **exact})
    return Standing(mandate, calls, D(notional))


@law
@given(cases)
def test_a_stopped_company_is_refused_everything(any_case):
    verdict = decide(replace(any_case, stopped="fire"))

    assert (verdict.decision, verdict.rule, verdict.reason) == ("deny", "stop.requested", "fire")


@law
@given(cases)
def test_a_tool_that_was_not_granted_is_never_allowed(any_case):
    verdict = decide(replace(any_case, granted=False, stopped=""))

    assert (verdict.decision, verdict.rule) == ("deny", "grant.missing")


@law
@given(cases)
def test_a_role_that_is_held_is_denied_everything_that_no_person_approved(any_case):
    verdict = decide(replace(any_case, granted=True, stopped="", tripped="in circles", approved=False))

    assert (verdict.decision, verdict.rule, verdict.reason) == ("deny", "progress.tripped", "in circles")


@law
@given(cases)
def test_a_call_with_invalid_arguments_is_never_allowed(any_case):
    verdict = decide(replace(any_case, granted=True, stopped="", tripped="", invalid="quantity: missing"))

    assert (verdict.decision, verdict.rule) == ("deny", "arguments.invalid")
    assert "quantity" in verdict.reason


@law
@given(cases.map(lambda case: replace(case, granted=True, stopped="", tripped="", invalid="")))
def test_a_read_that_is_granted_and_valid_is_always_allowed(any_case):
    verdict = decide(replace(any_case, tool=LOOK))

    assert (verdict.decision, verdict.rule) == ("allow", "effect.read")


@law
@given(effects)
def test_an_effect_whose_stakes_nobody_can_tell_is_never_allowed(any_case):
    verdict = decide(replace(any_case, unweighed="the venue is silent"))

    assert (verdict.decision, verdict.rule) == ("deny", "stakes.unknown")


@law
@given(effects)
def test_a_denial_of_the_department_is_never_overridden_by_mandate_or_approval(any_case):
    denied = replace(any_case, stakes=replace(any_case.stakes, denials=DENIED.denials))
    verdict = decide(replace(denied, approved=True, standings=(*denied.standings, standing())))

    assert (verdict.decision, verdict.rule) == ("deny", "risk.per_trade")
    assert verdict.reason == "too much; far too much"


@law
@given(effects.map(lambda case: replace(case, taint=("headlines",))))
def test_an_effect_after_strangers_text_is_allowed_only_by_mandate_or_approval(any_case):
    verdict = decide(any_case)

    if verdict.decision == "allow":
        assert verdict.mandate or any_case.approved
        assert verdict.sources == any_case.taint
    else:
        assert verdict.rule in {"provenance.untrusted", "risk.gross", "risk.no_short"}


@law
@given(effects)
def test_what_cannot_be_taken_back_is_allowed_only_by_mandate_or_approval(any_case):
    verdict = decide(replace(any_case, tool=BUY))

    assert verdict.decision != "allow" or verdict.mandate or any_case.approved


@law
@given(effects.filter(lambda case: not case.stakes.denials))
def test_a_mandate_allows_exactly_what_it_covers(any_case):
    covering = [s.mandate.id for s in any_case.standings if covers(s, any_case)]
    verdict = decide(replace(any_case, approved=False))

    assert verdict.mandate == (covering[0] if covering else "")
    if covering:
        assert (verdict.decision, verdict.rule) == ("allow", f"mandate.{covering[0]}")


@law
@given(effects)
def test_what_a_person_approved_is_allowed_when_no_department_denies_it(any_case):
    verdict = decide(replace(any_case, approved=True, standings=()))

    assert (verdict.rule == "approval.given") == (not any_case.stakes.denials)


@law
@given(effects)
def test_a_call_that_may_have_happened_before_is_asked_about_whatever_is_mandated(any_case):
    verdict = decide(replace(any_case, unsettled="nobody knows", approved=False, stakes=Stakes()))

    assert (verdict.decision, verdict.rule) == ("ask", "effect.unknown")


@law
@given(effects)
def test_what_keeps_its_labels_may_be_written_after_strangers_text(any_case):
    keep = replace(NOTE, labelled=True)
    verdict = decide(replace(any_case, tool=keep, taint=("inbox",), approved=False, standings=(), stakes=Stakes()))

    assert (verdict.rule, verdict.sources) == ("effect.labelled", ("inbox",))


@law
@given(effects)
def test_an_untainted_change_that_can_be_undone_needs_nobody(any_case):
    verdict = decide(replace(any_case, tool=NOTE, taint=(), approved=False, standings=(), stakes=Stakes()))

    assert (verdict.decision, verdict.rule) == ("allow", "effect.write")


@law
@given(cases)
def test_every_verdict_names_its_rule_and_its_reason(any_case):
    verdict = decide(any_case)

    assert verdict.rule
    assert verdict.reason
    assert decide(any_case) == verdict


def test_a_case_that_no_rule_decides_is_denied():
    verdict = decide(case(replace(NOTE, effect="something new")))

    assert (verdict.decision, verdict.rule) == ("deny", "rule.none")


@pytest.mark.parametrize(
    ("limits", "at_stake", "objection"),
    [
        ({"max_notional": "10"}, Stakes(notional=D("10.01")), "10.01 is over 10.00 a call"),
        ({"max_notional_day": "10", "notional": "6"}, Stakes(notional=D(5)), "over 10.00 a day"),
        ({"max_notional": "10"}, Stakes(), "the call's worth is not known"),
        ({"max_notional_day": "10"}, Stakes(), "the call's worth is not known"),
        ({"max_notional": "10"}, Stakes(notional=D(-5)), "the call's worth is not known"),
        ({"max_notional": "10"}, Stakes(notional=D("NaN")), "the call's worth is not known"),
        ({"symbols": ("ETH/USDT",)}, Stakes("BTC/USDT"), "symbol 'BTC/USDT' is not in it"),
        ({"symbols": ("ETH/USDT",)}, Stakes(), "symbol 'none' is not in it"),
        ({"recipients": ("blog",)}, Stakes(recipient="social"), "recipient 'social' is not in it"),
        ({"max_calls_day": 2, "calls": 2}, Stakes(), "2 of 2 calls used today"),
        ({"expires": NOW}, Stakes(), "expired 2026-03-02"),
    ],
)
def test_outside_of_a_mandate_a_person_is_asked_and_told_why(limits, at_stake, objection):
    verdict = decide(case(stakes=at_stake, standings=(standing(**limits),)))

    assert (verdict.decision, verdict.rule) == ("ask", "effect.irreversible")
    assert "; outside mandate m: " in verdict.reason
    assert objection in verdict.reason


@pytest.mark.parametrize(
    ("limits", "at_stake"),
    [
        ({"max_notional": "10"}, Stakes(notional=D(10))),
        ({"max_notional_day": "10", "notional": "6"}, Stakes(notional=D(4))),
        ({"max_calls_day": 2, "calls": 1}, Stakes()),
        ({"symbols": ("BTC/USDT",)}, Stakes("BTC/USDT")),
        ({"recipients": ("blog",)}, Stakes(recipient="blog")),
        ({"expires": NOW + timedelta(seconds=1)}, Stakes()),
    ],
)
def test_a_limit_that_is_just_reached_is_inside_the_mandate(limits, at_stake):
    assert decide(case(stakes=at_stake, standings=(standing(**limits),))).rule == "mandate.m"


def test_without_any_mandate_the_question_says_so():
    assert "no mandate covers it" in decide(case()).reason


def test_strangers_text_is_named_in_the_question_and_in_the_permission():
    asked = decide(case(taint=("headlines", "inbox")))
    allowed = decide(case(taint=("headlines",), standings=(standing(),)))

    assert (asked.rule, asked.sources) == ("provenance.untrusted", ("headlines", "inbox"))
    assert "headlines, inbox" in asked.reason
    assert (allowed.rule, allowed.sources) == ("mandate.m", ("headlines",))


def test_the_second_mandate_serves_where_the_first_does_not_reach():
    narrow = Standing(Mandate(id="narrow", tools=("buy",), max_notional=D(1)), 0, D(0))
    wide = Standing(Mandate(id="wide", tools=("buy",), max_notional=D(100)), 0, D(0))

    assert decide(case(stakes=Stakes(notional=D(50)), standings=(narrow, wide))).mandate == "wide"


def test_the_rules_speak_in_the_documented_order():
    """Begin with a case to which every rule objects, take one objection after the other away."""
    worst = case(
        granted=False, stopped="fire", tripped="?", invalid="?", unweighed="?", stakes=DENIED, unsettled="?",
        taint=("inbox",), standings=(standing(),),
    )  # fmt: skip
    steps = [
        {},
        {"stopped": ""},
        {"granted": True},
        {"tripped": ""},
        {"invalid": ""},
        {"unweighed": ""},
        {"stakes": Stakes()},
        {"unsettled": ""},
        {"standings": (), "approved": True},
        {"approved": False, "tool": replace(BUY, labelled=True)},
        {"tool": BUY},
        {"taint": ()},
        {"tool": NOTE},
    ]
    spoken = []
    for step in steps:
        worst = replace(worst, **step)
        spoken.append(decide(worst).rule)

    assert spoken == [
        "stop.requested",
        "grant.missing",
        "progress.tripped",
        "arguments.invalid",
        "stakes.unknown",
        "risk.per_trade",
        "effect.unknown",
        "mandate.m",
        "approval.given",
        "effect.labelled",
        "provenance.untrusted",
        "effect.irreversible",
        "effect.write",
    ]
