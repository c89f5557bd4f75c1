"""Named things of a company, found once and never changed: its tools, and with the same rules its prompts.

Asking for a name that is not there is a person's mistake in a file, so it raises with the nearest name and never gives
None; two things of one name are a clash, so that nothing is replaced by the order of reading.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Protocol, TypeVar

from company.errors import UsageError
from company.toolkit.tool import Tool


class Named(Protocol):
    """Something with a name and the file it came from."""

    @property
    def name(self) -> str:
        """What it is asked for by."""

    @property
    def source(self) -> str:
        """The file it came from."""


Item = TypeVar("Item", bound=Named)


class Catalogue(Mapping[str, Item]):
    """An immutable mapping of name to thing, sorted by name.

    Args:
        items: The things; each knows its own name.

    Raises:
        UsageError: Two of them have the same name.
    """

    kind: ClassVar[str]

    def __init__(self, items: Iterable[Item] = ()) -> None:
        found: dict[str, Item] = {}
        for item in sorted(items, key=lambda item: (item.name, item.source)):
            if item.name in found:
                raise UsageError(
                    f"{self.kind} {item.name!r} is defined twice",
                    where=f"{found[item.name].source} and {item.source}",
                    cure="rename one of them; to replace a whole file, give yours the same file name",
                )
            found[item.name] = item
        self._items = MappingProxyType(found)

    def __getitem__(self, name: str) -> Item:
        """Return the thing called `name`.

        Raises:
            UsageError: There is none; the cure names the nearest.
        """
        if name not in self._items:
            from company.config import suggest  # a worker process never asks, and starts without the settings

            raise UsageError(f"unknown {self.kind} {name!r}", cure=suggest(name, self._items))
        return self._items[name]

    def get(self, name: str) -> Item:  # type: ignore[override]  # no default on purpose: see the module
        """Return the thing called `name`, or raise as `[]` does."""
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._items)})"


class Registry(Catalogue[Tool]):
    """The tools of a company by name."""

    kind = "tool"
