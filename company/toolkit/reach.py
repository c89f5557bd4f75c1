"""What an isolated tool may reach: the hidden argument of a tool that runs in a worker process.

A tool with a parameter of this type is run outside the company's process and held to its manifest
(`company.toolkit.worker`). It sees no department, no other tool and no environment of the company.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from company.errors import ToolError, Undeclared


@dataclass(frozen=True, slots=True)
class Reach:
    """One isolated call's surroundings; `Reach()` is enough to call a tool in a test.

    Attributes:
        folder: The tool's own folder, the only place it may write to; kept between calls.
        key: Idempotency key of this call, at most 36 characters; send it along with what changes the outside.
        now: The company's time when the call began.
        role: Id of the role that calls.
        secrets: The declared secrets that a person has set, by name.
        files: The declared files and folders, absolute, in their order.
        declared: Names of the declared secrets, also of those that nobody has set.
    """

    folder: Path = field(default_factory=Path.cwd)
    key: str = "0" * 32
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    role: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[Path, ...] = ()
    declared: tuple[str, ...] = ()

    def secret(self, name: str) -> str:
        """Return a declared secret.

        Raises:
            Undeclared: The tool does not declare it.
            ToolError: No person has set it.
        """
        if name in self.secrets:
            return self.secrets[name]
        if name not in self.declared:
            raise Undeclared("secret", name)
        raise ToolError(f"nobody has set the secret {name!r} of this tool: company key set, docs/plugins.md says how")
