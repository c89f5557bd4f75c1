"""A gymnasium environment over the company's own backtest: its exchange, its risk engine, its fees.

An episode is a stretch of one history. At each close the agent says how much of a full position it wants; the order
that risk makes of it trades at the next open, and the bar after passes. The reward of a bar is

    100 * (ln(equity / equity before) - PENALTY * rise of the drawdown, if it rose)

with the equity marked at the close, after all fees. An episode ends when its bars are over (truncated), or when a
drawdown stops the desk (terminated). A full position is the limit on one symbol.
"""

from collections.abc import Sequence
from math import log
from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces

from company.errors import UsageError
from company.trading.backtest import Terms
from company.trading.features import Bars, frame
from company.trading.markets import HISTORY
from company.trading.risk import RiskLimits
from company.trading.rl.observations import ACTIONS, MOST, NAMES, Observation, observe, wished
from company.trading.rl.session import Session, cut, known

LENGTH: Final = 240
PENALTY: Final = 0.5


class TradingEnv(gymnasium.Env[Observation, np.int64]):
    """Trades one symbol long or not at all.

    Args:
        histories: Bars to take episodes from, each at least as long as the warm-up, what risk looks back on and an
            episode.
        terms: What trading costs.
        limits: What every wish is held against.
        length: Bars of an episode.

    Raises:
        UsageError: A history is too short.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # gymnasium's own type

    def __init__(self, histories: Sequence[Bars], *, terms: Terms, limits: RiskLimits, length: int = LENGTH) -> None:
        self._histories = [(bars, features, known(features)) for bars in histories for features in [frame(bars)]]
        self._terms, self._limits, self._length = terms, limits, length
        self._full = float(limits.max_position_fraction)
        self._session: Session | None = None
        for bars, _, first in self._histories:
            if len(bars) < (least := self._lead(first) + length + 1):
                raise UsageError(
                    f"{bars.symbol} from {bars.source} has {len(bars)} bars, {least} are needed",
                    where="histories",
                    cure="give a longer history, or a smaller length",
                )
        high = np.ones(len(NAMES), dtype=np.float32)
        high[NAMES.index("position")] = MOST
        self.observation_space = spaces.Box(-np.ones(len(NAMES), dtype=np.float32), high, dtype=np.float32)
        self.action_space = spaces.Discrete(ACTIONS)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode somewhere in one of the histories."""
        super().reset(seed=seed)
        bars, features, warm = self._histories[self.np_random.integers(len(self._histories))]
        first = int(self.np_random.integers(self._lead(warm), len(bars) - self._length))
        part, columns = cut(bars, features, first - HISTORY, first + self._length + 1)
        self._session = Session(part, columns, HISTORY, terms=self._terms, limits=self._limits)
        return self._observed(self._session), {}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Ask for a position, and let a bar pass."""
        session = self._session
        if session is None:
            raise RuntimeError("the environment has no episode: call reset() first")
        before = session.owned
        session.go_on(wished(session.state, before, self._full, int(action)))
        after = session.owned
        risen = max(0.0, after.drawdown - before.drawdown)
        reward = 100 * (log(after.equity / before.equity) - PENALTY * risen)
        return self._observed(session), reward, session.step == "stop", session.is_over, {"equity": after.equity}

    def _lead(self, warm: int) -> int:
        """Return the first bar at which an episode may begin."""
        return max(warm, HISTORY)

    def _observed(self, session: Session) -> Observation:
        return observe(session.state, session.owned, self._full)
