"""A throw-away copy of a home, and a company opened over it that cannot reach past it.

Databases are copied by SQLite's own backup, which gives one consistent moment also while another process writes.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from company.config import WorldSettings
from company.errors import ToolError, UsageError
from company.home import Company, bundled_directory
from company.toolkit import Context, Registry, Tool

PAPER = "paper"
_DATABASES = frozenset({".db", ".sqlite3"})
_LEFT_OUT = ("-wal", "-shm", "-journal", ".lock")


def require_paper(world: WorldSettings, *, what: str = "a fork") -> None:
    """Refuse a company that is wired to the real world.

    Raises:
        UsageError: A port has another adapter than paper.
    """
    for port in ("venues", "news", "traffic", "outbox"):
        if (adapter := getattr(world, port)) not in {PAPER, (PAPER,)}:
            raise UsageError(
                f"{adapter!r} is not the paper world: what {what} does would really happen",
                where=f"company.toml [world] {port}",
                cure=f"try {what} of a company whose world is paper",
            )


def copy_home(state: Path, to: Path) -> None:
    """Copy a state directory into an empty one; locks stay behind."""
    for file in _files(state):
        target = to / file.relative_to(state)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix in _DATABASES:
            back_up(file, target)
        else:
            shutil.copy2(file, target)


def contained(company: Company) -> Company:
    """Return a company whose own effects reach nothing: only tools that came with the framework know nothing but ports.

    A tool of somebody else's may act on the world by itself, whatever its ports are. Asked for an effect, it fails.
    """
    shipped = bundled_directory() / "tools"
    tools = (
        tool if tool.effect == "read" or shipped in Path(tool.source).parents else _harmless(tool)
        for tool in company.registry.values()
    )
    return replace(company, registry=Registry(tools))


def _files(state: Path) -> Iterator[Path]:
    for path in sorted(state.rglob("*")):
        if path.is_file() and not path.name.endswith(_LEFT_OUT):
            yield path


def back_up(file: Path, target: Path) -> None:
    """Copy a database as it is at one moment, also while another process writes it."""
    source = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _harmless(tool: Tool) -> Tool:
    async def refuse(**_: Any) -> None:
        raise ToolError(f"{tool.name} is not done in a fork: it may reach past the paper world")

    async def none(context: Context) -> None:
        return None

    return replace(tool, function=refuse, lookup=none if tool.lookup else None)
