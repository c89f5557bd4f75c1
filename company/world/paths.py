"""The hidden course of the market: one minute's log-return after the other for all symbols.

A return is `beta x common + own`, plus the drift of the regime, plus rare jumps. One volatility factor, a log
Ornstein-Uhlenbeck process in 15-minute steps, scales both parts, so quiet and wild hours cluster and the returns have
fat tails (Taylor, "Modelling stochastic volatility", 1994; jumps after Merton, 1976). Bull, bear and sideways follow
each other as a Markov chain in steps of one hour (Hamilton, 1989).

A day is drawn in one go from its own random stream and the state in which the day before ended; only that state, a
few numbers, is kept for every day, so any day can be made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from company.world.chance import stream

DAY: Final = 1440  # minutes
REGIMES: Final = ("sideways", "bull", "bear")

Floats = NDArray[np.float64]

_DRIFT = np.array([0.0, 0.012, -0.012])  # log-return of the common factor a day
_TURBULENCE = np.array([0.75, 1.0, 1.2])  # volatility against the average
_LENGTH = (96, 96, 96)  # mean hours a regime lasts
_UP = (0.5, 0.65, 0.35)  # chance that a jump goes up
_COMMON = 0.019  # standard deviation of the common factor a day
_PULL = 0.002  # share of the distance to the origin that is lost a day: keeps levels plausible over years
_BLOCK = 15  # minutes of constant volatility
_MEMORY = 0.5 ** (_BLOCK / 480)  # the volatility factor forgets half in 8 hours
_HEAT = 0.45  # standard deviation of the log volatility
_JUMPS_COMMON = 0.12  # a day
_JUMPS_OWN = 0.05  # a day and symbol


@dataclass(frozen=True, slots=True)
class Nature:
    """How one symbol moves.

    Attributes:
        beta: Its share in the common factor.
        own: Standard deviation of its own daily log-return.
    """

    beta: float
    own: float


@dataclass(frozen=True, slots=True)
class State:
    """Where a day ends and the next one begins: log levels against the origin, regime, log volatility."""

    levels: Floats
    regime: int
    heat: float


@dataclass(frozen=True, slots=True)
class Jump:
    """A sudden log-return of one symbol within one minute of a day."""

    minute: int
    symbol: int
    move: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day's course.

    Attributes:
        begin: State at 00:00.
        levels: Log level at the end of each minute, shape (symbols, 1440).
        sigma: Standard deviation of each minute's log-return without jumps, shape (symbols, 1440).
        regimes: Index into `REGIMES` for each hour.
        jumps: In order of time and symbol.
        end: State at 24:00.
    """

    begin: State
    levels: Floats
    sigma: Floats
    regimes: tuple[int, ...]
    jumps: tuple[Jump, ...]
    end: State


class Paths:
    """The course of all symbols for a seed.

    Args:
        seed: The world's seed.
        natures: One for each symbol.
    """

    def __init__(self, seed: int, natures: Sequence[Nature]) -> None:
        self._seed = seed
        self._beta = np.array([nature.beta for nature in natures])
        self._own = np.array([nature.own for nature in natures])
        first = stream(seed, "market.begin")
        regime, heat = int(first.integers(len(REGIMES))), _HEAT * float(first.standard_normal())
        self._begin = [State(levels=np.zeros(len(natures)), regime=regime, heat=heat)]

    def state(self, day: int) -> State:
        """Return the state at the beginning of a day, 0 being the first."""
        while len(self._begin) <= day:
            self._begin.append(self._draw(len(self._begin) - 1).end)
        return self._begin[day]

    def day(self, day: int) -> Day:
        """Return the course of a day."""
        self.state(day)
        return self._draw(day)

    def _draw(self, day: int) -> Day:
        begin, chance = self._begin[day], stream(self._seed, "market.day", day)
        regimes = _regimes(chance, begin.regime)
        hourly = np.array(regimes[:-1])
        heat = _heat(chance, begin.heat)
        calm = np.exp(np.repeat(heat[:-1], _BLOCK) - _HEAT**2) * np.repeat(_TURBULENCE[hourly], 60) * _SEASON
        drift = np.repeat(_DRIFT[hourly], 60) / DAY
        common = drift + _COMMON / sqrt(DAY) * calm * chance.standard_normal(DAY)
        own = np.outer(self._own / sqrt(DAY), calm)
        moves = np.outer(self._beta, common) + own * chance.standard_normal((len(self._beta), DAY))
        moves -= (begin.levels * _PULL / DAY)[:, None]
        jumps = self._jumps(chance, regimes)
        for jump in jumps:
            moves[jump.symbol, jump.minute] += jump.move
        levels = begin.levels[:, None] + np.cumsum(moves, axis=1)
        return Day(
            begin=begin,
            levels=levels,
            sigma=np.hypot(np.outer(self._beta * _COMMON / sqrt(DAY), calm), own),
            regimes=regimes[:-1],
            jumps=jumps,
            end=State(levels=levels[:, -1].copy(), regime=regimes[-1], heat=float(heat[-1])),
        )

    def _jumps(self, chance: Generator, regimes: Sequence[int]) -> tuple[Jump, ...]:
        jumps: dict[tuple[int, int], float] = {}
        for _ in range(int(chance.poisson(_JUMPS_COMMON))):
            minute, move = _jump(chance, regimes, 0.02)
            jumps |= {(minute, symbol): float(beta) * move for symbol, beta in enumerate(self._beta)}
        for symbol, count in enumerate(chance.poisson(_JUMPS_OWN, len(self._beta))):
            for _ in range(int(count)):
                minute, move = _jump(chance, regimes, 0.022)
                jumps[minute, symbol] = move
        return tuple(Jump(minute=place[0], symbol=place[1], move=jumps[place]) for place in sorted(jumps))


def _jump(chance: Generator, regimes: Sequence[int], least: float) -> tuple[int, float]:
    minute = int(chance.integers(DAY))
    size = least + float(chance.exponential(0.01))
    up = chance.random() < _UP[regimes[minute // 60]]
    return minute, size if up else -size


def _regimes(chance: Generator, first: int) -> tuple[int, ...]:
    """Return the regime of each hour of the day and of the first hour after it."""
    hours = [first]
    for leaves, other in zip(chance.random(24).tolist(), chance.integers(1, 3, 24).tolist(), strict=True):
        now = hours[-1]
        hours.append((now + other) % len(REGIMES) if leaves < 1 / _LENGTH[now] else now)
    return tuple(hours)


def _heat(chance: Generator, first: float) -> Floats:
    """Return the log volatility of each block of the day and of the first block after it."""
    heat, noise = [first], _HEAT * sqrt(1 - _MEMORY**2)
    for draw in chance.standard_normal(DAY // _BLOCK).tolist():
        heat.append(_MEMORY * heat[-1] + noise * draw)
    return np.array(heat)


def _season() -> Floats:
    """Return the volatility of each minute of the day against its average: busiest at 15:00 UTC."""
    hours = np.arange(DAY) / 60
    shape = 1 + 0.3 * np.cos((hours - 15) * 2 * np.pi / 24)
    return np.asarray(shape / np.sqrt(np.mean(shape**2)), dtype=np.float64)


_SEASON = _season()
