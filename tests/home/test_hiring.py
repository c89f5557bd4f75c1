"""Roles and kinds of model providers that packages bring: taken on by a person's word, and by nobody else's."""

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from company.config import load_settings
from company.errors import UsageError
from company.home import (
    CompanyDirectory,
    Content,
    fingerprint,
    identity_parts,
    load_content,
    roles_in,
    roles_of,
    trust,
)
from company.toolkit.lock import Confirmed, Lock, read_lock, write_lock
from company.toolkit.packages import PROMPTS, ROLES, package
from company.toolkit.texts import texts_of

FORECASTER = """
    ---
    id: forecaster
    title: Forecaster
    summary: Looks ahead.
    tools: [greet]
    playbook:
      - call: greet
        with: {name: Ada}
        as: words
      - report: "{{ words }}"
    ---
    You look ahead.
    """
Bring = Callable[..., None]


@pytest.fixture
def bring(tmp_path: Path, acme: CompanyDirectory, monkeypatch: pytest.MonkeyPatch) -> Bring:
    """Install a package with roles and kinds of providers as pip leaves it, and confirm it for the company."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def _bring(
        name: str = "staff", *, roles: Mapping[str, str] | None = None, kind: str = "", confirm: bool = True
    ) -> None:
        folder, info = site / name, site / f"{name}-1.0.dist-info"
        for path in (folder / "roles", info):
            path.mkdir(parents=True)
        for role, text in (roles or {}).items():
            (folder / "roles" / f"{role}.md").write_text(dedent(text).lstrip("\n"), "utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
        points = f"[company.roles]\n{name} = {name}.roles\n" if roles else ""
        points += f"[company.providers]\n{kind} = {name}.bomb:make\n" if kind else ""
        (info / "entry_points.txt").write_text(points, "utf-8")
        (folder / "bomb.py").write_text("1 / 0\n", "utf-8")
        if confirm:
            confirmed(acme, name)

    return _bring


def confirmed(directory: CompanyDirectory, name: str) -> None:
    found, lock = package(name), read_lock(directory.root)
    assert found is not None
    word = Confirmed(
        by="Ada",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        version=found.version,
        points=found.points,
        texts=texts_of(found, ROLES, PROMPTS),
    )
    write_lock(directory.root, Lock(packages={**lock.packages, name: word}))


@pytest.fixture
def settle(write: Callable[[str, str], Path]) -> Callable[[str], Path]:
    return lambda text: write("company.toml", text)


@pytest.fixture
def load(acme: CompanyDirectory, environment: Mapping[str, str]) -> Callable[[], Content]:
    trust(acme.root, environment)
    return lambda: load_content(acme, load_settings(acme.config_file), environment)


@pytest.fixture
def failure(load: Callable[[], Content]) -> Callable[[], UsageError]:
    def _failure() -> UsageError:
        with pytest.raises(UsageError) as caught:
            load()
        assert caught.value.cure
        return caught.value

    return _failure


def test_a_confirmed_role_does_not_work_here_before_it_is_hired(bring, settle, load):
    bring(roles={"forecaster": FORECASTER})
    assert "forecaster" not in load().roles

    settle("[company]\nhires = ['forecaster']\n")
    content = load()

    assert list(content.roles) == ["ceo", "clerk", "forecaster"]
    assert content.roles["forecaster"].reports_to == "ceo"
    assert content.packages == {"forecaster": "staff"}
    assert "staff.bomb" not in sys.modules


def test_a_hired_role_is_part_of_the_identity_of_runs(bring, settle, load, acme):
    bring(roles={"forecaster": FORECASTER})
    settle("[company]\nhires = ['forecaster']\n")
    settings, content = load_settings(acme.config_file), load()
    before = fingerprint(identity_parts(content, settings)["roles"])

    changed = {**content.roles, "forecaster": content.roles["forecaster"].model_copy(update={"persona": "You guess."})}

    after = identity_parts(Content(changed, content.tools, content.prompts), settings)
    assert fingerprint(after["roles"]) != before


def test_a_role_that_nobody_brings_is_an_error_with_the_roles_there_are(bring, settle, failure, acme):
    bring(roles={"forecaster": FORECASTER})
    settle("[company]\nhires = ['forcaster']\n")

    error = failure()

    assert error.what == "no confirmed package brings a role 'forcaster'"
    assert error.where == f"{acme.config_file}: company.hires"
    assert error.cure == "did you mean 'forecaster'?"


def test_a_role_of_a_package_that_waits_says_how_to_confirm_it(bring, settle, failure):
    bring(roles={"forecaster": FORECASTER}, confirm=False)
    settle("[company]\nhires = ['forecaster']\n")
    assert failure().cure == "staff brings it and is not confirmed: company plugins confirm staff"


def test_a_role_without_any_package_says_where_roles_come_from(settle, failure):
    settle("[company]\nhires = ['forecaster']\n")
    assert failure().cure == "install a package that does, and confirm it: company plugins"


def test_a_role_that_the_directory_has_is_refused_naming_both_files(bring, settle, failure, acme):
    bring(roles={"clerk": FORECASTER.replace("id: forecaster", "id: clerk")})
    settle("[company]\nhires = ['clerk']\n")

    error = failure()

    assert error.what == "there are two roles 'clerk'"
    assert error.where.startswith(f"{acme.roles / 'clerk.md'} and ")
    assert error.where.endswith("staff/roles/clerk.md")


def test_a_hired_role_whose_text_was_changed_since_is_refused(bring, settle, failure, tmp_path):
    bring(roles={"forecaster": FORECASTER})
    settle("[company]\nhires = ['forecaster']\n")
    file = tmp_path / "site/staff/roles/forecaster.md"
    file.write_text(file.read_text("utf-8").replace("ahead", "away"), "utf-8")

    assert "is not the text that was confirmed" in failure().what


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("tools: [greet]", "tools: [greet, launch]", "there is no tool 'launch'"),
        ("title: Forecaster", "title: Forecaster\nreports_to: president", "there is no role 'president'"),
        ("summary: Looks", "sumary: Looks", "unknown key 'sumary'"),
    ],
)
def test_a_hired_role_has_to_fit_as_any_other(bring, settle, failure, old, new, what):
    bring(roles={"forecaster": dedent(FORECASTER).replace(old, new)})
    settle("[company]\nhires = ['forecaster']\n")

    error = failure()

    assert error.what == what
    assert "staff/roles/forecaster.md" in error.where


def test_a_hired_role_may_report_to_another_than_the_top(bring, settle, load):
    bring(roles={"forecaster": dedent(FORECASTER).replace("title: F", "reports_to: clerk\ntitle: F")})
    settle("[company]\nhires = ['forecaster']\n")
    assert load().roles["forecaster"].reports_to == "clerk"


def test_roles_are_read_without_the_other_settings(bring, settle, acme):
    bring(roles={"forecaster": FORECASTER})
    settle("[company]\nhires = ['forecaster']\n[world]\nclock = 'sundial'\n")
    assert list(roles_of(acme)) == ["ceo", "clerk", "forecaster"]


def test_a_person_sees_the_roles_of_a_package_before_anybody_hires_them(bring):
    bring(roles={"forecaster": FORECASTER, "auditor": FORECASTER.replace("forecaster", "auditor")}, confirm=False)
    found = package("staff")
    assert found is not None
    assert [(role.id, role.tools) for role in roles_in(found.distribution)] == [
        ("auditor", ("greet",)),
        ("forecaster", ("greet",)),
    ]


def test_a_kind_of_a_confirmed_package_is_known_and_nothing_of_it_is_imported(bring, settle, load):
    bring(kind="parrot")
    settle("[providers.birds]\nkind = 'parrot'\n")
    assert load().kinds["parrot"].value == "staff.bomb:make"
    assert "staff.bomb" not in sys.modules


def test_an_unknown_kind_names_those_built_in_and_those_of_packages(bring, settle, failure, acme):
    bring(kind="parrot")
    settle("[providers.birds]\nkind = 'opena'\n")

    error = failure()

    assert error.what == "there is no kind of provider 'opena'"
    assert error.where == f"{acme.config_file}: providers.birds.kind"
    assert error.cure == (
        "did you mean 'openai'? built in are openai, anthropic, ollama; packages bring parrot (staff)"
    )


def test_a_kind_of_a_package_that_waits_says_how_to_confirm_it(bring, settle, failure):
    bring(kind="parrot", confirm=False)
    settle("[providers.birds]\nkind = 'parrot'\n")
    assert failure().cure == "staff brings it and is not confirmed: company plugins confirm staff"


def test_a_package_that_claims_a_kind_that_is_built_in_is_refused(bring, failure):
    bring(kind="openai")

    error = failure()

    assert "the kind of provider 'openai' is built in" in error.what
    assert error.cure == "do without the package: company plugins remove staff"
