"""The parts of a company fit each other, or the error says which file to change."""

from pathlib import Path

import pytest

from company.config import Settings, load_settings
from company.errors import UsageError
from company.home import CompanyDirectory, find_directory, load_content, trust


@pytest.fixture
def load(acme, environment):
    trust(acme.root, environment)
    return lambda: load_content(acme, load_settings(acme.config_file), environment)


@pytest.fixture
def failure(load):
    def _failure() -> UsageError:
        with pytest.raises(UsageError) as caught:
            load()
        assert caught.value.cure
        return caught.value

    return _failure


def change(file: Path, old: str, new: str) -> Path:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return file


def test_content_holds_roles_tools_and_prompts(load, write):
    write("prompts/plan.md", "Plan.")
    content = load()
    assert list(content.roles) == ["ceo", "clerk"]
    assert list(content.tools) == ["greet"]
    assert content.prompts["plan"].text == "Plan."


def test_tools_and_prompts_lie_over_the_bundled_ones_and_roles_do_not(load, write, acme):
    for path in ("roles/extra.md", "tools/more.py", "tools/greetings.py", "prompts/plan.md", "prompts/review.md"):
        write(f"../bundled/{path}", (acme.tools / "greetings.py").read_text().replace("greet(", "wave("))
    write("prompts/plan.md", "Plan.")
    content = load()
    assert list(content.roles) == ["ceo", "clerk"]
    assert list(content.tools) == ["greet", "wave"]
    assert content.tools["wave"].source.endswith("bundled/tools/more.py")
    assert content.prompts["plan"].text == "Plan."
    assert "review" in content.prompts


def test_the_default_company_loads_its_own_folders_once(acme, environment):
    assert list(load_content(CompanyDirectory(acme.root, acme.root), Settings(), environment).tools) == ["greet"]


def test_a_role_that_grants_an_unknown_tool_names_file_field_and_cure(failure, acme):
    file = change(acme.roles / "clerk.md", "greet", "gret")
    error = failure()
    assert error.where == f"{file}: tools"
    assert error.what == "there is no tool 'gret'"
    assert error.cure == "did you mean 'greet'?"


def test_a_playbook_that_uses_an_unknown_argument_names_the_step(failure, acme):
    file = change(acme.roles / "clerk.md", "{name: Ada}", "{name: Ada, lod: true}")
    error = failure()
    assert error.where == f"{file}: playbook[0].with"
    assert error.what == "tool 'greet' has no argument 'lod'"
    assert error.cure == "did you mean 'loud'?"


def test_a_playbook_that_leaves_out_a_needed_argument_names_the_step(failure, acme):
    file = change(acme.roles / "clerk.md", "{name: Ada}", "{loud: true}")
    error = failure()
    assert error.where == f"{file}: playbook[0]"
    assert error.what == "tool 'greet' needs the argument 'name'"


def test_a_role_that_reports_to_nobody_known_is_an_error(failure, acme):
    file = change(acme.roles / "clerk.md", "reports_to: ceo", "reports_to: boss")
    error = failure()
    assert str(file) in error.where
    assert "boss" in str(error)


def test_a_directory_without_roles_is_an_error(failure, acme):
    for file in acme.roles.iterdir():
        file.unlink()
    assert str(acme.roles) in failure().where


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("tools = ['gret']", "mandates[0].tools", "there is no tool 'gret'"),
        ("tools = ['greet']\nroles = ['clrk']", "mandates[0].roles", "there is no role 'clrk'"),
    ],
)
def test_a_mandate_for_what_does_not_exist_is_an_error(failure, write, line, where, what):
    file = write("company.toml", f"[[mandates]]\nid = 'm'\n{line}\n")
    error = failure()
    assert error.where == f"{file.resolve()}: {where}"
    assert error.what == what


def test_a_quorum_for_a_tool_that_does_not_exist_is_an_error(failure, write):
    file = write("company.toml", "[[approvals.quorums]]\ntools = ['gret']\n")
    error = failure()
    assert error.where == f"{file.resolve()}: approvals.quorums[0].tools"
    assert error.what == "there is no tool 'gret'"


def test_a_budget_for_a_department_that_no_role_has_is_an_error(failure, write, acme):
    change(acme.roles / "clerk.md", "reports_to: ceo", "reports_to: ceo\ndepartment: archive")
    file = write("company.toml", "[budget.departments.archves]\nday_usd = 1\n")
    error = failure()
    assert error.what == "there is no department 'archves'"
    assert error.where == f"{file.resolve()}: budget.departments.archves"
    assert error.cure == "did you mean 'archive'?"


def test_a_playbook_expression_that_reads_an_unknown_name_is_an_error(failure, acme):
    file = change(acme.roles / "clerk.md", "{{ words }}", "{{ wrds }}")
    error = failure()
    assert str(file) in error.where
    assert "wrds" in error.what


def test_the_default_company_fits_together(environment, tmp_path):
    directory = find_directory(None, tmp_path)
    content = load_content(directory, load_settings(directory.config_file), environment)
    assert {role.id: role.department for role in content.roles.values()} == {
        "ceo": "office",
        "operations": "office",
        "trading": "trading",
        "security": "defence",
        "research": "newsroom",
        "content": "studio",
    }
    assert {name for role in content.roles.values() for name in role.tools} <= set(content.tools)
