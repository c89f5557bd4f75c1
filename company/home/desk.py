"""The trading desk of a company, and the clock it goes by; it opens alone too, without roles, tools and models."""

from collections.abc import Mapping
from pathlib import Path

from company.config import Settings, load_settings
from company.home.brought import NO_POINTS, Points
from company.home.directory import CompanyDirectory
from company.home.opening import open_secrets
from company.home.turns import LOCK, Turns
from company.home.venues import open_venues, venue_points
from company.ports import Clock, Secrets
from company.store import Store
from company.trading import Desk, RiskLimits
from company.world import START, PaperWorld, VirtualClock, WallClock

SEED_FLAG = "world.seed"
"""Name of the store's flag that keeps the seed of a home's world."""


def open_desk(directory: CompanyDirectory, store: Store, state: Path, environment: Mapping[str, str]) -> Desk | None:
    """Open the trading desk alone, which also opens when roles or tools are broken; None when there is no world yet.

    Args:
        directory: Whose `company.toml` is read.
        store: The home's store.
        state: Its state directory, where keys of exchanges are.
        environment: Environment of the process, for the key that opens them.

    Raises:
        UsageError: `company.toml` is wrong, or a venue of a package cannot be used.
    """
    seed = store.flags.get(SEED_FLAG)
    if seed is None:
        return None
    settings = load_settings(directory.config_file)
    clock = company_clock(settings)
    world = PaperWorld(seed=int(seed), books=store.books("world"), clock=clock)
    points = venue_points(directory, settings, environment)
    return desk_of(store, settings, world, clock, open_secrets(state, store, environment), state, points)


def company_clock(settings: Settings) -> VirtualClock | WallClock:
    """Return the clock that the settings choose."""
    return WallClock() if settings.world.clock == "wall" else VirtualClock(START)


def desk_of(
    store: Store,
    settings: Settings,
    world: PaperWorld,
    clock: Clock,
    secrets: Secrets,
    state: Path,
    points: Points = NO_POINTS,
) -> Desk:
    """Return the desk that trades at the venues of the settings; desks of one state directory take turns."""
    return Desk(
        venues=open_venues(store, settings, world, secrets, points),
        clock=clock,
        books=store.books("trading"),
        limits=RiskLimits.of(settings.limits),
        quote=settings.company.quote,
        tolerance=settings.trading.risk_tolerance,
        placing=Turns(state / LOCK),
    )
