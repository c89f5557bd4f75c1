"""docs/trading.md is run as it stands, and what it lists is what there is."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.trading.features import FEATURES
from company.trading.orders import DOUBTFUL, ENDED

PAGE = (Path(__file__).parents[2] / "docs" / "trading.md").read_text()
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.M | re.S)
    for line in block.splitlines()
    if line.strip()
]


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_page_runs(
    line: str, worked_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(worked_home, tmp_path / "home")
    monkeypatch.setenv("COMPANY_HOME", str(tmp_path / "home"))
    command, *words = shlex.split(line, comments=True)

    done = CliRunner().invoke(app, words)

    assert command == "company"
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    assert done.stdout


def test_the_page_has_every_state_of_an_order_and_the_number_of_features() -> None:
    table = PAGE.partition("| state | meaning |\n")[2].partition("\n\n")[0]

    assert set(re.findall(r"`(\w+)`", table)) == ENDED | DOUBTFUL | {"intent", "open"}
    assert f"| {len(FEATURES)} figures of each closed bar" in PAGE
