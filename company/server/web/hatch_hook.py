"""Makes the web UI before the package is built, in a process of its own: nothing there can fail the build."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface[Any]):
    """Runs `build.py` before the files of a wheel or a source distribution are collected."""

    PLUGIN_NAME = "web"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the web UI, or say why there is none."""
        script = Path(self.root, "company", "server", "web", "build.py")
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(script)], check=False, capture_output=True, text=True
        )
        self.app.display_info(done.stdout.strip() or f"web UI: not built: {done.stderr.strip()}")
