"""The gate: what may land, what may not, and how what is accepted is changed."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.grading.baseline import FILE, Baseline, hold, read_baseline, update_baseline
from company.grading.identity import is_deterministic
from company.grading.instruments.checks import Checked, Wrong
from company.home import bundled_directory
from tests.grading.reports import IDENTITY, REMOTE, report, result

EVALS = bundled_directory() / "evals"


def accepted(*results, identity=IDENTITY):
    return Baseline.of(report(*results, identity=identity))


def test_the_same_report_passes_its_own_baseline_and_nothing_is_said():
    same = report(result("a", golden=True), result("b", 0), result("c", 1, 2))
    gate = hold(same, Baseline.of(same))
    assert (gate.ok, gate.notes) == (True, ())


def test_a_golden_case_fails_at_one_miss_of_many():
    gate = hold(report(result("a", 19, 20, golden=True)), accepted(result("a", 19, 20, golden=True)))
    assert gate.failures == ("a is golden and passed 19 of 20",)


def test_a_golden_case_fails_without_a_baseline_and_others_do_not():
    gate = hold(report(result("a", 0, golden=True), result("b", 0)), None)
    assert gate.failures == ("a is golden and passed 0 of 1",)
    assert "no baseline yet" in gate.notes[0]


def test_an_instrument_that_shows_the_cases_to_be_blind_fails_and_is_never_accepted(tmp_path):
    blind = Checked("gullible", "injection", True, ("a",), (Wrong("a", "it passed"),))
    seen = Checked("lazy", "delegation", True, ("a",))
    good = report(result("a"))
    bad = replace(good, instruments=(blind, seen))
    for baseline in (None, Baseline.of(good)):
        assert hold(bad, baseline).failures == (str(blind),)
    with pytest.raises(UsageError, match="gullible"):
        update_baseline(tmp_path, bad)


def test_without_chance_one_pass_less_is_worse():
    gate = hold(report(result("a", 0)), accepted(result("a", 1)))
    assert gate.failures == ("a passed 0 of 1, 1 of 1 in the baseline",)


@pytest.mark.parametrize(
    ("now", "before", "passes"),
    [((0, 1), (1, 1), True), ((3, 4), (4, 4), True), ((0, 4), (4, 4), False), ((10, 20), (20, 20), False)],
)
def test_with_chance_a_case_is_worse_when_the_interval_of_the_difference_says_so(now, before, passes):
    gate = hold(report(result("a", *now), identity=REMOTE), accepted(result("a", *before), identity=REMOTE))
    assert gate.ok is passes


@given(st.integers(1, 30), st.data())
def test_a_case_that_passes_at_least_as_often_is_never_worse(trials, data):
    before = data.draw(st.integers(0, trials))
    now = data.draw(st.integers(before, trials))
    for identity in (IDENTITY, REMOTE):
        old = accepted(result("a", before, trials), identity=identity)
        assert hold(report(result("a", now, trials), identity=identity), old).ok


def test_a_removed_case_fails_also_when_it_was_renamed():
    gate = hold(report(result("new-name")), accepted(result("old-name")))
    assert gate.failures == ("old-name is in the baseline and was removed or renamed",)
    assert gate.notes == ("new-name is new: 1 of 1",)


def test_a_case_that_is_not_golden_any_more_counts_as_removed_though_it_passes():
    gate = hold(report(result("a")), accepted(result("a", golden=True)))
    assert gate.failures == ("a was golden and is not any more, which counts as removed",)


def test_a_new_case_passes_only_if_it_passes():
    gate = hold(report(result("good"), result("bad", 0)), accepted())
    assert gate.failures == ("bad is new and passed 0 of 1",)
    assert gate.notes == ("good is new: 1 of 1", "bad is new: 0 of 1")


def test_of_a_part_of_the_cases_only_those_are_looked_at():
    old = accepted(result("a"), result("b", golden=True))
    assert hold(report(result("a")), old, partial=True).ok
    assert hold(report(result("b", 0, golden=True)), old, partial=True).failures == ("b is golden and passed 0 of 1",)


def test_a_difference_of_what_was_graded_is_told_by_part_and_fails_nothing():
    other = REMOTE | {"roles": "x" * 16, "commit": "e" * 40}
    gate = hold(report(result("a"), identity=other), accepted(result("a")))
    assert gate.ok
    assert gate.notes == (
        "differs from the baseline: model deep: autopilot -> openai:gpt-6-luna; "
        "model fast: autopilot -> openai:gpt-6-luna; model smart: autopilot -> openai:gpt-6-luna",
        "differs from the baseline: roles",
    )


def test_what_is_better_or_golden_now_is_told():
    gate = hold(report(result("a", 2, 2), result("b", golden=True)), accepted(result("a", 1, 2), result("b")))
    assert gate.ok
    assert gate.notes == ("a is better: 2 of 2, 1 of 2 in the baseline", "b is golden now")


def test_an_update_writes_the_file_and_says_exactly_what_changed(tmp_path):
    before = report(result("a"), result("b", 2, 2), result("gone", golden=True), result("c", 0, 2))
    assert update_baseline(tmp_path, before) == [
        "added a: 1 of 1",
        "added b: 2 of 2",
        "added c: 0 of 2",
        "added gone: 1 of 1, golden",
    ]
    after = report(
        result("b", 1, 2), result("c", 1, 2), result("new", golden=True), result("a", golden=True), identity=REMOTE
    )
    assert update_baseline(tmp_path, after) == [
        "removed gone: 1 of 1, golden",
        "changed a: 1 of 1 -> 1 of 1, golden",
        "worse b: 2 of 2 -> 1 of 2",
        "better c: 0 of 2 -> 1 of 2",
        "added new: 1 of 1, golden",
        "model deep: autopilot -> openai:gpt-6-luna; model fast: autopilot -> openai:gpt-6-luna; "
        "model smart: autopilot -> openai:gpt-6-luna",
    ]
    assert read_baseline(tmp_path) == Baseline.of(after)


def test_an_update_that_changes_nothing_does_not_touch_the_file(tmp_path):
    update_baseline(tmp_path, report(result("a")))
    (tmp_path / FILE).chmod(0o444)
    again = report(result("a"), identity=IDENTITY | {"commit": "another"})
    assert update_baseline(tmp_path, again) == []


@pytest.mark.parametrize(
    ("results", "partial", "why"),
    [
        ([result("a")], True, "only some were run"),
        ([result("a", 3, 4, golden=True)], False, "a is golden and passed 3"),
    ],
)
def test_an_update_is_refused_and_the_file_stays_as_it_was(tmp_path, results, partial, why):
    update_baseline(tmp_path, report(result("a"), result("b")))
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(UsageError, match=why) as refused:
        update_baseline(tmp_path, report(*results), partial=partial)
    assert refused.value.cure
    assert (tmp_path / FILE).read_bytes() == before


def test_the_file_is_sorted_with_one_line_a_case_and_does_not_depend_on_order(tmp_path):
    cases = [result("b", golden=True), result("a", 1, 2)]
    text = accepted(*cases).text()
    assert text == accepted(*reversed(cases)).text()
    assert '  "a": {"golden": false, "passes": 1, "trials": 2},\n  "b": {"golden": true' in text
    assert json.loads(text)["identity"] == {name: value for name, value in IDENTITY.items() if name != "commit"}


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.tuples(st.booleans(), st.integers(0, 3))))
def test_a_baseline_is_read_back_as_it_was_written(tmp_path_factory, cases):
    folder = tmp_path_factory.mktemp("evals")
    baseline = accepted(*(result(name, passed, 3, golden=golden) for name, (golden, passed) in cases.items()))
    (folder / FILE).write_text(baseline.text(), "utf-8")
    assert read_baseline(folder) == baseline


def test_a_folder_without_the_file_has_no_baseline(tmp_path):
    assert read_baseline(tmp_path) is None


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"golden": false', '"golden": "no"', "cases.a.golden"),
        ('"passes": 1', '"passes": 9', "cases.a"),
        ('"trials": 1', '"trials": 0', "cases.a.trials"),
        ('"passes": 1,', '"passes": 1, "extra": 2,', "cases.a.extra"),
        ('"world"', '"wrld"', "identity"),
        ("{", "", FILE),
    ],
)
def test_a_broken_baseline_is_an_error_that_says_where(tmp_path, old, new, where):
    (tmp_path / FILE).write_text(accepted(result("a")).text().replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError, match="is not a baseline") as broken:
        read_baseline(tmp_path)
    assert where in broken.value.where
    assert "--update-baseline" in broken.value.cure


def test_the_committed_baseline_was_written_by_the_command_and_holds_no_failed_golden_case():
    baseline = read_baseline(EVALS)
    assert baseline is not None
    assert (EVALS / FILE).read_text("utf-8") == baseline.text()
    assert [name for name, standing in baseline.cases.items() if standing.golden and standing.rate < 1] == []
    assert is_deterministic(baseline.identity)
