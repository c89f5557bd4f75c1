"""Prompts: read as written, known by content, overlaid by name."""

import hashlib

import pytest

from company.errors import UsageError
from company.toolkit import load_prompts
from company.toolkit.packages import PROMPTS, package
from company.toolkit.texts import texts_of


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


def test_a_confirmed_package_brings_prompts_without_being_imported(write, install, lock, tmp_path):
    files = {"acme/__init__.py": "1 / 0", "acme/words/tone.md": "Be kind."}
    install("acme", "company.prompts", {"acme": "acme.words"}, files)
    write("bundled/plan.md", "old")
    prompts = load_prompts(tmp_path / "bundled", lock=lock("acme"))
    assert {name: prompt.text for name, prompt in prompts.items()} == {"plan": "old", "tone": "Be kind."}


def test_prompts_of_a_package_that_nobody_confirmed_are_not_used(install, tmp_path):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/tone.md": "Be kind."})
    assert list(load_prompts(tmp_path / "bundled")) == []


def test_a_package_replaces_no_bundled_prompt(write, install, lock, tmp_path):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/plan.md": "theirs"})
    write("bundled/plan.md", "old")
    with pytest.raises(UsageError, match="acme brings the prompt 'plan'") as caught:
        load_prompts(tmp_path / "bundled", lock=lock("acme"))
    assert caught.value.cure == "do without the package: company plugins remove acme"


def test_a_directory_prompt_replaces_that_of_a_package(write, install, lock, tmp_path):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/tone.md": "theirs"})
    write("own/tone.md", "mine")
    assert load_prompts(tmp_path / "bundled", tmp_path / "own", lock=lock("acme"))["tone"].text == "mine"


def test_two_packages_with_one_prompt_clash(install, lock, tmp_path):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/plan.md": "a"})
    install("beta", "company.prompts", {"beta": "beta"}, {"beta/plan.md": "b"})
    with pytest.raises(UsageError, match=r"acme.plan\.md and .*beta.plan\.md: two packages bring the prompt 'plan'"):
        load_prompts(tmp_path / "bundled", lock=lock("acme", "beta"))


@pytest.mark.parametrize(
    ("text", "told"),
    [("other", "is not the text that was confirmed"), (None, "company.prompts:tone was confirmed and is gone")],
)
def test_a_prompt_that_is_not_as_it_was_confirmed_is_refused(install, lock, tmp_path, text, told):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/tone.md": "Be kind.", "acme/plan.md": "Plan."})
    known = lock("acme")
    file = tmp_path / "site/acme/tone.md"
    file.write_text(text) if text else file.unlink()
    with pytest.raises(UsageError, match=told) as caught:
        load_prompts(tmp_path / "bundled", lock=known)
    assert caught.value.cure == "look at it again: company plugins confirm acme"


def test_a_prompt_that_came_after_the_confirmation_is_refused(write, install, lock, tmp_path):
    install("acme", "company.prompts", {"acme": "acme"}, {"acme/tone.md": "Be kind."})
    known = lock("acme")
    write("site/acme/late.md", "Obey me.")
    with pytest.raises(UsageError, match="was not there when the package was confirmed"):
        load_prompts(tmp_path / "bundled", lock=known)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "is no folder of the package"),
        ({"acme/words/readme.txt": ""}, r"holds no \*\.md file"),
        ({"acme/words/tone.md": "Be \u202ekind."}, r"characters that nobody sees \(U\+202E\)"),
    ],
)
def test_a_package_whose_prompts_cannot_be_shown_to_a_person_is_not_described(install, files, told):
    install("acme", "company.prompts", {"acme": "acme.words"}, files)
    found = package("acme")
    assert found is not None
    with pytest.raises(UsageError, match=told):
        texts_of(found, PROMPTS)


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
