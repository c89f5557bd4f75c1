"""The kinds of model providers that a company's `company.toml` may name: those built in, and those of packages.

`company.config` reads a kind as a word, for it knows no packages. Here it is held to what there is. Nothing of a
package is imported: that happens when a model of its kind is first asked for.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint

from company.config import MODEL_KINDS, Settings, suggest
from company.errors import UsageError
from company.home.directory import CompanyDirectory
from company.toolkit.lock import FILE, Lock
from company.toolkit.packages import PROVIDERS, named, points_of, unconfirmed


def kinds_of(directory: CompanyDirectory, lock: Lock) -> dict[str, EntryPoint]:
    """Return the kinds that confirmed packages bring.

    Args:
        directory: The company.
        lock: What was confirmed.

    Raises:
        UsageError: A confirmed package is gone or another one, or claims the name of a kind that is built in.
    """
    found = points_of(PROVIDERS, lock, str(directory.root / FILE))
    for name in sorted(found.keys() & set(MODEL_KINDS)):
        raise UsageError(
            f"the kind of provider {name!r} is built in, and a package replaces none",
            where=f"installed package {named(found[name])}, group {PROVIDERS}",
            cure=f"do without the package: company plugins remove {named(found[name])}",
        )
    return found


def kind_faults(
    directory: CompanyDirectory, settings: Settings, kinds: Mapping[str, EntryPoint]
) -> Iterator[UsageError]:
    """Yield an error for each provider of a kind that is neither built in nor brought by a confirmed package."""
    for name, provider in settings.providers.items():
        if provider.kind not in (*MODEL_KINDS, *kinds):
            where = f"{directory.config_file}: providers.{name}.kind"
            what = f"there is no kind of provider {provider.kind!r}"
            yield UsageError(what, where=where, cure=_cure(provider.kind, directory, kinds))


def _cure(kind: str, directory: CompanyDirectory, kinds: Mapping[str, EntryPoint]) -> str:
    for package in unconfirmed(directory.root).values():
        if any(point.name == kind for point in package.of(PROVIDERS)):
            return f"{package.name} brings it and is not confirmed: company plugins confirm {package.name}"
    brought = ", ".join(f"{name} ({named(point)})" for name, point in sorted(kinds.items()))
    near = suggest(kind, (*MODEL_KINDS, *kinds))
    listed = f"built in are {', '.join(MODEL_KINDS)}; packages bring {brought or 'none'}"
    return f"{near} {listed}" if near.startswith("did you mean") else listed
