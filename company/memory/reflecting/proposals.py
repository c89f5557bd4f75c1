"""What a model wants remembered: read strictly, and only ever proposed.

A line of its answer that is not exactly what was asked for, or that names no memory it was shown, is dropped: an
invention has no evidence.
"""

import json
from collections.abc import Collection, Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST: Final = 3
"""Proposals that are taken from one answer."""


class Proposal(BaseModel):
    """Something a model concludes from memories.

    Attributes:
        kind: `semantic` for a fact, `relationship` for how a person wants things, `procedural` for a lesson.
        text: The memory, understandable on its own.
        subject: What it is about, in one to three words.
        predicate: Which of its properties, in one to three words; empty when it has no single value.
        value: The value of that property.
        evidence: Ids of the memories it was concluded from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["semantic", "relationship", "procedural"]
    text: Annotated[str, Field(min_length=8, max_length=300)]
    subject: Annotated[str, Field(min_length=1, max_length=60)]
    predicate: Annotated[str, Field(max_length=40)] = ""
    value: Annotated[str, Field(max_length=120)] = ""
    evidence: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]


def proposals_in(answer: str, shown: Collection[str]) -> list[Proposal]:
    """Return the proposals in a model's answer, one JSON object a line; at most `MOST`.

    Args:
        answer: The model's words.
        shown: Ids of the memories it was shown; evidence is one of them.
    """
    return list(_valid(answer, shown))[:MOST]


def _valid(answer: str, shown: Collection[str]) -> Iterator[Proposal]:
    for line in answer.splitlines():
        if not line.strip().startswith("{"):
            continue
        try:
            proposal = Proposal.model_validate(json.loads(line), strict=False)
        except (ValueError, ValidationError):
            continue
        if set(proposal.evidence) <= set(shown) and bool(proposal.predicate) == bool(proposal.value):
            yield proposal
