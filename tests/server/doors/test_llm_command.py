"""The `llm` command, unchanged, asks a role; docs/doors.md says how it talks to the CEO, and is tested too."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.server.doors.conftest import runs_of

LLM = Path(sys.executable).parent / "llm"


def test_the_llm_command_asks_a_role_and_shows_what_waits(server: Any, tmp_path: Path) -> None:
    model = {"model_id": "desk", "model_name": "trading", "api_base": f"{server.url}/v1", "api_key_name": "company"}
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps([model]))
    (tmp_path / "keys.json").write_text(json.dumps({"company": server.token}))
    done = subprocess.run(
        [LLM, "-m", "desk", "buy some bitcoin", "--no-stream"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LLM_USER_PATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "Waiting for you" in done.stdout
    assert runs_of(server)[0].request == "@trading: buy some bitcoin"
