"""Files that only their owner may read: written whole or not at all, refused when others may read them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from company.errors import UsageError

_OTHERS = 0o077


def read(path: Path) -> bytes | None:
    """Return the content of a private file, None when there is no such file.

    Raises:
        UsageError: Others may read or change it, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            _require_private(path, os.fstat(file.fileno()).st_mode, 0o600)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def stamp(path: Path) -> tuple[int, ...] | None:
    """Return what differs when the file is another one, None when there is no such file.

    Raises:
        UsageError: It cannot be told.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - the redactor asks for every text, and Path.stat takes longer
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode


def write(path: Path, content: bytes) -> None:
    """Replace a private file in one step; on return it is on the disk. Callers hold a lock against each other.

    Raises:
        UsageError: It cannot be written; what was there before is unchanged.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(path), cure="check the folder's permissions and its space"
        ) from error


def private_folder(path: Path) -> Path:
    """Return a folder that only its owner may enter; it is made when missing.

    Raises:
        UsageError: Others may enter it, or it cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        _require_private(path, path.stat().st_mode, 0o700)
    except OSError as error:
        raise UsageError(f"cannot be made: {error.strerror}", where=str(path), cure="check its permissions") from error
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other process and thread that locks `path` waiting.

    Raises:
        UsageError: The lock file cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UsageError(
            f"cannot be locked: {error.strerror}", where=str(path), cure="check its permissions"
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot be read: {error.strerror}", where=str(path), cure="check its permissions")


def _require_private(path: Path, mode: int, wanted: int) -> None:
    if mode & _OTHERS:
        raise UsageError(
            f"others on this machine may open it (mode {mode & 0o777:03o})",
            where=str(path),
            cure=f"chmod {wanted:03o} '{path}'; make new keys at the providers if somebody may have read it",
        )


def sync_folder(folder: Path) -> None:
    """Force a folder's names onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
