"""Two reports side by side: what differs, what is more than chance, and when nobody can tell."""

import json
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.grading.comparing import compare
from tests.grading.reports import REMOTE, report, result


def suite(*passed, trials=1):
    return report(*(result(f"case-{number:02}", count, trials) for number, count in enumerate(passed)))


def test_a_case_is_compared_by_its_trials_and_adjusted_for_the_number_of_cases():
    comparison = compare(suite(0, 5, trials=5), suite(5, 5, trials=5))
    worse, same = comparison.pairs
    assert (worse.change, same.change) == (1.0, 0.0)
    assert worse.p == pytest.approx(2 / 252)
    assert worse.adjusted == pytest.approx(4 / 252)
    assert (worse.stands_out, same.stands_out) == (True, False)
    assert comparison.doubt == ""


def test_one_case_among_many_does_not_stand_out_where_it_would_alone():
    alone = compare(suite(0, trials=4), suite(4, trials=4))
    among = compare(suite(0, *[4] * 9, trials=4), suite(4, *[4] * 9, trials=4))
    assert alone.pairs[0].stands_out
    assert not among.pairs[0].stands_out
    assert "needs 4 on each side for one case, and 6 among 10 cases (company eval --repeat 6)" in among.doubt


def test_a_subject_is_better_on_the_whole_when_enough_cases_differ_to_one_side():
    comparison = compare(suite(*[0] * 6, 1), suite(*[1] * 7))
    assert comparison.verdict == "B is better: only A passes 0, only B 6 (McNemar's exact test, p = 0.0312)"
    assert compare(suite(*[1] * 7), suite(*[0] * 6, 1)).verdict.startswith("A is better")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([1, 1, 0], [1, 1, 0], "no difference seen: A and B pass the same 2 of 3 cases"),
        ([0, 1, 1], [1, 1, 1], "too few to tell: only A passes 0, only B 1; with fewer than 6 differing cases"),
        ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0], "no difference that chance would not make: only A passes 3, only B 3"),
    ],
)
def test_what_a_sample_cannot_tell_is_said(first, second, said):
    assert compare(suite(*first), suite(*second)).verdict.startswith(said)


def test_a_case_passes_on_the_whole_only_with_all_its_trials():
    comparison = compare(suite(3, trials=4), suite(4, trials=4))
    assert (comparison.lost, comparison.won) == (0, 1)
    assert (comparison.first.passed, comparison.second.passed) == (0, 1)


def test_totals_hold_what_both_have_with_cost_calls_and_time():
    comparison = compare(report(result("a", 1, 2), result("x")), report(result("a", 2, 2), result("y")))
    first = comparison.first
    assert (first.cases, first.trials, first.model_calls) == (1, 2, 6)
    assert (first.cost_usd, first.seconds) == (Decimal("0.03"), 3.0)
    assert comparison.second.interval == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert (comparison.only_first, comparison.only_second) == (("x",), ("y",))


def test_what_was_graded_differently_and_a_case_that_was_edited_are_told():
    comparison = compare(report(result("a")), report(result("a", digest="e" * 64), identity=REMOTE))
    assert "model smart: autopilot -> openai:gpt-6-luna" in comparison.identity[0]
    assert comparison.pairs[0].is_edited


def test_reports_without_a_case_in_common_are_a_usage_error():
    with pytest.raises(UsageError, match="no case in common"):
        compare(report(result("a")), report(result("b")))


@pytest.fixture
def company(tmp_path):
    """Compare two report files on the command line."""

    def _company(first, second, *options):
        files = [tmp_path / "a.json", tmp_path / "b.json"]
        for file, made in zip(files, (first, second), strict=True):
            file.write_text(made if isinstance(made, str) else json.dumps(made.data()), "utf-8")
        return CliRunner().invoke(app, ["eval", "compare", *map(str, files), *options])

    return _company


def test_the_command_prints_a_table_the_totals_and_a_verdict(company):
    done = company(suite(0, 4, trials=4), report(result("case-00", 4, 4), result("case-01", 3, 4), identity=REMOTE))
    assert done.exit_code == 0, done.output
    rows = {
        line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.startswith(("case-", "A ", "B "))
    }
    assert rows["case-00"] == ["0/4", "4/4", "+100%", "0.029", "0.057"]
    assert rows["case-01"] == ["4/4", "3/4", "-25%", "1.000", "1.000"]
    assert rows["B"] == ["1", "of", "2", "9%", "to", "91%", "8", "18", "$0.0900", "9.0", "s"]
    assert "graded differently: model deep" in done.output
    assert "too few to tell: only A passes 1, only B 1" in done.output
    assert "no single case can be told apart with 4 trials" in done.output


def test_the_command_prints_the_same_as_json(company):
    done = company(suite(0, 5, trials=5), suite(5, 5, trials=5), "--json")
    told = json.loads(done.stdout)
    assert told["cases"][0]["test"] == {"name": "fisher-exact", "p": 2 / 252, "p_holm": 4 / 252}
    assert told["test"] == {"name": "mcnemar-exact", "only_a": 0, "only_b": 1, "p": 1.0}
    assert (told["a"]["passed"], told["b"]["passed"], told["a"]["cost_usd"]) == (1, 2, "0.15")


def test_a_file_that_is_no_report_is_a_usage_error(company):
    done = company("[]", suite(1))
    assert isinstance(done.exception, UsageError)
    assert "a.json" in str(done.exception)
