"""What a person is asked to confirm: a package as it is installed, a server as it answers, and what changed since.

A package is described in a worker of its own, so looking at one runs none of its code in this process. Whether its
results may be trusted is the person's word alone.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from company.errors import UsageError
from company.toolkit.foreign import Description
from company.toolkit.lock import Confirmed, Lock
from company.toolkit.packages import PROMPTS, ROLES, TOOLS, Package, fault_of_package
from company.toolkit.texts import texts_of


def as_confirmed(package: Package, *, by: str, at: datetime, trusted: Collection[str] = ()) -> Confirmed:
    """Return what a person would confirm of an installed package.

    Args:
        package: The package.
        by: Who confirms it.
        at: When, aware.
        trusted: Names of its tools whose results no stranger can write.

    Raises:
        UsageError: A tool cannot be used or is there twice, a text cannot be read, or `trusted` names no tool.
    """
    tools: dict[str, Description] = {}
    names: dict[str, str] = {}
    for point, description in _described(package):
        if description.name in tools:
            where = f"installed package {package.name}, entry points {names[description.name]} and {point}"
            raise UsageError(f"brings the tool {description.name!r} twice", where=where, cure="ask who makes it")
        trust = "trusted" if description.name in trusted else "untrusted"
        tools[description.name] = description.model_copy(update={"trust": trust})
        names[description.name] = point
    if unknown := sorted(set(trusted) - tools.keys()):
        cure = f"its tools are: {', '.join(sorted(tools)) or 'none'}"
        raise UsageError(f"{package.name} brings no tool {unknown[0]!r}", where="--trust", cure=cure)
    return Confirmed(
        by=by,
        at=at,
        version=package.version,
        points=package.points,
        tools=tuple(tools[name] for name in sorted(tools)),
        names=names,
        texts=texts_of(package, ROLES, PROMPTS),
    )


def usable(lock: Lock, *, but: str = "") -> Lock:
    """Return the part of a lock whose packages are installed as they were confirmed, without the one called `but`."""
    kept = {name: each for name, each in lock.packages.items() if name != but and not fault_of_package(name, each)}
    return lock.model_copy(update={"packages": kept})


def changes(before: Confirmed, after: Confirmed) -> list[str]:
    """Return what differs between two confirmations, a line each; empty when nothing does but who and when."""
    found = [f"version {before.version} -> {after.version}"] if before.version != after.version else []
    found += _differences("entry point ", before.points, after.points)
    was, now = ({tool.name: tool for tool in each.tools} for each in (before, after))
    found += [f"- tool {name} is gone" for name in sorted(was.keys() - now.keys())]
    found += [f"+ tool {name} is new" for name in sorted(now.keys() - was.keys())]
    for name in sorted(was.keys() & now.keys()):
        found += _differences(f"tool {name}: ", _flat(was[name]), _flat(now[name]))
    found += [f"~ text {name}" for name in sorted(_changed(before.texts, after.texts))]
    return found + _differences("name of ", before.names, after.names)


def _described(package: Package) -> Iterator[tuple[str, Description]]:
    from company.toolkit.worker import Source, describe

    for point in package.of(TOOLS):
        source = Source(kind="package", name=package.name, module=point.module, path=None)
        for description in describe(source):
            yield point.name, description


def _flat(tool: Description) -> dict[str, Any]:
    plain = tool.model_dump(mode="json", exclude={"name", "manifest"})
    return {**plain, **tool.manifest.model_dump(mode="json")}


def _differences(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        f"~ {what}{name}: {before.get(name, 'nothing')!r} -> {after.get(name, 'nothing')!r}"
        for name in sorted(_changed(before, after))
    ]


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
