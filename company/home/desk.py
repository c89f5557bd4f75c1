"""The trading desk of a company, and the clock it goes by; it opens alone too, without roles, tools and models."""

from company.config import LimitSettings, Settings, load_settings
from company.home.directory import CompanyDirectory
from company.ports import Clock
from company.store import Store
from company.trading import Desk, RiskLimits
from company.world import START, PaperWorld, VirtualClock, WallClock

SEED_FLAG = "world.seed"
"""Name of the store's flag that keeps the seed of a home's world."""


def open_desk(directory: CompanyDirectory, store: Store) -> Desk | None:
    """Open the trading desk alone, which also opens when roles or tools are broken; None when there is no world yet.

    Raises:
        UsageError: `company.toml` is wrong.
    """
    seed = store.flags.get(SEED_FLAG)
    if seed is None:
        return None
    settings = load_settings(directory.config_file)
    clock = company_clock(settings)
    return desk_of(store, settings, PaperWorld(seed=int(seed), books=store.books("world"), clock=clock), clock)


def company_clock(settings: Settings) -> VirtualClock | WallClock:
    """Return the clock that the settings choose."""
    return WallClock() if settings.world.clock == "wall" else VirtualClock(START)


def desk_of(store: Store, settings: Settings, world: PaperWorld, clock: Clock) -> Desk:
    """Return the desk that trades in a world."""
    return Desk(
        venues=world.venues,
        clock=clock,
        books=store.books("trading"),
        limits=_limits(settings.limits),
        quote=settings.company.quote,
    )


def _limits(limits: LimitSettings) -> RiskLimits:
    halved, no_new, stop = limits.drawdown_steps
    return RiskLimits(
        max_trade_fraction=limits.max_trade_fraction,
        max_position_fraction=limits.max_position_fraction,
        max_gross_fraction=limits.max_gross_fraction,
        min_conviction=limits.min_conviction,
        daily_loss_fraction=limits.daily_loss_fraction,
        drawdown_halved=halved,
        drawdown_no_new=no_new,
        drawdown_stop=stop,
    )
