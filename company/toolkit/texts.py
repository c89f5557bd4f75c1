"""Roles and prompts of installed packages: files of a distribution, found and read without importing anything of it.

An entry point of the group names a folder as Python names a package, `company_weather.prompts`, and every `*.md` in it
counts. A model reads these texts as it reads the company's own, so they are held to the hashes that a person confirmed,
and characters that nobody sees are refused in them.
"""

import hashlib
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

from company.errors import UsageError
from company.toolkit.files import files_in
from company.toolkit.lock import FILE, Lock
from company.toolkit.manifest import hidden_in
from company.toolkit.packages import Package, named, points_of


def package_texts(group: str, lock: Lock) -> dict[str, Path]:
    """Return the texts that confirmed packages bring, by file name without `.md`.

    Args:
        group: `company.roles` or `company.prompts`.
        lock: What a person confirmed.

    Raises:
        UsageError: A confirmed package is gone or another one, a text is not the one that was confirmed, or two
            packages bring texts of one name.
    """
    found: dict[str, Path] = {}
    for point in points_of(group, lock).values():
        package = named(point)
        for stem, path in files_of(point).items():
            if stem in found:
                raise UsageError(
                    f"two packages bring the {_kind(group)} {stem!r}",
                    where=f"{found[stem]} and {path}",
                    cure=f"do without one of them: company plugins remove {package}",
                )
            _hold(path, lock.packages[package].texts.get(f"{group}:{stem}", ""), package)
            found[stem] = path
    for package, locked in lock.packages.items():
        for text in locked.texts:
            if text.startswith(f"{group}:") and text.partition(":")[2] not in found:
                raise _other(f"{text} was confirmed and is gone", f"{FILE}: packages.{package}.texts", package)
    return found


def texts_of(package: Package, *groups: str) -> dict[str, str]:
    """Return the hashes of a package's roles and prompts, by `group:name`, as a lock keeps them.

    Raises:
        UsageError: A folder is missing or empty, a file cannot be read, or it holds characters that nobody sees.
    """
    files = {
        f"{group}:{stem}": path
        for group in groups
        for point in package.of(group)
        for stem, path in files_of(point).items()
    }
    for path in files.values():
        _require_plain(path)
    return {name: _hash(path) for name, path in sorted(files.items())}


def files_of(point: EntryPoint) -> dict[str, Path]:
    """Return the `*.md` files of the folder that an entry point names, by name without `.md`.

    Raises:
        UsageError: There is no such folder in the package, or it holds none.
    """
    files = files_in(_folder_of(point), ".md")
    if not files:
        raise broken_point(point, "holds no *.md file")
    return files


def broken_point(point: EntryPoint, why: str) -> UsageError:
    """Return the error for an installed package whose entry point cannot be used."""
    return UsageError(
        f"entry point {point.name!r} = {point.value!r} {why}",
        where=f"installed package {named(point)}, group {point.group}",
        cure=f"update the package, or do without it: company plugins remove {named(point)}",
    )


def _folder_of(point: EntryPoint) -> Path:
    """Return where the package of an entry point lies; `find_spec` would import what is above it."""
    inner = Path(*point.module.split("."))
    places = [Path(str(point.dist.locate_file(inner)))] if point.dist else []
    places += [Path(place, inner) for place in sys.path if place]  # of one that is installed to be edited
    for place in places:
        if place.is_dir():
            return place
    raise broken_point(point, "is no folder of the package")


def _hold(path: Path, expected: str, package: str) -> None:
    if _hash(path) != expected:
        what = "is not the text that was confirmed" if expected else "was not there when the package was confirmed"
        raise _other(what, f"{path} ({FILE}: packages.{package}.texts)", package)


def _other(what: str, where: str, package: str) -> UsageError:
    return UsageError(what, where=where, cure=f"look at it again: company plugins confirm {package}")


def _require_plain(path: Path) -> None:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"byte {error.start} is not UTF-8", where=str(path), cure="update the package") from error
    if hidden := hidden_in(text.replace("\t", " ")):
        what = f"holds characters that nobody sees ({', '.join(hidden[:5])}), and a model would read them"
        raise UsageError(what, where=str(path), cure="do not use the package; ask who put them in")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _kind(group: str) -> str:
    return group.removeprefix("company.").removesuffix("s")
