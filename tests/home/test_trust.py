"""A directory's code runs only after a person trusted it."""

import stat
from pathlib import Path

import pytest

from company.config import Settings
from company.errors import UsageError
from company.home import bundled_directory, distrust, find_directory, is_trusted, load_content, require_trust, trust
from company.home.trusting import trust_file, trusted_directories


def test_an_untrusted_directory_is_refused_before_its_code_runs(acme, environment):
    with pytest.raises(UsageError, match="not trusted") as caught:
        load_content(acme, Settings(), environment)
    assert caught.value.cure.endswith(f"company trust {acme.root}")
    assert not (acme.tools / "ran").exists()


def test_a_trusted_directory_is_loaded(acme, environment):
    assert trust(acme.root, environment) == acme.root
    assert list(load_content(acme, Settings(), environment).tools) == ["greet"]
    assert (acme.tools / "ran").exists()


def test_the_default_company_needs_no_trust(environment, tmp_path):
    directory = find_directory(bundled_directory(), tmp_path)
    require_trust(directory, environment)
    assert trusted_directories(environment) == ()


def test_trust_is_kept_in_a_file_only_its_owner_reads(acme, environment, tmp_path):
    trust(acme.root, environment)
    file = tmp_path / "person/.config/company/trusted.json"
    assert trust_file(environment) == file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert trust_file({"XDG_CONFIG_HOME": "/etc/xdg"}) == Path("/etc/xdg/company/trusted.json")


def test_trust_is_not_inherited_by_folders_inside(acme, environment, tmp_path):
    trust(tmp_path, environment)
    assert not is_trusted(acme, environment)


def test_trust_through_a_symbolic_link_trusts_what_it_points_to(acme, environment, tmp_path):
    (tmp_path / "link").symlink_to(acme.root)
    trust(tmp_path / "link", environment)
    assert is_trusted(acme, environment)


def test_trusting_twice_lists_once_and_keeps_the_others(acme, environment, tmp_path):
    for path in (acme.root, tmp_path, acme.root):
        trust(path, environment)
    assert trusted_directories(environment) == (tmp_path, acme.root)


def test_a_path_that_is_no_directory_cannot_be_trusted(environment, tmp_path):
    with pytest.raises(UsageError, match="not a directory"):
        trust(tmp_path / "absent", environment)


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1]", "null"])
def test_a_broken_list_trusts_nobody_and_says_so(acme, environment, text):
    file = trust_file(environment)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(UsageError, match="list of trusted directories") as caught:
        is_trusted(acme, environment)
    assert caught.value.where == str(file)
    assert file.read_text() == text


def test_a_list_that_cannot_be_written_is_an_error(acme, tmp_path):
    (tmp_path / "person").write_text("a file, not a directory")
    with pytest.raises(UsageError) as caught:
        trust(acme.root, {"XDG_CONFIG_HOME": str(tmp_path / "person")})
    assert str(tmp_path / "person") in caught.value.where


def test_a_company_found_above_is_refused_with_both_cures(acme, environment):
    (acme.root / "company.toml").touch()
    (acme.root / "work").mkdir()
    found = find_directory(None, acme.root / "work")

    with pytest.raises(UsageError, match="found above the working directory is not trusted") as caught:
        load_content(found, Settings(), environment)
    assert caught.value.where == str(acme.root)
    assert caught.value.cure.startswith("name another with --dir, or ")
    assert caught.value.cure.endswith(f"company trust {acme.root}")
    assert not (acme.tools / "ran").exists()


def test_trust_that_is_taken_back_is_gone_also_when_the_directory_is(acme, environment, tmp_path):
    (tmp_path / "other").mkdir()
    for path in (acme.root, tmp_path / "other"):
        trust(path, environment)
    (tmp_path / "other").rmdir()

    assert distrust(tmp_path / "other", environment) == tmp_path / "other"
    assert trusted_directories(environment) == (acme.root,)
    distrust(acme.root, environment)
    assert not is_trusted(acme, environment)
    with pytest.raises(UsageError, match="is not trusted"):
        distrust(acme.root, environment)
