"""The venues that the settings name: the paper world's, our own exchange over HTTP, exchanges behind ccxt or a package.

A kind that is not built in is an entry point of the group `company.venues` of a package that a person confirmed. Its
code is imported when the venue is first asked.
"""

from collections.abc import Callable, Mapping

from company.config import PAPER, VENUE_KINDS, Settings, VenueSettings
from company.errors import UsageError
from company.home.brought import NO_POINTS, Points, brought, unknown_kind
from company.home.directory import CompanyDirectory
from company.home.live import LiveSwitch
from company.ports import Secrets, Venue
from company.store import Store
from company.toolkit.packages import VENUES, named
from company.trading.venues import CcxtVenue, Keys, Mode, PackageVenue, Terms
from company.world import PaperWorld


def venue_points(directory: CompanyDirectory, settings: Settings, environment: Mapping[str, str]) -> Points:
    """Return the kinds of venues that confirmed packages bring; nothing is looked at when the settings need none.

    Raises:
        UsageError: As `brought`.
    """
    asked = {f"venues.{name}.kind": section.kind for name, section in settings.venues.items()}
    return brought(VENUES, VENUE_KINDS, asked, directory, environment)


def open_venues(
    store: Store, settings: Settings, world: PaperWorld, secrets: Secrets, points: Points = NO_POINTS
) -> dict[str, Venue]:
    """Return the venues by name, in the order of the settings; none is asked anything yet.

    Args:
        store: Where the live switch is.
        settings: What `company.toml` says.
        world: The paper world, whose venues are meant by `paper`.
        secrets: Where keys are.
        points: What confirmed packages bring.

    Raises:
        UsageError: The settings name a kind that is neither built in nor brought by a package.
    """
    venues: dict[str, Venue] = {}
    switch = live_switch(store, settings, secrets, lambda: points)
    for name in settings.world.venues:
        if name == PAPER:
            venues |= world.venues
        else:
            venues[name] = _opened(name, settings.venues[name], secrets, switch, points)
    return venues


def _opened(name: str, section: VenueSettings, secrets: Secrets, switch: LiveSwitch, points: Points) -> Venue:
    terms, keys = terms_of(name, section), _reader(section, secrets)
    if section.kind in VENUE_KINDS:
        return CcxtVenue(terms, keys=keys, gate=switch)
    if section.kind not in points:
        raise _unknown(name, section.kind, points)
    return PackageVenue(terms, load=points[section.kind].load, keys=keys, gate=switch)


def _unknown(name: str, kind: str, points: Points) -> UsageError:
    return unknown_kind(kind, [*VENUE_KINDS, *points], f"venues.{name}.kind")


def live_switch(
    store: Store, settings: Settings, secrets: Secrets, points: Callable[[], Points] = lambda: NO_POINTS
) -> LiveSwitch:
    """Return the live switch of a home.

    Args:
        store: Where it is kept.
        settings: What `company.toml` says.
        secrets: Where keys are.
        points: Returns what confirmed packages bring; asked when a venue of a package is looked at.
    """
    return LiveSwitch(
        store,
        settings,
        lambda name: keys_of(settings.venues[name], secrets),
        lambda name: package_of(settings.venues[name], points()),
    )


def package_of(section: VenueSettings, points: Points) -> str:
    """Return name, version and entry point of the package that brings a venue's kind; empty for one that is built in.

    Raises:
        UsageError: No confirmed package brings it.
    """
    if section.kind in VENUE_KINDS:
        return ""
    if section.kind not in points:
        raise _unknown(section.key, section.kind, points)
    point = points[section.kind]
    version = point.dist.version if point.dist else ""
    return f"{named(point)} {version}, {point.value}"


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
        options=section.options,
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
