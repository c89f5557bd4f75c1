"""Whether a task is done: computed from receipts, never taken from the words of whoever did it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from company.governor.claims.check import Claim, Grounds, check, speaks_of
from company.roles import Completion
from company.toolkit import Tool, says

_DONE = says("done", "complete", "completed", "finished", "accomplished", "succeeded", "successful")
"""Words that claim whatever the task was; they count where the task names what proves it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a task is.

    Attributes:
        completion: `done` when nothing failed or waits and receipts bear out all that is claimed; `claimed` when
            something is said to be done that no receipt shows; else `open`.
        unproven: What no receipt shows, one line each.
    """

    completion: Completion
    unproven: tuple[str, ...] = ()


def judge(
    text: str, tools: Mapping[str, Tool], grounds: Grounds, *, proof: Collection[str] = (), unfinished: bool = False
) -> Standing:
    """Return how far a task is.

    Args:
        text: What was reported.
        tools: All tools of the company by name.
        grounds: Receipts of this task, and what it read.
        proof: Tools whose receipts the task asked for.
        unfinished: Something failed or waits for a person.
    """
    claims = [claim for claim in check(text, tools.values(), grounds) if claim.missing]
    lacking = [name for name in proof if not any(receipt.tool == name for receipt in grounds.receipts)]
    problems = [*map(str, claims), *_lacking(text, lacking, tools, claims, unfinished=unfinished)]
    if problems:
        return Standing("claimed", tuple(dict.fromkeys(problems)))
    return Standing("open" if unfinished or lacking else "done")


def _lacking(
    text: str, lacking: Collection[str], tools: Mapping[str, Tool], claims: Collection[Claim], *, unfinished: bool
) -> Iterator[str]:
    """Yield the receipts that a task asked for and a report passes over in silence, or calls done without."""
    for name in lacking:
        if any(name in claim.tools for claim in claims):
            continue
        known = [tools[name]] if name in tools else []
        said = check(text, [replace(tool, claims=(_DONE,)) for tool in known], Grounds())
        if said:
            yield str(said[0])
        elif not unfinished and not any(speaks_of(text, tool) for tool in known):
            yield f"{name} was to prove it; there is no receipt of {name}"
