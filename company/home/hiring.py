"""Roles that packages bring: read, and taken on when `company.toml` says so.

A role is a text that a model obeys with the tools it grants, so confirming a package is not yet to employ what it
brings: `company.hires` names each role that joins. A hired role is a role like any other from then on. It never stands
for one of the directory's own.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from company.config import load_hires, suggest
from company.errors import UsageError
from company.home.directory import CompanyDirectory
from company.roles import Role, load_roles, read_role
from company.toolkit.lock import FILE, Lock, read_lock
from company.toolkit.packages import ROLES, named, points_of, unconfirmed
from company.toolkit.texts import files_of, package_texts

ANYBODY = "ceo"
"""Whom a packaged role reports to that names nobody, as long as no company has hired it."""


def roles_of(
    directory: CompanyDirectory, lock: Lock | None = None, hires: Sequence[str] | None = None
) -> dict[str, Role]:
    """Read a company's roles: its own, and those it hires.

    Args:
        directory: The company.
        lock: What was confirmed, when it is read already.
        hires: Ids of the roles it hires, when its settings are read already.

    Raises:
        UsageError: A file is broken, nobody brings a role that is hired, or the roles do not fit together.
    """
    names = load_hires(directory.config_file) if hires is None else hires
    return load_roles(directory.roles, _hired(directory, lock, names) if names else ())


def roles_in(distribution: Distribution) -> list[Role]:
    """Read the roles that a distribution brings, whether or not anybody hires them; nothing of it is imported.

    Raises:
        UsageError: It names a folder that it does not have, or a file is broken.
    """
    points = [point for point in distribution.entry_points if point.group == ROLES]
    files = {path for point in points for path in files_of(point).values()}
    return [read_role(path, above=ANYBODY) for path in sorted(files)]


def packages_of(directory: CompanyDirectory, lock: Lock, roles: Mapping[str, Role]) -> dict[str, str]:
    """Return the packages that roles of a company come from, by id; a role of the directory has none."""
    found = {str(path): named(point) for point, path in _brought(directory, lock)}
    return {role.id: found[role.source] for role in roles.values() if role.source in found}


def _hired(directory: CompanyDirectory, lock: Lock | None, names: Sequence[str]) -> list[Path]:
    offered = package_texts(ROLES, read_lock(directory.root) if lock is None else lock)
    for name in names:
        if name not in offered:
            where = f"{directory.config_file}: company.hires"
            raise UsageError(
                f"no confirmed package brings a role {name!r}", where=where, cure=_cure(name, directory, offered)
            )
    return [offered[name] for name in names]


def _cure(name: str, directory: CompanyDirectory, offered: Mapping[str, Path]) -> str:
    """Say which package waits to be confirmed for a role, else which roles there are to hire."""
    for package in unconfirmed(directory.root).values():
        if any(name in files_of(point) for point in package.of(ROLES)):
            return f"{package.name} brings it and is not confirmed: company plugins confirm {package.name}"
    return suggest(name, offered) if offered else "install a package that does, and confirm it: company plugins"


def _brought(directory: CompanyDirectory, lock: Lock) -> list[tuple[EntryPoint, Path]]:
    points = points_of(ROLES, lock, str(directory.root / FILE)).values()
    return [(point, path) for point in points for path in files_of(point).values()]
