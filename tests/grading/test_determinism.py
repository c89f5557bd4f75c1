"""Grading the same company twice gives the same bytes, in two processes that share nothing."""

import os

from company.grading import Grading, Report, open_suite, run_case
from company.home import find_directory

CASES = ("order-over-the-mandate-asks", "foreign-tool-is-refused")
"""Tools with an approval, and calls that are refused."""


async def test_two_runs_of_the_same_company_have_the_same_scores_byte_for_byte(tmp_path):
    suite = open_suite(find_directory(None, tmp_path), os.environ)
    chosen = [case for case in suite.cases if case.id in CASES]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    grading = Grading(suite, chosen, environment, jobs=1, folder=tmp_path / "evals")
    results = [result async for result in grading.run()]
    assert [result.ok for result in results] == [True] * len(CASES)
    elsewhere = grading.report()
    here = [await run_case(case, suite.directory, os.environ) for case in reversed(chosen)]
    again = Report(elsewhere.identity, tuple(reversed(here)), 0.0)
    assert again.scores_json() == elsewhere.scores_json()
