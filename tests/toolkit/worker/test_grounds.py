"""The nearest folder decides; the company's state stays closed whatever is open around it."""

import os
from pathlib import Path

import pytest

from company.toolkit.worker.grounds import Grounds


@pytest.fixture
def grounds(tmp_path: Path) -> Grounds:
    for path in ("acme/.company/tools/mine", "acme/tools", "acme/data", "acme/roles", "other"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "acme")
    acme = tmp_path / "acme"
    return Grounds.of(
        own=str(tmp_path / "link/.company/tools/mine"),
        sealed=str(acme / ".company"),
        closed=[str(tmp_path / "link")],
        opened=[str(tmp_path), str(acme / "tools"), str(acme / "data"), str(acme / ".company/company.db")],
    )


@pytest.mark.parametrize(
    ("path", "may_read", "may_write"),
    [
        ("other/x", True, False),
        ("acme/company.toml", False, False),
        ("acme/roles/ceo.md", False, False),
        ("acme/tools/weather.py", True, False),
        ("acme/data/prices.csv", True, False),
        ("acme/.company/company.db", False, False),
        ("acme/.company/tools/yours/x", False, False),
        ("acme/.company/tools/mine/x", True, True),
        ("acme/.company/tools/mine-too", False, False),
    ],
)
def test_the_nearest_folder_decides(grounds, tmp_path, path, may_read, may_write):
    assert grounds.may_read(str(tmp_path / path)) is may_read
    assert grounds.may_write(str(tmp_path / path)) is may_write


def test_what_the_kernel_is_told_leaves_out_what_is_closed(grounds, tmp_path):
    told = {os.path.relpath(path, tmp_path) for path in grounds.carved() if path.startswith(str(tmp_path))}
    assert told == {"other", "acme/tools", "acme/data"}
    assert not grounds.may_read("/etc/passwd")
    assert not grounds.may_read("/")
