"""Installed packages that extend the company, found without importing anything of them.

A package takes part with entry points of the groups below. It counts once a person confirmed it for a company
directory: `company.lock` holds its version and its entry points, and only what is installed exactly so is used. What
nobody confirmed is left out; what is another version than confirmed, or is gone, is an error: nothing is skipped
silently. Everything here reads metadata; no module of a package is imported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, distributions
from pathlib import Path

from company.errors import UsageError
from company.toolkit.lock import FILE, Confirmed, Lock, read_lock

TOOLS = "company.tools"
PROMPTS = "company.prompts"
ROLES = "company.roles"
SCORERS = "company.scorers"
PROVIDERS = "company.providers"
VENUES = "company.venues"
NOTIFIERS = "company.notifiers"

GROUPS = (TOOLS, PROMPTS, ROLES, SCORERS, PROVIDERS, VENUES, NOTIFIERS)
"""Entry-point groups that are looked at."""
INSIDE = (SCORERS, PROVIDERS, VENUES, NOTIFIERS)
"""Groups whose code runs inside the company's process, with all its rights."""

OURS = "the-ai-company"
"""This distribution itself."""


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution that extends the company.

    Attributes:
        name: Its normalised name, `company-weather`.
        version: Its version.
        points: Its entry points in our groups, `group:name` to `module:attribute`.
        entries: The same as entry points.
        distribution: Where its files are found.
    """

    name: str
    version: str
    points: dict[str, str]
    entries: tuple[EntryPoint, ...] = field(repr=False)
    distribution: Distribution = field(repr=False)

    def of(self, group: str) -> list[EntryPoint]:
        """Return its entry points in one group, by name."""
        return sorted((point for point in self.entries if point.group == group), key=lambda point: point.name)


def normalised(name: str) -> str:
    """Return the name of a distribution as the index compares it: `Company_Weather` is `company-weather`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def package(name: str) -> Package | None:
    """Return an installed distribution that has entry points in our groups, else None."""
    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError):  # ValueError: an empty name
        return None
    return _read(found)


def installed_packages() -> dict[str, Package]:
    """Return every installed distribution with entry points in our groups, but our own, by name."""
    found: dict[str, Package | None] = {}
    for each in distributions():  # the first on the path is the one that is imported
        if (name := _name(each)) not in found:
            found[name] = _read(each)
    return {name: found for name, found in sorted(found.items()) if found}


def unconfirmed(root: Path) -> dict[str, Package]:
    """Return the installed packages that nobody confirmed for a company directory, by name.

    Args:
        root: The company directory, which holds `company.lock`.

    Raises:
        UsageError: The lock cannot be read.
    """
    known = read_lock(root).packages
    return {name: found for name, found in installed_packages().items() if name not in known}


def confirmed(group: str, root: Path) -> dict[str, EntryPoint]:
    """Return the entry points of one group that a company may use, by name: those of its confirmed packages.

    Args:
        group: One of `GROUPS`.
        root: The company directory, which holds `company.lock`.

    Raises:
        UsageError: The lock cannot be read, a confirmed package is gone or is not the one that was confirmed, or two
            packages use one name.
    """
    return points_of(group, read_lock(root), root / FILE)


def points_of(group: str, lock: Lock, where: Path | str = FILE) -> dict[str, EntryPoint]:
    """Return what `confirmed` does, of a lock that is read already from the file `where`."""
    found: dict[str, EntryPoint] = {}
    for name, locked in sorted(lock.packages.items()):
        for point in _held_to(locked, name, str(where)).of(group):
            if point.name in found:
                raise UsageError(
                    f"two installed packages have the entry point {point.name!r}",
                    where=f"{named(found[point.name])} and {name}, group {group}",
                    cure=f"do without one of them: company plugins remove {name}",
                )
            found[point.name] = point
    return found


def named(point: EntryPoint) -> str:
    """Return the name of the package that an entry point comes from."""
    return normalised(point.dist.name) if point.dist else "?"


def fault_of_package(name: str, locked: Confirmed) -> str:
    """Say why an installed package is not what was confirmed; empty when it is."""
    return _fault(package(name), name, locked)


def _held_to(locked: Confirmed, name: str, where: str) -> Package:
    found = package(name)
    if fault := _fault(found, name, locked):
        again = f"look at it again: company plugins confirm {name}" if found else f"install {name}=={locked.version}"
        raise UsageError(fault, where=where, cure=f"{again}; or do without it: company plugins remove {name}")
    assert found is not None
    return found


def _fault(found: Package | None, name: str, locked: Confirmed) -> str:
    if found is None:
        return f"{name} {locked.version} was confirmed and is not installed"
    if found.version != locked.version:
        return f"{name} {locked.version} was confirmed, {found.version} is installed"
    if found.points != locked.points:
        changed = sorted(dict(found.points.items() ^ locked.points.items()))
        return f"{name} {locked.version} has other entry points than were confirmed: {', '.join(changed)}"
    return ""


def _read(found: Distribution) -> Package | None:
    if (name := _name(found)) in ("", OURS):
        return None
    entries = tuple(_ours(found))
    points = {f"{point.group}:{point.name}": point.value for point in entries}
    return Package(name, found.version, dict(sorted(points.items())), entries, found) if entries else None


def _name(found: Distribution) -> str:
    return normalised(found.metadata["Name"] or "") if found.metadata else ""


def _ours(found: Distribution) -> Iterator[EntryPoint]:
    for point in found.entry_points:
        if point.group in GROUPS:
            yield point
