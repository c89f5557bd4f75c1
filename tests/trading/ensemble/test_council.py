from decimal import Decimal

import pytest

from company.errors import ToolError
from company.trading.ensemble import BOUND, EQUAL, TEMPERAMENTS
from company.trading.risk import MARKS

NAMES = list(TEMPERAMENTS)
VOTES = {"vote_conservative": "0", "vote_aggressive": "0.9", "vote_balanced": "0.6", "vote_contrarian": "-0.8"}


class Told(list):
    """What people were told: names and values of events."""

    def __call__(self, name, value):
        self.append((name, dict(value)))

    @property
    def weights(self):
        return [value for name, value in self if name == "ensemble.weights"]


@pytest.fixture
def told():
    return Told()


async def buy(office, key="in", quantity="0.02", strategy="ensemble", evidence=None):
    given = {**VOTES, "atr": "500"} if evidence is None else evidence
    await office.desk.place(
        "BTC", "buy", quantity, key=key, reason="r", strategy=strategy, role="trading", evidence=given
    )


async def sell(office, key="out", quantity="0.02", strategy="ensemble"):
    office.pass_time(hours=6)
    await office.desk.place("BTC", "sell", quantity, key=key, reason="r", strategy=strategy, role="trading")
    await office.desk.positions()


async def opened(office):
    """The desk's books open at its first sight of the accounts, which then hold bitcoin that nobody bought."""
    await office.desk.positions()


async def test_a_consensus_names_every_vote_with_its_reason_and_weight_and_the_regime(office):
    for symbol in await office.desk.symbols():
        found = await office.desk.consensus(symbol)

        assert [vote.temperament for vote in found.votes] == NAMES
        assert float(sum(vote.weight for vote in found.votes)) == pytest.approx(1, abs=1e-5)
        assert float(sum(found.regime.values())) == pytest.approx(1, abs=1e-5)
        assert all(vote.reason for vote in found.votes)
        assert found.at == office.clock.now()
        assert found.reason


async def test_some_hours_of_the_paper_world_have_a_consensus_that_can_be_traded_with_its_evidence(office):
    await opened(office)
    for _ in range(60):
        office.pass_time(hours=1)
        signals = [(await office.desk.consensus(symbol)).signal for symbol in await office.desk.symbols()]
        wishes = [signal for signal in signals if signal is not None and signal.side == "buy"]
        sizings = [await office.desk.size(one.symbol, one.side, one.conviction) for one in wishes]
        taken = [(wish, sizing) for wish, sizing in zip(wishes, sizings, strict=True) if sizing.approved]
        if taken:
            break

    (wish, sizing), *_ = taken
    await office.desk.place(
        wish.symbol,
        wish.side,
        sizing.quantity,
        key="k",
        reason=wish.reason,
        strategy=wish.strategy,
        evidence=wish.evidence,
    )

    decision = office.desk.decisions(1)[0]
    assert (decision.strategy, decision.outcome) == ("ensemble", "closed")
    assert decision.evidence["vote_aggressive"] == wish.evidence["vote_aggressive"]
    assert {f"vote_{name}" for name in NAMES} | {f"weight_{name}" for name in NAMES} <= set(decision.evidence)


async def test_an_unknown_symbol_is_refused(office):
    with pytest.raises(ToolError, match="NOPE"):
        await office.desk.consensus("NOPE")


@pytest.mark.parametrize(("drawdown", "counts"), [("0.11", True), ("0.16", True), ("0.06", False)])
async def test_from_the_second_drawdown_step_on_only_the_conservative_counts(office, drawdown, counts):
    equity = (await office.desk.profit_and_loss()).equity
    peak = equity / (1 - Decimal(drawdown))
    office.books.put(MARKS, "equity", {**office.books.get(MARKS, "equity"), "peak": peak})

    found = await office.reopen().consensus("ETH")

    assert ({vote.temperament: vote.weight for vote in found.votes}["conservative"] == 1) is counts


async def test_a_closed_trade_moves_the_weights_and_is_told_with_the_orders_it_was_learnt_from(office, told):
    await opened(office)
    await buy(office)
    await sell(office)

    await office.desk.reconcile(told)

    (value,) = told.weights
    (outcome,) = value["outcomes"]
    assert outcome["clientOrderId"] == ["in"]
    assert outcome["symbol"] == "BTC/USDT"
    assert float(outcome["risk"]) == pytest.approx(0.02 * 3 * 500)
    assert value["rule"] == "exponentiated-gradient"
    earned = float(outcome["score"]) > 0
    assert float(outcome["score"]) == pytest.approx(float(outcome["result"]) / float(outcome["risk"]), abs=1e-5)
    assert (float(value["after"]["aggressive"]) > 0.25) is earned
    assert (float(value["after"]["contrarian"]) < 0.25) is earned
    assert all(abs(float(value["after"][name]) - 0.25) <= BOUND + 1e-6 for name in NAMES)
    assert sum(map(float, value["after"].values())) == pytest.approx(1, abs=1e-5)


