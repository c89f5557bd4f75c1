"""What confirmed packages bring where `company.toml` names a kind: of venues, of notifiers.

`company.config` reads a kind as a word, for it knows no packages; here it is held to what there is. Nothing is imported
yet, and nothing is looked up when all kinds that are named are built in. What a directory calls confirmed is imported
later, so the directory has to be trusted.
"""

from collections.abc import Collection, Mapping
from importlib.metadata import EntryPoint
from types import MappingProxyType

from company.config import suggest
from company.errors import UsageError
from company.home.directory import CompanyDirectory
from company.home.trusting import require_trust
from company.toolkit.packages import confirmed, named, unconfirmed

Points = Mapping[str, EntryPoint]
"""Entry points of packages by the kind that the settings name them with."""
NO_POINTS: Points = MappingProxyType({})


def brought(
    group: str,
    built_in: Collection[str],
    asked: Mapping[str, str],
    directory: CompanyDirectory,
    environment: Mapping[str, str],
) -> Points:
    """Return the kinds that confirmed packages bring, when the settings name one that is not built in.

    Args:
        group: The entry-point group.
        built_in: Kinds that need no package.
        asked: The kinds that the settings name, by the dotted place where.
        directory: The company, whose `company.lock` says what was confirmed.
        environment: Environment of the process: which directories are trusted.

    Raises:
        UsageError: A kind is unknown, the directory is not trusted, a package is not the one that was confirmed, or it
            claims the name of a kind that is built in.
    """
    further = {place: kind for place, kind in asked.items() if kind not in built_in}
    if not further:
        return NO_POINTS
    require_trust(directory, environment)
    found = confirmed(group, directory.root)
    for kind in sorted(found.keys() & set(built_in)):
        raise UsageError(
            f"the kind {kind!r} is built in, and a package replaces none",
            where=f"installed package {named(found[kind])}, group {group}",
            cure=f"do without the package: company plugins remove {named(found[kind])}",
        )
    for place, kind in further.items():
        if kind not in found:
            where = f"{directory.config_file}: {place}"
            raise unknown_kind(kind, [*built_in, *found], where, _waiting(directory, group, kind))
    return found


def unknown_kind(kind: str, known: Collection[str], where: str, hint: str = "") -> UsageError:
    """Return the error for a kind that nobody brings."""
    near = suggest(kind, known)
    listed = "" if near.startswith("known here") else f" known here: {', '.join(sorted(known))}"
    return UsageError(f"there is no kind {kind!r}", where=where, cure=hint or f"{near}{listed}")


def _waiting(directory: CompanyDirectory, group: str, kind: str) -> str:
    """Return the cure when an installed package brings a kind and nobody confirmed it; empty else."""
    for name, found in unconfirmed(directory.root).items():
        if any(point.name == kind for point in found.of(group)):
            return f"{name} brings it and is not confirmed: company plugins confirm {name}"
    return ""
