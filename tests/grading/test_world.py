"""The company that a case is played on: the graded one, with what the case lays over it."""

from pathlib import Path

import pytest

from company.grading.world import World
from company.home import CompanyDirectory, trust
from company.toolkit.lock import Lock, read_lock, write_lock


@pytest.mark.parametrize("is_default", [True, False])
def test_what_a_person_confirmed_holds_for_a_case_with_settings_of_its_own_too(
    tmp_path: Path, is_default: bool
) -> None:
    root = tmp_path / "acme"
    (root / "roles").mkdir(parents=True)
    environment = {"HOME": str(tmp_path)}
    trust(root, environment)
    confirmed = Lock.model_validate({"packages": {"acme-staff": {"by": "Ada", "at": "2026-03-02T12:00:00Z"}}})
    write_lock(root, confirmed)
    directory = CompanyDirectory(root.resolve(), root.resolve() if is_default else tmp_path / "bundled")
    (case := tmp_path / "case").mkdir()

    made, _ = World(settings={"run": {"seed": 8}}).made(directory, case, environment)

    assert made.root.is_relative_to(case.resolve())
    assert read_lock(made.root) == confirmed
