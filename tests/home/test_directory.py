"""Which company is meant, and where its state is kept."""

import os
import stat
from pathlib import Path

import pytest

from company.errors import UsageError
from company.home import CompanyDirectory, bundled_directory, find_directory, state_directory

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shipped(tmp_path) -> CompanyDirectory:
    """The default company as an installed wheel holds it."""
    return CompanyDirectory(tmp_path / "company/_default", tmp_path / "company/_default")


def test_the_default_company_of_a_checkout_is_the_repository_itself(tmp_path):
    directory = find_directory(None, tmp_path)
    assert directory.root == directory.bundled == bundled_directory() == ROOT
    assert directory.is_default
    assert directory.owned


@pytest.mark.parametrize("mark", ["roles/ceo.md", "company.toml"])
def test_the_working_directory_is_the_company_when_it_looks_like_one(tmp_path, mark):
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()
    directory = find_directory(None, tmp_path)
    assert directory.root == tmp_path.resolve()
    assert not directory.is_default
    assert directory.owned


def test_a_named_directory_comes_first(tmp_path):
    (tmp_path / "company.toml").touch()
    (tmp_path / "acme/roles").mkdir(parents=True)
    assert find_directory(Path("acme"), tmp_path).root == (tmp_path / "acme").resolve()


def test_the_default_company_by_its_path_is_still_the_default(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(ROOT)
    assert find_directory(link, tmp_path).is_default


@pytest.mark.parametrize(("name", "told"), [("absent", "is not a directory"), ("empty", "holds neither")])
def test_a_named_directory_without_a_company_is_an_error(tmp_path, name, told):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=told) as caught:
        find_directory(Path(name), tmp_path)
    assert f"company init {tmp_path / name}" in caught.value.cure


def test_settings_file_is_named_only_when_it_is_there(tmp_path):
    directory = CompanyDirectory(tmp_path, ROOT)
    assert directory.config_file is None
    (tmp_path / "company.toml").touch()
    assert directory.config_file == tmp_path / "company.toml"


def test_state_is_kept_where_the_person_says_first(shipped, tmp_path):
    environment = {"COMPANY_HOME": str(tmp_path / "variable"), "HOME": str(tmp_path)}
    assert state_directory(shipped, tmp_path / "named", environment) == tmp_path / "named"
    assert state_directory(shipped, None, environment) == tmp_path / "variable"


def test_state_of_a_directory_lies_in_it(tmp_path):
    state = state_directory(CompanyDirectory(tmp_path / "acme", ROOT), None, {})
    assert state == tmp_path / "acme/.company"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_state_of_an_installed_default_company_lies_in_the_data_directory(shipped, tmp_path):
    data = tmp_path / "data"
    assert not shipped.owned
    assert state_directory(shipped, None, {"XDG_DATA_HOME": str(data), "HOME": "/nowhere"}) == data / "company"
    assert state_directory(shipped, None, {"HOME": str(tmp_path)}) == tmp_path / ".local/share/company"
    assert state_directory(shipped, None, {"XDG_DATA_HOME": "data", "HOME": str(tmp_path)}) == (
        tmp_path / ".local/share/company"
    )


def test_state_without_any_home_is_an_error(shipped):
    with pytest.raises(UsageError, match="no home directory"):
        state_directory(shipped, None, {})


def test_state_that_cannot_be_made_is_an_error(shipped, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be made") as caught:
        state_directory(shipped, tmp_path / "file", {})
    assert "--home" in caught.value.cure


@pytest.fixture
def above(tmp_path) -> Path:
    """A company with a folder deep inside."""
    (tmp_path / "acme/desk/deep").mkdir(parents=True)
    (tmp_path / "acme/company.toml").touch()
    return tmp_path / "acme"


def test_a_company_above_the_working_directory_is_found(above):
    directory = find_directory(None, above / "desk/deep")

    assert directory == CompanyDirectory(above.resolve(), bundled_directory(), above=True)
    assert not find_directory(None, above).above
    assert not find_directory(above, above / "desk").above


def test_the_nearest_company_above_is_meant(above):
    (above / "desk/company.toml").touch()
    assert find_directory(None, above / "desk/deep").root == (above / "desk").resolve()


def test_a_folder_of_roles_above_is_no_company(above):
    (above / "desk/roles").mkdir()
    assert find_directory(None, above / "desk/deep").root == above.resolve()


def test_nothing_is_looked_for_above_the_persons_home(above):
    (above / "desk/company.toml").touch()
    deep = above / "desk/deep"

    assert find_directory(None, deep, home=above / "desk").root == (above / "desk").resolve()
    assert find_directory(None, deep, home=deep).is_default
    (above / "desk/company.toml").unlink()
    assert find_directory(None, deep, home=above / "desk").is_default
    assert find_directory(None, deep, home=above).root == above.resolve()


def test_a_working_directory_through_a_symbolic_link_has_the_parents_it_really_has(above, tmp_path):
    (tmp_path / "link").symlink_to(above / "desk/deep")
    assert find_directory(None, tmp_path / "link").root == above.resolve()


@pytest.mark.parametrize("whose", [".", "company.toml"])
def test_a_company_above_that_is_another_users_is_refused_and_may_be_named(above, whose, monkeypatch):
    if os.getuid() == 0:
        os.chown(above / whose, 54321, -1)
    else:
        if whose == "company.toml":
            pytest.skip("only root can give a file away")
        monkeypatch.setattr(os, "getuid", lambda: 54321)

    with pytest.raises(UsageError, match="belongs to another user") as caught:
        find_directory(None, above / "desk/deep")
    assert str(above) in caught.value.where
    assert f"--dir {above}" in caught.value.cure
    assert find_directory(above, above / "desk").root == above.resolve()


def test_what_root_made_is_found(above, monkeypatch):
    if os.getuid() != 0:
        pytest.skip("only root can make something of root's")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert find_directory(None, above / "desk").root == above.resolve()
