"""Reserve, then spend: nothing is done that does not fit, and nothing stays reserved that was not spent."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company import Context, tool
from company.config import BudgetSettings, DepartmentBudget
from company.governor import Allowance, Call, Tripped
from company.roles import Limits

D = Decimal


@tool(effect="read")
async def look() -> str:
    """Look."""
    return "seen"


@tool(effect="write")
async def note() -> str:
    """Note."""
    return "noted"


async def calls(house, count, *, role="trading", function=look, first=0):
    governor, scope = house.governor(function), house.scope(function.__name__, role=role)
    numbers = range(first, first + count)
    return [await governor.perform(scope, Call(f"c{n}", function.__name__, {})) for n in numbers]


def rules(outcomes):
    return [(outcome.status, outcome.rule) for outcome in outcomes]


# Calls and seconds


async def test_a_role_gets_as_many_calls_as_it_may_make_in_one_run(house):
    house.budget = BudgetSettings(role_calls=2)

    assert rules(await calls(house, 3))[1:] == [("ok", "effect.read"), ("denied", "budget.calls")]
    assert rules(await calls(house, 1, role="content")) == [("ok", "effect.read")]
    house.run = house.start_run()
    assert rules(await calls(house, 1)) == [("ok", "effect.read")]


async def test_a_role_may_have_fewer_calls_than_the_company_gives_but_not_more(house):
    house.budget = BudgetSettings(role_calls=2)
    house.limits = Limits(calls=1)
    fewer = rules(await calls(house, 2))
    house.run, house.limits = house.start_run(), Limits(calls=9)

    assert fewer == [("ok", "effect.read"), ("denied", "budget.calls")]
    assert rules(await calls(house, 3))[-1] == ("denied", "budget.calls")


async def test_all_roles_together_stay_under_the_calls_of_a_run(house):
    house.budget = BudgetSettings(run_calls=3)
    await calls(house, 2, role="trading")

    outcomes = await calls(house, 2, role="content")

    assert rules(outcomes) == [("ok", "effect.read"), ("denied", "budget.calls")]
    assert "the run budget of 'company' allows 3 calls, 3 are used, 1 more were asked" in outcomes[1].error


async def test_a_trip_is_told_in_the_journal_between_verdict_and_result(house):
    house.budget = BudgetSettings(role_calls=1)
    await calls(house, 2)

    assert house.types()[-3:] == ["verdict", "budget.tripped", "TOOL_CALL_RESULT"]
    tripped, verdict = house.bodies("budget.tripped")[0], house.bodies("verdict")[-1]
    assert (tripped["rule"], tripped["reason"]) == (verdict["rule"], verdict["reason"])
    assert (verdict["decision"], verdict["rule"]) == ("deny", "budget.calls")


async def test_an_effect_that_does_not_fit_leaves_no_intent(house):
    house.budget = BudgetSettings(role_calls=1)
    await calls(house, 2, function=note)

    assert len(house.store.effects.in_state("done")) == 1
    assert house.store.effects.in_state("intent") == []


async def test_seconds_that_were_used_up_end_the_calls_of_a_role(house):
    house.limits = Limits(seconds=1)
    allowance = house.allowance()
    role = house.scope().role
    allowance.settle(allowance.reserve_call(house.run.id, role), elapsed=1.5)

    with pytest.raises(Tripped, match=r"allows 1 seconds, 1\.500 are used") as tripped:
        allowance.reserve_call(house.run.id, role)
    assert tripped.value.rule == "budget.seconds"


async def test_the_seconds_of_a_run_are_shared_by_all_its_roles(house):
    house.budget = BudgetSettings(run_seconds=1)
    allowance = house.allowance()
    allowance.settle(allowance.reserve_call(house.run.id, house.scope().role), elapsed=1.5)

    with pytest.raises(Tripped, match="the run budget of 'company' allows 1 seconds"):
        allowance.reserve_call(house.run.id, house.scope(role="content").role)


async def test_what_is_refused_costs_nothing(house):
    await house.governor(look).perform(house.scope(), Call("c1", "look", {}))

    assert house.used().calls == 0


# Dollars and tokens


def model_call(allowance, house, *, usd="0", tokens=0, role="trading", department=""):
    employee = house.scope(role=role).role
    employee = employee.model_copy(update={"department": department or employee.department})
    return allowance.reserve_model(house.run.id, employee, tokens=tokens, usd=D(usd))


def test_a_model_call_counts_at_its_worst_case_until_it_is_settled(house):
    allowance = house.allowance()
    charge = model_call(allowance, house, usd="0.30", tokens=5000)
    reserved = house.used()
    allowance.settle(charge, elapsed=0.25, tokens=700, usd=D("0.04"))

    assert (reserved.usd, reserved.tokens, reserved.calls) == (D("0.30"), 5000, 1)
    spent = house.used()
    assert (spent.usd, spent.tokens, spent.calls, spent.seconds) == (D("0.04"), 700, 1, D("0.250"))


@pytest.mark.parametrize(
    ("budget", "limits", "asked", "rule"),
    [
        ({"run_usd": D("0.50")}, {}, {"usd": "0.51"}, "budget.usd"),
        ({"day_usd": D("0.50")}, {}, {"usd": "0.51"}, "budget.usd"),
        ({"month_usd": D("0.50")}, {}, {"usd": "0.51"}, "budget.usd"),
        ({}, {"usd": D("0.50")}, {"usd": "0.51"}, "budget.usd"),
        ({}, {"usd": D(0)}, {"usd": "0.01"}, "budget.usd"),
        ({"run_tokens": 100}, {}, {"tokens": 101}, "budget.tokens"),
        ({"call_usd": D("0.50")}, {}, {"usd": "0.51"}, "budget.usd"),
        ({"call_tokens": 100}, {}, {"tokens": 101}, "budget.tokens"),
        ({}, {"tokens": 100}, {"tokens": 101}, "budget.tokens"),
        ({}, {"day_usd": D("0.50")}, {"usd": "0.51"}, "budget.usd"),
        ({}, {"month_usd": D("0.50")}, {"usd": "0.51"}, "budget.usd"),
        ({"departments": {"trading": DepartmentBudget(run_usd=D("0.50"))}}, {}, {"usd": "0.51"}, "budget.usd"),
        ({"departments": {"trading": DepartmentBudget(day_usd=D("0.50"))}}, {}, {"usd": "0.51"}, "budget.usd"),
        ({"departments": {"trading": DepartmentBudget(month_usd=D("0.50"))}}, {}, {"usd": "0.51"}, "budget.usd"),
        ({"departments": {"trading": DepartmentBudget(run_tokens=100)}}, {}, {"tokens": 101}, "budget.tokens"),
    ],
)
def test_a_worst_case_that_does_not_fit_is_refused_and_reserves_nothing(house, budget, limits, asked, rule):
    house.budget, house.limits = BudgetSettings(**budget), Limits(**limits)

    with pytest.raises(Tripped) as tripped:
        model_call(house.allowance(), house, **asked)
    assert tripped.value.rule == rule
    assert (house.used().usd, house.used().tokens, house.used().calls) == (0, 0, 0)


def test_the_dollars_of_a_day_are_shared_by_all_runs_and_come_back_the_next_day(house):
    house.budget = BudgetSettings(day_usd=D(1), run_usd=D(1))
    model_call(house.allowance(), house, usd="0.80")
    house.run = house.start_run()

    with pytest.raises(Tripped, match="the day budget of 'company'"):
        model_call(house.allowance(), house, usd="0.30")
    house.clock.advance_to(house.clock.now().replace(day=3))
    model_call(house.allowance(), house, usd="0.30")


def test_the_roles_of_a_department_share_what_it_may_spend(house):
    house.budget = BudgetSettings(departments={"newsroom": DepartmentBudget(run_usd=D("0.50"), run_calls=2)})
    allowance = house.allowance()
    model_call(allowance, house, role="research", department="newsroom", usd="0.40")

    with pytest.raises(Tripped, match=r"the run budget of 'company/newsroom' allows 0\.50 usd, 0\.40 are used"):
        model_call(allowance, house, role="writer", department="newsroom", usd="0.20")
    model_call(allowance, house, role="writer", department="newsroom", usd="0.10")
    with pytest.raises(Tripped, match="'company/newsroom' allows 2 calls"):
        model_call(allowance, house, role="writer", department="newsroom")
    model_call(allowance, house, role="trading", usd="0.50")


def test_the_seconds_of_a_department_are_shared_by_its_roles(house):
    house.budget = BudgetSettings(departments={"newsroom": DepartmentBudget(run_seconds=1)})
    allowance = house.allowance()
    allowance.settle(model_call(allowance, house, role="research", department="newsroom"), elapsed=1.5)

    with pytest.raises(Tripped, match="'company/newsroom' allows 1 seconds"):
        model_call(allowance, house, role="writer", department="newsroom")


def test_a_role_has_a_day_and_a_month_of_its_own(house):
    house.limits = Limits(day_usd=D("0.30"), month_usd=D("0.50"))
    allowance = house.allowance()
    model_call(allowance, house, usd="0.30")
    house.run = house.start_run()

    with pytest.raises(Tripped, match=r"the day budget of 'company/trading/trading' allows 0\.30 usd"):
        model_call(allowance, house, usd="0.01")
    house.clock.advance_to(house.clock.now().replace(day=3))
    model_call(allowance, house, usd="0.20")
    with pytest.raises(Tripped, match="the month budget of 'company/trading/trading'"):
        model_call(allowance, house, usd="0.01")


def test_a_call_that_is_too_dear_by_itself_is_refused_as_one_call(house):
    house.budget = BudgetSettings(run_usd=D(100), day_usd=D(100), call_usd=D(2), call_tokens=1000)
    allowance = house.allowance()
    for _ in range(3):
        model_call(allowance, house, usd="2", tokens=1000)

    with pytest.raises(Tripped, match=r"^one call may take 2 usd of 'company' at most, 2\.01 were asked$"):
        model_call(allowance, house, usd="2.01")
    with pytest.raises(Tripped, match=r"^one call may take 1000 tokens of 'company' at most, 1001 were asked$"):
        model_call(allowance, house, tokens=1001)


def test_the_limits_of_one_call_stand_above_those_of_a_run_by_default():
    budget = BudgetSettings()

    assert budget.call_usd >= budget.run_usd
    assert budget.call_tokens >= budget.run_tokens


def test_a_command_spends_at_most_what_it_was_limited_to(house):
    allowance = house.allowance()
    allowance.limit_spending(D("0.10"))
    charge = model_call(allowance, house, usd="0.08")

    with pytest.raises(Tripped, match=r"'this command' allows 0\.02 usd") as tripped:
        model_call(allowance, house, usd="0.03")
    assert tripped.value.rule == "budget.usd"
    allowance.settle(charge, elapsed=0, usd=D("0.01"))
    model_call(allowance, house, usd="0.09")
    with pytest.raises(Tripped):
        model_call(allowance, house, usd="0.01")


def test_a_limit_of_the_command_does_not_lift_the_companys(house):
    house.budget = BudgetSettings(run_usd=D("0.05"))
    allowance = house.allowance()
    allowance.limit_spending(D(100))

    with pytest.raises(Tripped, match="'company'"):
        model_call(allowance, house, usd="0.06")
    model_call(allowance, house, usd="0.05")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.decimals(0, 1, places=2), st.decimals(0, 1, places=2)), max_size=12))
def test_no_order_of_calls_spends_more_than_the_run_may(house, worst_and_shares):
    house.budget = BudgetSettings(run_usd=D(1), day_usd=D(10_000), month_usd=D(10_000))
    house.run = house.start_run()
    allowance, waiting = Allowance(budgets=house.store.budgets, limits=house.budget), []
    for worst, share in worst_and_shares:
        try:
            waiting.append((model_call(allowance, house, usd=str(worst)), worst * share))
        except Tripped:
            if waiting:
                charge, actual = waiting.pop(0)
                allowance.settle(charge, elapsed=0, usd=actual)
        assert house.used().usd <= 1


# Nothing stays reserved


async def test_a_run_that_breaks_inside_a_tool_leaves_nothing_reserved(house, crash):
    @tool(effect="write")
    async def die(context: Context) -> str:
        """Die."""
        raise crash

    with pytest.raises(crash):
        await house.perform(die)
    assert house.used().calls == 1
    assert house.store.budgets.release_run(house.run.id) == 0


async def test_every_outcome_settles_its_call(house):
    @tool(effect="read")
    async def fail() -> str:
        """Fail."""
        raise KeyError("x")

    await house.perform(fail)
    await house.perform(look, id="c2")

    assert house.used().calls == 2
    assert house.store.budgets.release_run(house.run.id) == 0
