"""Prompts: read as written, known by content, overlaid by name."""

import hashlib

import pytest

from company.errors import UsageError
from company.toolkit import load_prompts


def test_prompts_are_read_as_written_with_the_hash_of_their_content(write, tmp_path):
    file = write("prompts/plan.md", "Plan for {{ name }}.\n\n")
    prompt = load_prompts(tmp_path / "prompts")["plan"]
    assert (prompt.name, prompt.text, prompt.source) == ("plan", "Plan for {{ name }}.\n\n", str(file))
    assert prompt.hash == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_directory_prompt_replaces_the_bundled_one_of_its_name(write, tmp_path):
    write("bundled/plan.md", "old")
    write("bundled/review.md", "kept")
    write("own/plan.md", "new")
    prompts = load_prompts(tmp_path / "bundled", tmp_path / "own")
    assert {name: prompt.text for name, prompt in prompts.items()} == {"plan": "new", "review": "kept"}


def test_an_installed_package_brings_prompts(write, install, tmp_path):
    files = {"acme/__init__.py": "1 / 0", "acme/tone.md": "Be kind.", "acme/plan.md": "theirs"}
    install("acme", "company.prompts", {"acme": "acme"}, files)
    write("bundled/plan.md", "old")
    prompts = load_prompts(tmp_path / "bundled")
    assert {name: prompt.text for name, prompt in prompts.items()} == {"plan": "theirs", "tone": "Be kind."}


def test_two_installed_packages_with_one_prompt_clash(install, tmp_path):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/__init__.py": "", "acme/plan.md": "a"})
    install("beta", "company.prompts", {"beta": "beta"}, {"beta/__init__.py": "", "beta/plan.md": "b"})
    with pytest.raises(UsageError, match=r"acme.plan\.md and .*beta.plan\.md: two packages bring the prompt 'plan'"):
        load_prompts(tmp_path / "bundled")


@pytest.mark.parametrize(("value", "told"), [("acme.absent", "is not a package"), ("nowhere.at", "cannot be found")])
def test_an_installed_package_without_its_prompts_is_named(install, tmp_path, value, told):
    install("acme", "company.prompts", {"acme": value}, {"acme/__init__.py": ""})
    with pytest.raises(UsageError, match=f"installed package acme.*{told}"):
        load_prompts(tmp_path / "bundled")


def test_a_missing_prompt_is_an_error_with_the_nearest_name(write, tmp_path):
    write("prompts/review.md", "text")
    with pytest.raises(UsageError, match=r"unknown prompt 'reviw'\n.*did you mean 'review'"):
        load_prompts(tmp_path / "prompts")["reviw"]


@pytest.mark.parametrize(("data", "told"), [(b" \n", "empty"), (b"caf\xe9", "not UTF-8")])
def test_a_prompt_that_says_nothing_readable_is_an_error(tmp_path, data, told):
    (tmp_path / "plan.md").write_bytes(data)
    with pytest.raises(UsageError, match=told) as caught:
        load_prompts(tmp_path)
    assert caught.value.where == str(tmp_path / "plan.md")
