"""Writes a report to where a person wants it."""

from contextlib import suppress
from pathlib import Path

from company.errors import UsageError

_CURE = "name a file in a folder you may write"


def require_folder(path: Path, *, option: str) -> None:
    """Refuse a file whose folder is not there, before the work is done that it is to hold.

    Args:
        path: The file.
        option: Which option named it.

    Raises:
        UsageError: There is no such folder.
    """
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r}", where=option, cure=_CURE)


def save(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        what = f"the report cannot be written: {error.strerror}"
        raise UsageError(what, where=str(path), cure=_CURE) from error
