"""What a tool declares that it reaches; everything else is denied to it.

A tool that runs in a worker process (`company.toolkit.worker`) is held to its manifest there. A manifest is plain data:
a person reads it before allowing an installed package, and what was allowed is kept in `company.lock`.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

HOST = r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?"
"""A name or an IPv4 address in lower case, with a port unless it is 443; `*.` stands for any one label or more."""
SECRET = r"[a-z][a-z0-9_-]{0,39}"  # noqa: S105 - a pattern of names
"""What a tool calls a secret; a person keeps it as `tool:NAME` or `plugin:PACKAGE:NAME`."""

_HIDDEN = re.compile(r"[^\S\n ]|[\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff]|[\U000e0000-\U000e0fff]")


def hidden_in(text: str) -> list[str]:
    """Return the characters of a text that nobody sees or that change its direction, as `U+202E`, each once."""
    found = {char for char in text if char != "\n" and (not char.isprintable() or _HIDDEN.match(char))}
    return sorted(f"U+{ord(char):04X}" for char in found)


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Manifest(BaseModel):
    """What one tool may reach and use.

    Attributes:
        hosts: Whom it may connect to: `api.example.com`, `api.example.com:8080`, `*.example.com`.
        secrets: Names of the secrets it is given.
        files: Folders and files it may read besides its own folder; absolute, or beginning with `~/`.
        cost: What one call costs at most, in US dollars; reserved from the budget before it, spent after it.
        rate: How often it may be called, such as `30/minute`; empty sets no limit.
        parallel: Calls at the same time.
        memory_mb: Megabytes of memory that one call may use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    hosts: Annotated[tuple[Annotated[str, StringConstraints(pattern=f"^{HOST}$")], ...], BeforeValidator(_listed)] = ()
    secrets: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=f"^{SECRET}$")], ...], BeforeValidator(_listed)
    ] = ()
    files: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    cost: Annotated[Decimal, Field(strict=False, ge=0, le=100, allow_inf_nan=False)] = Decimal(0)
    rate: str = ""
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    memory_mb: Annotated[int, Field(ge=64, le=65536)] = 512

    @field_validator("rate")
    @classmethod
    def _readable(cls, rate: str) -> str:
        if rate:
            from limits import parse

            parse(rate)
        return rate

    @field_validator("files")
    @classmethod
    def _absolute(cls, files: tuple[str, ...]) -> tuple[str, ...]:
        for file in files:
            if not file.startswith(("/", "~/")) or ".." in file.split("/"):
                raise ValueError(f"{file!r} is no absolute path and does not begin with `~/`")
        return files

    @property
    def reaches(self) -> bool:
        """It declares a host, a secret or a file."""
        return bool(self.hosts or self.secrets or self.files)


NOTHING = Manifest()
"""Of a tool that declares nothing."""
