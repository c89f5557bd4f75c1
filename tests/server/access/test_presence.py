"""Where the server of a home is, and when nobody is there."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from company.errors import UsageError
from company.server.access.presence import FILE, Address, announced, find_server

HERE = ("http://127.0.0.1:1", "https://company.example")


def test_a_server_is_found_while_it_runs(tmp_path: Path) -> None:
    with announced(tmp_path, *HERE):
        assert find_server(tmp_path) == Address(os.getpid(), *HERE)
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert find_server(tmp_path) is None


def test_a_home_without_server_has_none(tmp_path: Path) -> None:
    assert find_server(tmp_path) is None


def test_what_a_dead_process_left_behind_is_nobody(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from company.server.access.presence import announced\n"
        "held = announced(Path(sys.argv[1]), 'http://127.0.0.1:1', 'http://127.0.0.1:1')\n"
        "held.__enter__(); os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 9
    assert json.loads((tmp_path / FILE).read_text())["own"] == "http://127.0.0.1:1"
    assert find_server(tmp_path) is None
    with announced(tmp_path, *HERE):
        assert find_server(tmp_path) == Address(os.getpid(), *HERE)


def test_a_longer_file_left_behind_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("x" * 1000)
    with announced(tmp_path, *HERE):
        assert json.loads((tmp_path / FILE).read_text())["pid"] == os.getpid()


def test_a_file_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    (tmp_path / FILE).touch(mode=0o644)
    with announced(tmp_path, *HERE):
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_second_server_of_a_home_is_refused_and_told_where_the_first_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("company.server.access.presence._PAUSE", 0)
    with (
        announced(tmp_path, *HERE),
        pytest.raises(UsageError, match="runs already at https://company"),
        announced(tmp_path, *HERE),
    ):
        pass


def test_looking_for_a_server_needs_no_web_framework(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from company.server import find_server\n"
        "find_server(Path(sys.argv[1]))\n"
        "import company.server.access.codes\n"
        "sys.exit(bool({'fastapi', 'starlette', 'uvicorn'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 0
