"""`company.lock`: what a person confirmed of installed packages and MCP servers, kept beside `company.toml`.

Nothing of either is used before a person confirmed it, and then only as it was: which tools there are, what they say of
themselves, what they reach. What was confirmed is read from the file, so a company opens without starting a worker or
asking a server. A tool that is found to be another one than confirmed is not called until a person confirms it again.
The file belongs under version control: its changes are what changed.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from company.errors import UsageError
from company.toolkit.foreign import Description

FILE = "company.lock"
VERSION = 1


class Confirmed(BaseModel):
    """What a person confirmed of one package or server.

    Attributes:
        by: Who confirmed it.
        at: When, aware.
        version: Version of the package; empty for a server.
        points: Entry points of the package, `group:name` to `module:attribute`.
        tools: Its tools as they were.
        names: Of a server: what it calls a tool, by our name of it; of a package: the entry point a tool came with.
        texts: SHA-256 of the roles and prompts of the package, by `group:file`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str
    at: datetime
    version: str = ""
    points: dict[str, str] = {}
    tools: tuple[Description, ...] = ()
    names: dict[str, str] = {}
    texts: dict[str, str] = {}


class Lock(BaseModel):
    """Everything a person confirmed, by name of the package or server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = VERSION
    packages: dict[str, Confirmed] = {}
    servers: dict[str, Confirmed] = {}


def read_lock(root: Path) -> Lock:
    """Read the lock of a company directory; one without has confirmed nothing.

    Raises:
        UsageError: The file cannot be read.
    """
    file = root / FILE
    cure = "put back what was committed, or remove it and run `company plugins confirm` again"
    try:
        lock = Lock.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Lock()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{place or 'the file'}: {first['msg']}", where=str(file), cure=cure) from error
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), cure=cure) from error
    if lock.version != VERSION:
        what = f"has version {lock.version}, this program reads {VERSION}"
        raise UsageError(what, where=str(file), cure="use the program that wrote it, or confirm again")
    return lock


def write_lock(root: Path, lock: Lock) -> Path:
    """Replace the lock of a company directory at once, and return its file.

    Raises:
        UsageError: It cannot be written.
    """
    file = root / FILE
    draft = file.with_name(f"{FILE}.{os.getpid()}")
    text = json.dumps(lock.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        draft.write_text(text, "utf-8")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        what = f"cannot be written: {error.strerror}"
        raise UsageError(what, where=str(file), cure="make a company of your own: company init DIR") from error
    return file
