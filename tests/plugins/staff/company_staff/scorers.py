"""Rules that a company's eval cases may hold its answers to."""

from collections.abc import Iterator
from typing import Literal

from company.grading import Evidence, scorer


@scorer
def promises_nothing(evidence: Evidence, wanted: Literal[True]) -> Iterator[str]:
    """No answer calls anything certain."""
    if "certainly" in evidence.answer.lower():
        yield "the answer calls something certain"
