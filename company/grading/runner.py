"""Runs cases: many side by side in processes of their own, or one in this process.

Results are told in the order of the cases, while later ones run.
"""

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from company.events import Json
from company.grading import resuming
from company.grading.case import Case
from company.grading.identity import identify
from company.grading.instruments import checked, players_of
from company.grading.pool import Order, Pool
from company.grading.result import Report, Result, Subject, Trial
from company.grading.suite import Suite, cores
from company.home import Company, CompanyDirectory


class Grading:
    """One run of a suite.

    Args:
        suite: The company and its cases.
        cases: Those to run.
        environment: Environment of the worker processes.
        repeat: How often each case is played; as often as it says itself when None.
        jobs: Worker processes; one for each core when None.
        folder: Where the finished trials are kept until the run has come to its end.
        resume: Go on with the newest run that was cut off.
    """

    def __init__(
        self,
        suite: Suite,
        cases: Sequence[Case],
        environment: Mapping[str, str],
        *,
        repeat: int | None = None,
        jobs: int | None = None,
        folder: Path,
        resume: bool = False,
    ) -> None:
        self._suite, self._cases, self._folder, self._resume = suite, tuple(cases), folder, resume
        self._trials = tuple(case.repeat if repeat is None else repeat for case in cases)
        self._pool = Pool(suite.directory, environment, model=suite.model, jobs=jobs or cores())
        self._identity: Json = {}
        self._results: list[Result] = []
        self._checks: dict[tuple[str, str], Trial] = {}
        self._began = time.perf_counter()

    async def run(self) -> AsyncGenerator[Result, None]:
        """Yield each result, in the order of the cases; close the iterator when you leave it early.

        Raises:
            UsageError: There is nothing to resume, or the company or a case was changed meanwhile.
            ProviderError: A worker process did not come up.
        """
        self._identity = await identify(self._suite.content, self._suite.settings, self._suite.directory.root)
        plan = resuming.Plan(self._identity, self._cases, self._trials)
        log = (resuming.resume if self._resume else resuming.begin)(self._folder, plan)
        try:
            async with aclosing(self._in_order(log)) as results:
                async for result in results:
                    self._results.append(result)
                    yield result
            log.finish()
        finally:
            log.close()

    async def _in_order(self, log: resuming.Log) -> AsyncGenerator[Result, None]:
        done: defaultdict[str, dict[int, Trial]] = defaultdict(dict)
        for (case_id, number), trial in log.done.items():
            done[case_id][number] = trial
        left = list(zip(self._cases, self._trials, strict=True))
        orders = [Order(case, n) for case, count in left for n in range(count) if n not in done[case.id]]
        checks = [Order(case, 0, name) for case in self._cases for name in players_of(case)]
        for result in _complete(left, done):
            yield result
        async with aclosing(self._pool.play([*orders, *checks])) as trials:
            async for order, trial in trials:
                if order.player:
                    self._checks[order.player, order.case.id] = trial
                    continue
                log.keep(order.case.id, order.number, trial)
                done[order.case.id][order.number] = trial
                for result in _complete(left, done):
                    yield result

    @property
    def width(self) -> int:
        """Length of the longest id of its cases."""
        return max(len(case.id) for case in self._cases)

    def report(self) -> Report:
        """Return what the results so far come to."""
        seconds = time.perf_counter() - self._began
        return Report(self._identity, tuple(self._results), seconds, checked(self._cases, self._checks))


def _complete(left: list[tuple[Case, int]], done: Mapping[str, Mapping[int, Trial]]) -> list[Result]:
    """Take from the front of `left` the cases all of whose trials are done, and return their results."""
    results = []
    while left and len(done[left[0][0].id]) == left[0][1]:
        case, count = left.pop(0)
        results.append(Result(Subject.of(case), tuple(done[case.id][number] for number in range(count))))
    return results


async def run_case(
    case: Case,
    directory: CompanyDirectory,
    environment: Mapping[str, str],
    *,
    arrange: Callable[[Company], Company] = lambda company: company,
) -> Result:
    """Run one case as often as it says, in this process.

    Args:
        case: What is done and what is wanted.
        directory: The company.
        environment: Which directories are trusted, and keys of providers.
        arrange: Changes the company each time it is opened, such as what its roles think with.
    """
    from company.grading.trial import run_trial  # it brings the engine, which who only tells does not need

    trials = [await run_trial(case, directory, environment, arrange=arrange) for _ in range(case.repeat)]
    return Result(Subject.of(case), tuple(trials))
