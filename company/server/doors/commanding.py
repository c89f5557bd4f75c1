"""The built-in notifier: runs a program that a person names, with the notice as JSON on its standard input.

The program is started by path, never through a shell. Of the server's environment it sees what a desktop needs to show
a message, and its own secrets as `SECRET_NAME`; no key of the company. What it prints is not read, for nobody knows
what it would be; its exit code says whether it took the notice.
"""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from company.errors import ProviderError, UsageError
from company.ports import Notice

PASSED: Final = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
)
"""Variables of the server's environment that the program sees."""


class Command:
    """A program that is told.

    Args:
        command: The program and its arguments; a path with a slash is seen from `folder`.
        folder: Where it runs.
        secrets: Its secrets by name.
        environment: Environment of the server.
    """

    def __init__(
        self, command: tuple[str, ...], folder: Path, secrets: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        self._command, self._folder = command, folder
        given = {f"SECRET_{name.upper().replace('-', '_')}": value for name, value in secrets.items()}
        self._environment = {name: environment[name] for name in PASSED if name in environment} | given

    @classmethod
    def read(cls, options: Mapping[str, Any], folder: Path, secrets: Mapping[str, str], *, where: str) -> "Command":
        """Return the notifier that options describe.

        Args:
            options: `command`, a list of texts, and nothing else.
            folder: The company's directory.
            secrets: Its secrets by name.
            where: Where the options stand, for the error.

        Raises:
            UsageError: The options say something else.
        """
        command, further = options.get("command"), sorted(set(options) - {"command"})
        cure = 'write options = {command = ["./tell.sh"]}'
        if further:
            raise UsageError(f"command has no option {further[0]!r}", where=where, cure=cure)
        if not isinstance(command, list) or not command or not all(isinstance(part, str) and part for part in command):
            raise UsageError("no program is named, as a list of texts", where=f"{where}.command", cure=cure)
        return cls(tuple(command), folder, secrets, os.environ)

    async def notify(self, notice: Notice) -> None:
        """Run the program.

        Raises:
            ProviderError: It cannot be started, or ended with another exit code than 0.
        """
        text = json.dumps({**asdict(notice), "at": notice.at.isoformat()}, ensure_ascii=False)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise ProviderError(f"{self._command[0]!r} cannot be started: {error.strerror}", retryable=True) from error
        try:
            await process.communicate(text.encode() + b"\n")
        finally:
            if process.returncode is None:  # it took too long
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await asyncio.shield(process.wait())
        if process.returncode:
            raise ProviderError(f"{self._command[0]!r} ended with exit code {process.returncode}", retryable=True)

    async def close(self) -> None:
        """Nothing is open."""