async def test_the_result_is_what_the_trade_earned_after_the_fees_of_both_ways(office, told):
    await opened(office)
    await buy(office)
    await sell(office)
    await office.desk.reconcile(told)

    rows = {row.strategy: row for row in (await office.desk.attribution()).rows}
    assert float(told.weights[0]["outcomes"][0]["result"]) == pytest.approx(float(rows["ensemble"].net), abs=1e-6)


async def test_whoever_sells_of_what_the_ensemble_bought_makes_an_outcome_of_its_share(office, told):
    await opened(office)
    held = next(row.quantity for row in await office.desk.positions() if row.symbol == "BTC/USDT")
    await buy(office)
    await sell(office, strategy="")
    await office.desk.reconcile(told)

    share = (
        Decimal("0.02") * Decimal("0.02") / (held + Decimal("0.02"))
    )  # the rest was there before, and nobody bought it
    assert float(told.weights[0]["outcomes"][0]["risk"]) == pytest.approx(float(share) * 3 * 500, rel=1e-6)


async def test_an_outcome_teaches_once_whoever_asks_and_after_a_restart(office, told):
    await opened(office)
    await buy(office)
    await sell(office)
    await office.desk.reconcile(told)
    learnt = office.books.get("trading.ensemble", "weights")

    await office.desk.reconcile(told)
    await office.reopen().reconcile(told)

    assert len(told.weights) == 1
    assert office.books.get("trading.ensemble", "weights") == learnt


async def test_the_next_step_begins_with_what_was_learnt_also_after_a_restart(office, told):
    await opened(office)
    await buy(office)
    await sell(office)
    await office.desk.reconcile(told)
    office.desk = office.reopen()

    office.pass_time(hours=1)
    await buy(office, key="in2")
    await sell(office, key="out2")
    await office.desk.reconcile(told)

    first, second = told.weights
    assert second["before"] == first["after"] != second["after"]


async def test_what_other_strategies_trade_teaches_nothing(office, told):
    await opened(office)
    await buy(office, strategy="momentum")
    await sell(office, strategy="momentum")

    await office.desk.reconcile(told)

    assert told.weights == []


async def test_a_purchase_without_votes_teaches_nothing(office, told):
    await opened(office)
    await buy(office, evidence={})
    await sell(office)

    await office.desk.reconcile(told)

    assert told.weights == []


async def test_a_sale_in_two_parts_is_two_outcomes_that_sum_to_the_whole(office, told):
    await opened(office)
    await buy(office)
    await sell(office, key="out1", quantity="0.005", strategy="ensemble")
    await office.desk.reconcile(told)
    await sell(office, key="out2", quantity="0.015", strategy="ensemble")
    await office.desk.reconcile(told)

    parts = [outcome for value in told.weights for outcome in value["outcomes"]]
    net = {row.strategy: row.net for row in (await office.desk.attribution()).rows}["ensemble"]
    assert [round(float(part["risk"]), 6) for part in parts] == [7.5, 22.5]
    assert float(sum(Decimal(part["result"]) for part in parts)) == pytest.approx(float(net), abs=1e-6)


async def test_two_purchases_count_by_their_quantity(office, told):
    await opened(office)
    await buy(office, key="one", quantity="0.01")
    await buy(office, key="two", quantity="0.01", evidence={"vote_aggressive": "-0.9", "atr": "300"})
    await sell(office)
    await office.desk.reconcile(told)

    (outcome,) = told.weights[0]["outcomes"]
    kept = office.books.get("trading.ensemble.outcome", outcome["outcome"])
    assert outcome["clientOrderId"] == ["one", "two"]
    assert float(outcome["risk"]) == pytest.approx(0.01 * 3 * 500 + 0.01 * 3 * 300)
    assert float(kept["votes"]["aggressive"]) == pytest.approx(0, abs=1e-9)
    assert float(kept["votes"]["balanced"]) == pytest.approx(0.3)


async def test_who_cannot_be_told_is_told_the_next_time_and_nothing_is_learnt_meanwhile(office, told):
    await opened(office)
    await buy(office)
    await sell(office)

    def breaks(_name, _value):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        await office.desk.reconcile(breaks)
    assert office.books.get("trading.ensemble", "weights") is None
    await office.desk.reconcile(told)

    assert len(told.weights) == 1
    assert float(told.weights[0]["before"]["balanced"]) == EQUAL["balanced"]


async def test_a_desk_that_nobody_listens_to_learns_nothing(office):
    await opened(office)
    await buy(office)
    await sell(office)

    await office.desk.reconcile()

    assert office.books.get("trading.ensemble", "weights") is None


async def test_what_was_learnt_changes_what_each_vote_counts(office, told):
    before = {vote.temperament: vote.weight for vote in (await office.desk.consensus("ETH")).votes}
    office.books.put("trading.ensemble", "weights", dict(zip(NAMES, ("0.1", "0.1", "0.25", "0.55"), strict=True)))

    after = {vote.temperament: vote.weight for vote in (await office.desk.consensus("ETH")).votes}

    assert after["contrarian"] > before["contrarian"]
    assert after["aggressive"] < before["aggressive"]
