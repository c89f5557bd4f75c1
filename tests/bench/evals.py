"""What it takes to know that nothing got worse: the whole suite, and a month of the paper world in it.

Both run the command that people and CI run, in its own process, with as many workers as the machine has cores; the bars
are for two. The month is one case: 31 days of the default company, which looks every 24 hours whether a role has a
reason to work, with memory off, since its embedder alone takes as long as all roles together and the offline mind reads
no memory in a cycle. With the default step of an hour a month has 720 looks and takes minutes.
"""

import subprocess
import sys
import time
from collections.abc import Iterator

MONTH = "month-that-falls-keeps-the-money"


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Return name, value, bar, and whether the bar is a least."""
    yield "evals.month_s", _seconds("--filter", MONTH), 20.0, False
    yield "evals.suite_s", _seconds(), 120.0, False


def _seconds(*arguments: str) -> float:
    """Return the wall-clock seconds of `company eval`; a suite that fails has no figure."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "company", "eval", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
