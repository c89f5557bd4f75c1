"""Where the code of an isolated tool lies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Source:
    """One module with tools.

    Attributes:
        kind: A file of a company directory, or a module of an installed package.
        name: The file's stem, or the name of the distribution.
        module: Dotted name of the package's module; empty for a file.
        path: The file; None for a package.
    """

    kind: Literal["file", "package"]
    name: str
    module: str = ""
    path: Path | None = None

    @property
    def folder_name(self) -> str:
        """Name of its own folder; that of a file never is that of a package."""
        return self.name if self.kind == "file" else f"{self.name}@package"

    @property
    def shown(self) -> str:
        """What people know it by."""
        return str(self.path) if self.path else f"installed package {self.name}"

    def secret_name(self, name: str) -> str:
        """Return what a secret of this source is called in the secret store; it can never be anybody else's."""
        return f"tool:{name}" if self.kind == "file" else f"plugin:{self.name}:{name}"
