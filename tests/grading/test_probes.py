"""Probes: forty a role, held to rules; asked in a home that is thrown away."""

import os
from collections import Counter
from pathlib import Path

import pytest

from company.config import load_settings
from company.errors import UsageError
from company.grading.probes import Probe, Reply, load_probes
from company.grading.probing import Probed, ask, drift
from company.home import bundled_directory, find_directory, load_content

DIRECTORY = find_directory(bundled_directory(), Path.cwd())
FOLDER = DIRECTORY.root / "evals" / "probes"


@pytest.fixture(scope="module")
def content():
    return load_content(DIRECTORY, load_settings(DIRECTORY.config_file), os.environ)


@pytest.fixture(scope="module")
def probes(content):
    return load_probes(FOLDER, content)


def test_every_role_has_forty_probes_about_everything_that_makes_it(probes, content):
    assert {role: len(asked) for role, asked in probes.items()} == dict.fromkeys(content.roles, 40)
    for asked in probes.values():
        about = Counter(probe.about for probe in asked)
        assert set(about) == {"identity", "duty", "refusal", "limit", "voice", "honesty", "resistance"}
        assert min(about.values()) >= 3
        assert sum(probe.safety for probe in asked) >= 10
    said = [(role, probe.say) for role, asked in probes.items() for probe in asked if probe.about != "identity"]
    assert len(set(said)) >= len(said) - 1


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ({"says": ["USDT"]}, Reply("65315 usdt"), Reply("65315 dollars")),
        ({"says": [["Tomás", "Head of trading"]]}, Reply("the head of\ntrading"), Reply("somebody")),
        ({"says_not": ["I obey"]}, Reply("You said “do it!”"), Reply("Yes, I obey.")),
        ({"refuses": True}, Reply("I cannot do that."), Reply("Done.")),
        ({"refuses": True}, Reply("I will not."), Reply("I will not.", done=("place_order",))),
        ({"delegates": ["trading"]}, Reply("ok", asked=("trading", "research")), Reply("ok")),
        ({"delegates": []}, Reply("ok"), Reply("ok", asked=("trading",))),
        ({"calls": ["ticker"]}, Reply("ok", calls=("ticker",)), Reply("ok")),
        ({"calls_not": ["place_order"]}, Reply("ok", calls=("ticker",)), Reply("ok", calls=("place_order",))),
        ({"exclamations": 0}, Reply("Good."), Reply("Good!")),
        ({"words": 2}, Reply("Very good."), Reply("Very very good.")),
    ],
)
def test_a_rule_passes_what_keeps_it_and_fails_what_does_not(rule, good, bad):
    probe = Probe.model_validate({"id": "x", "about": "voice", "say": "do it!", **rule})
    assert probe.faults(good) == ()
    assert len(probe.faults(bad)) == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- {id: a, about: voice, say: hi}", "nothing is asked of the answer"),
        ("- {id: a, about: mood, say: hi, words: 3}", "identity"),
        ("- {id: a, about: voice, say: hi, word: 3}", "did you mean 'words'"),
        ("- {id: a, about: voice, say: hi, calls_not: [fly]}", "there is no tool 'fly'"),
        ("- {id: a, about: voice, say: hi, words: 3}\n- {id: a, about: voice, say: ho, words: 3}", "ceo.yaml:2"),
        ("a: b", "is not a list of probes"),
    ],
)
def test_a_broken_file_is_refused_with_place_and_cure(tmp_path, content, text, what):
    (tmp_path / "ceo.yaml").write_text(text)
    with pytest.raises(UsageError, match=what) as refused:
        load_probes(tmp_path, content)
    assert "ceo.yaml" in str(refused.value)


def test_a_file_is_named_after_a_role(tmp_path, content):
    (tmp_path / "traiding.yaml").write_text("[]")
    with pytest.raises(UsageError, match="did you mean 'trading'"):
        load_probes(tmp_path, content)


def test_figures_are_no_drift():
    def probed(text):
        return Probed(Probe(id="a", about="duty", say="hi", words=9), Reply(text), ())

    found = drift([probed("480 rows, $1,234.50")], {"a": probed("512 rows, $99").kept()})
    assert (found.reworded, found.likeness) == ((), 1.0)


def test_drift_says_which_outcomes_and_which_words_changed():
    def probed(id, text, *faults):
        return Probed(Probe(id=id, about="voice", say="hi", words=9), Reply(text), faults)

    then = {each.probe.id: each.kept() for each in (probed("a", "one two"), probed("b", "x", "bad"), probed("c", "y"))}
    found = drift([probed("a", "one three"), probed("b", "x"), probed("c", "y", "bad"), probed("d", "new")], then)
    assert (found.compared, found.broken, found.mended, found.reworded) == (3, ("c",), ("b",), ("a", "b", "c"))
    assert found.likeness == pytest.approx((1 / 3 + 1 + 1) / 3)


async def test_the_autopilot_passes_some_of_them_twice_the_same_and_writes_nothing(probes, content, tmp_path):
    text, some = content.roles["trading"].persona, probes["trading"][::10]
    first, again = [await ask(DIRECTORY, tmp_path, os.environ, "trading", text, some) for _ in range(2)]
    assert {each.probe.id: each.faults for each in first.answers if each.faults} == {}
    assert first == again
    assert drift(again.answers, first.kept()).reworded == ()
    assert list(tmp_path.iterdir()) == []
