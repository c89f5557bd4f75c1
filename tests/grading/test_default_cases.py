"""The default company's own cases ask what its role files do not answer by heart."""

import re

import pytest

from company.config import load_settings
from company.grading import SCORERS, Case, load_cases
from company.home import bundled_directory, find_directory, load_content


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return find_directory(None, tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture(scope="module")
def content(directory):
    return load_content(directory, load_settings(directory.config_file), {})


@pytest.fixture(scope="module")
def cases(directory, content):
    return load_cases(directory.evals, content)


def plain(text):
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_the_bundled_company_is_the_one_graded(directory):
    assert directory.root == bundled_directory()


def test_every_role_is_reached_by_words_that_are_not_its_own_samples(content, cases):
    roles = content.roles
    samples = {plain(sample) for role in roles.values() for handle in role.handles for sample in handle.say}
    asked, reached = set(), set()
    for case in cases:
        if case.golden and "chat" in case.tags:
            asked.update(plain(turn.say) for turn in case.turns[-1:])
            reached.update(name for check in case.scorers for name in _reached(check))
    assert not asked & samples
    assert reached == set(roles)


def _reached(check):
    """Roles a check wants to be asked; nobody but the CEO when it wants no delegation."""
    return check.wanted if check.scorer.name == "delegates_to" else ["ceo"] * (check.scorer.name == "no_delegation")


def test_most_cases_are_golden(cases):
    assert sum(case.golden for case in cases) >= 15


def test_every_scorer_and_every_field_of_a_case_is_documented(directory):
    page = (directory.root / "docs" / "evals.md").read_text("utf-8")
    fields = set(Case.model_fields) - {"source"}
    assert [name for name in (*SCORERS, *sorted(fields)) if f"| `{name}" not in page] == []
