import math
import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from company.errors import UsageError
from company.trading.backtest import Terms, over_bars
from company.trading.features import frame as features_of
from company.trading.features import vectors
from company.trading.risk import RiskLimits
from company.trading.rl import NAMES, Trained
from company.trading.rl.environment import PENALTY, TradingEnv
from company.trading.rl.session import cut, known
from company.trading.signals import State

DAYS = 24 * 5


@pytest.fixture
def open_env(walk):
    def _open(*histories, **changed):
        given = {"terms": Terms(), "limits": RiskLimits(), "length": DAYS, **changed}
        return TradingEnv(histories or [walk(800)], **given)

    return _open


def lived(env, actions, seed=1):
    """Rewards, equities, observations and the end of an episode."""
    observation, _ = env.reset(seed=seed)
    rewards, equities, seen = [], [], [observation]
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(np.int64(action))
        rewards.append(reward)
        equities.append(info["equity"])
        seen.append(observation)
        if terminated or truncated:
            break
    return rewards, equities, np.array(seen), (terminated, truncated)


def test_gymnasium_finds_nothing_wrong(open_env):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(open_env(), skip_render_check=True)


def test_an_episode_of_doing_nothing_costs_nothing_and_ends_with_its_bars(open_env):
    rewards, equities, seen, end = lived(open_env(), [0] * 1000)

    assert (len(rewards), end) == (DAYS, (False, True))
    assert set(rewards) == {0.0}
    assert set(equities) == {100_000.0}
    assert set(seen[:, NAMES.index("position")]) == {0.0}


def test_the_reward_is_the_change_of_equity_after_fees_less_the_rise_of_the_drawdown(open_env):
    chosen = np.random.default_rng(2).integers(5, size=DAYS)
    rewards, equities, _, _ = lived(open_env(), chosen)

    curve = np.array([100_000.0, *equities])
    drawdowns = 1 - curve / np.maximum.accumulate(curve)
    risen = np.maximum(0.0, np.diff(drawdowns))
    assert rewards == pytest.approx((100 * (np.diff(np.log(curve)) - PENALTY * risen)).tolist(), abs=1e-9)


def test_fees_are_paid(open_env):
    restless = [4, 0] * (DAYS // 2)

    dear = lived(open_env(terms=Terms(taker_fee="0.01")), restless)[1][-1]
    cheap = lived(open_env(terms=Terms(taker_fee="0")), restless)[1][-1]

    assert dear < cheap - 1000


def test_the_same_seed_begins_at_the_same_bar_and_another_one_elsewhere(open_env):
    env = open_env()
    first, again, other = (env.reset(seed=seed)[0] for seed in (5, 5, 6))

    assert (first == again).all()
    assert not (first == other).all()


def test_what_is_observed_is_the_state_vector_of_the_whole_history_then_position_and_drawdown(open_env, walk):
    bars = walk(800)
    seen = lived(open_env(bars), [4] * DAYS)[2]
    values, _ = vectors(features_of(bars))

    begin = int(np.flatnonzero((np.abs(values - seen[0, : values.shape[1]]) < 1e-6).all(axis=1))[0])
    assert seen[:, :-2] == pytest.approx(values[begin : begin + DAYS + 1].astype(np.float32))
    assert 0.8 < seen[-1, -2] < 1.3
    assert seen[:, -1].max() > 0


def test_risk_disposes_of_what_the_agent_wants(open_env):
    observed = lived(open_env(limits=RiskLimits(min_conviction=1, max_trade_fraction="0.01")), [4, 4])[2]

    assert 0 < observed[1, -2] < 0.12  # a hundredth of the equity is a tenth of a full position


def test_a_position_is_left_step_by_step_and_wholly(open_env):
    seen = lived(open_env(), [4, 4, 4, 2, 2, 0, 0])[2]

    assert seen[3, -2] > 0.8
    assert 0.3 < seen[5, -2] < 0.7
    assert seen[7, -2] < 0.01


def test_a_drawdown_that_stops_the_desk_ends_the_episode(open_env):
    limits = RiskLimits(
        drawdown_halved="0.0005", drawdown_no_new="0.0006", drawdown_stop="0.0007", drawdown_release="0.0001"
    )
    _, _, seen, end = lived(open_env(limits=limits), [4, 0] * DAYS)

    assert end == (True, False)
    assert seen[-1, -1] >= 0.0007


def test_no_bar_after_the_one_that_closed_is_seen(open_env, walk):
    bars = walk(800)
    later = {name: getattr(bars, name).copy() for name in ("opens", "highs", "lows", "closes", "volumes")}
    env = open_env(bars)
    begin = env.reset(seed=1)[0]
    values, _ = vectors(features_of(bars))
    row = int(np.flatnonzero((np.abs(values - begin[:-2]) < 1e-6).all(axis=1))[0])
    for column in later.values():
        column[row + 1 :] *= 1.5
    changed = type(bars)(bars.symbol, "1h", "walk", bars.times, *later.values())

    assert (open_env(changed).reset(seed=1)[0] == begin).all()


def test_a_step_before_the_first_reset_is_refused(open_env):
    with pytest.raises(RuntimeError, match="reset"):
        open_env().step(np.int64(0))


def test_a_history_that_is_too_short_is_refused(open_env, walk):
    with pytest.raises(UsageError, match=r"BTC/USDT from walk has 300 bars, 421 are needed"):
        open_env(walk(300))


def test_following_a_policy_in_a_backtest_trades_as_living_through_it_in_an_episode(walk, wanting):
    """One stretch, twice: the environment's session and the backtest's loop fill alike."""
    from company.trading.rl.observations import wished
    from company.trading.rl.session import Session

    bars, terms, limits = walk(500), Terms(), RiskLimits()
    frame = features_of(bars)
    result = over_bars("policy", lambda _: Trained(wanting(3)), [bars], terms=terms, limits=limits, source="walk")

    part, columns = cut(bars, frame, 0, len(bars))
    session = Session(part, columns, known(frame), terms=terms, limits=limits)
    while not session.is_over:
        session.go_on(wished(session.state, session.owned, 0.1, 3))

    assert result.fills
    assert session.owned.equity == pytest.approx(float(result.equity), abs=0.01)


def test_a_cut_history_keeps_the_features_it_had_in_the_whole(walk):
    bars = walk(400)
    frame = features_of(bars)
    part, columns = cut(bars, frame, 100, 200)

    assert len(part) == len(columns) == 100
    assert State(columns, 0).at == State(frame, 100).at
    assert math.isclose(State(columns, 7)["rsi"], State(frame, 107)["rsi"])
