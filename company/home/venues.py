"""The venues that the settings name: the paper world's, our own exchange over HTTP, exchanges behind ccxt."""

from collections.abc import Callable

from company.config import PAPER, Settings, VenueSettings
from company.errors import UsageError
from company.home.live import LiveSwitch
from company.ports import Secrets, Venue
from company.store import Store
from company.trading.venues import CcxtVenue, Keys, Mode, Terms
from company.world import PaperWorld


def open_venues(store: Store, settings: Settings, world: PaperWorld, secrets: Secrets) -> dict[str, Venue]:
    """Return the venues by name, in the order of the settings; none is asked anything yet.

    Args:
        store: Where the live switch is.
        settings: What `company.toml` says.
        world: The paper world, whose venues are meant by `paper`.
        secrets: Where keys are.
    """
    venues: dict[str, Venue] = {}
    switch = live_switch(store, settings, secrets)
    for name in settings.world.venues:
        if name == PAPER:
            venues |= world.venues
        else:
            section = settings.venues[name]
            venues[name] = CcxtVenue(terms_of(name, section), keys=_reader(section, secrets), gate=switch)
    return venues


def live_switch(store: Store, settings: Settings, secrets: Secrets) -> LiveSwitch:
    """Return the live switch of a home."""
    return LiveSwitch(store, settings, lambda name: keys_of(settings.venues[name], secrets))


def terms_of(name: str, section: VenueSettings) -> Terms:
    """Return a section `[venues.NAME]` as the trading room knows it."""
    return Terms(
        name=name,
        kind=section.kind,
        exchange=section.exchange,
        url=section.url,
        sandbox=section.sandbox,
        symbols=section.symbols,
        timeout=section.timeout.total_seconds(),
    )


def mode_of(settings: Settings) -> Mode:
    """Return what money is at stake at the venues in use: real, else that of a sandbox, else paper."""
    used = [terms_of(name, settings.venues[name]).mode for name in settings.world.venues if name != PAPER]
    return "real" if "real" in used else "sandbox" if "sandbox" in used else "paper"


def keys_of(section: VenueSettings, secrets: Secrets) -> Keys | None:
    """Return a venue's keys, None when there are none.

    Raises:
        UsageError: There is a key without its secret, or the other way round.
    """
    key, secret, passphrase = map(secrets.get, section.secrets)
    if (key is None) != (secret is None):
        missing = section.secrets[secret is None]
        raise UsageError("a key and its secret belong together", where=missing, cure=f"company key set {missing}")
    return Keys(key, secret, passphrase or "") if key and secret else None


def _reader(section: VenueSettings, secrets: Secrets) -> Callable[[], Keys | None]:
    return lambda: keys_of(section, secrets)
