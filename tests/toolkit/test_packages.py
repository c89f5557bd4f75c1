"""Installed packages are found without being imported, and used only as a person confirmed them."""

import sys

import pytest

from company.errors import UsageError
from company.toolkit.confirming import changes, usable
from company.toolkit.lock import write_lock
from company.toolkit.packages import confirmed, installed_packages, normalised, unconfirmed


@pytest.fixture
def acme(install):
    files = {"acme_bomb.py": "1 / 0\n"}
    install("Acme_Tools", "company.tools", {"extra": "acme_bomb"}, files)
    return "acme-tools"


def test_packages_are_found_by_their_normalised_name_and_nothing_is_imported(acme):
    found = installed_packages()[acme]
    assert (found.version, found.points) == ("1.0", {"company.tools:extra": "acme_bomb"})
    assert "acme_bomb" not in sys.modules


@pytest.mark.parametrize(("name", "normal"), [("Company_Weather", "company-weather"), ("a.b--C", "a-b-c")])
def test_a_name_is_compared_as_the_index_compares_it(name, normal):
    assert normalised(name) == normal


def test_packages_of_other_groups_and_this_one_do_not_count(install):
    install("other", "console_scripts", {"other": "other:main"}, {})
    install("the-ai-company", "company.tools", {"ours": "ours"}, {})
    assert not {"other", "the-ai-company"} & installed_packages().keys()


def test_a_package_waits_until_it_is_confirmed(acme, lock, tmp_path):
    assert list(unconfirmed(tmp_path)) == [acme]
    assert confirmed("company.tools", tmp_path) == {}
    write_lock(tmp_path, lock(acme))
    assert list(unconfirmed(tmp_path)) == []
    assert confirmed("company.tools", tmp_path)["extra"].value == "acme_bomb"
    assert confirmed("company.scorers", tmp_path) == {}


@pytest.mark.parametrize(
    ("change", "told", "cure"),
    [
        ({"version": "1.1"}, "1.0 was confirmed, 1.1 is installed", "company plugins confirm acme-tools"),
        ({"points": {"more": "acme_bomb"}}, "other entry points than were confirmed", "company plugins confirm"),
        ({"points": {"extra": "acme_other"}}, "other entry points than were confirmed", "company plugins confirm"),
        ({"group": "company.scorers"}, "other entry points than were confirmed", "company plugins confirm"),
    ],
)
def test_a_package_that_is_another_one_than_confirmed_is_refused(acme, install, lock, tmp_path, change, told, cure):
    write_lock(tmp_path, lock(acme))
    new = {"group": "company.tools", "points": {"extra": "acme_bomb"}, "files": {}, **change}
    install("Acme_Tools", new.pop("group"), new.pop("points"), new.pop("files"), **new)
    with pytest.raises(UsageError, match=told) as caught:
        confirmed("company.tools", tmp_path)
    assert caught.value.where == str(tmp_path / "company.lock")
    assert cure in caught.value.cure


def test_a_confirmed_package_that_is_gone_says_how_to_go_on(acme, lock, tmp_path):
    write_lock(tmp_path, lock(acme))
    for file in (tmp_path / "site/Acme_Tools-1.0.dist-info").iterdir():
        file.unlink()
    (tmp_path / "site/Acme_Tools-1.0.dist-info").rmdir()
    with pytest.raises(UsageError, match=r"acme-tools 1\.0 was confirmed and is not installed") as caught:
        confirmed("company.tools", tmp_path)
    assert caught.value.cure == "install acme-tools==1.0; or do without it: company plugins remove acme-tools"


def test_changes_name_what_a_person_has_to_look_at(acme, install, lock):
    before = lock(acme, extra=["one", "two"])
    two = before.packages[acme].tools[1]
    after = before.packages[acme].model_copy(
        update={
            "version": "1.1",
            "tools": (
                two.model_copy(update={"manifest": two.manifest.model_copy(update={"hosts": ("evil.example",)})}),
                two.model_copy(update={"name": "three"}),
            ),
        }
    )
    assert changes(before.packages[acme], before.packages[acme]) == []
    assert changes(before.packages[acme], after) == [
        "version 1.0 -> 1.1",
        "- tool one is gone",
        "+ tool three is new",
        "~ tool two: hosts: [] -> ['evil.example']",
    ]


def test_what_is_usable_of_a_lock_leaves_out_what_changed(acme, install, lock):
    install("beta", "company.tools", {"more": "beta_more"}, {})
    known = lock(acme, "beta")
    install("beta", "company.tools", {"more": "beta_more"}, {}, version="2.0")
    assert list(usable(known).packages) == [acme]
    assert list(usable(known, but=acme).packages) == []
