"""The suite of a company: its cases, with the company they are for, read once by who tells and once by each worker."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from company.config import ModelSettings, Settings, load_settings
from company.errors import UsageError
from company.grading.case import Case
from company.grading.reading import load_cases
from company.grading.registry import load_scorers
from company.grading.world import raw_settings
from company.home import CompanyDirectory, Content, load_content
from company.llm import AUTOPILOT, Models

TIERS = ("fast", "smart", "deep")


@dataclass(frozen=True, slots=True)
class Suite:
    """A company and its cases.

    Attributes:
        directory: The company.
        settings: Its settings, with the model it is graded on.
        content: Its roles, tools and prompts.
        cases: Its cases, in the order of the files.
        model: The one model that every role thinks with; empty for what `company.toml` says.
    """

    directory: CompanyDirectory
    settings: Settings
    content: Content
    cases: tuple[Case, ...]
    model: str = ""

    def about(self, text: str) -> tuple[Case, ...]:
        """Return the cases about `text`; all when it is empty.

        Raises:
            UsageError: There is none.
        """
        chosen = tuple(case for case in self.cases if case.about(text))
        if not chosen:
            tags = ", ".join(sorted({tag for case in self.cases for tag in case.tags}))
            raise UsageError(f"no eval case is about {text!r}", where="--filter", cure=f"tags are: {tags}")
        return chosen


def open_suite(directory: CompanyDirectory, environment: Mapping[str, str], *, model: str = "") -> Suite:
    """Read a company and its cases; this imports its tools, so it has to be trusted.

    Args:
        directory: The company.
        environment: Says where the list of trusted directories is kept.
        model: What every role shall think with: `provider:model`, a tier, or `autopilot`. Nothing stands in for it: a
            chain would answer with its second model when the first cannot be used, and the grade would be that one's.

    Raises:
        UsageError: The company or a case is wrong, the company follows the wall clock, or there is no such model.
    """
    settings = load_settings(directory.config_file)
    if settings.world.clock != "virtual":
        where = f"{directory.config_file}: world.clock"
        raise UsageError("evals need the virtual clock", where=where, cure='write `clock = "virtual"`')
    name = named(settings.models, model) if model else ""
    if name:
        settings = settings.model_copy(update={"models": settings.models.only(name)})
    content = load_content(directory, settings, environment)
    if name:
        Models(settings=settings, roles=content.roles).capabilities(name)
    scorers = load_scorers(directory, environment)
    cases = load_cases(directory.evals, content, scorers=scorers, settings=raw_settings(directory))
    return Suite(directory, settings, content, cases, name)


def named(models: ModelSettings, text: str) -> str:
    """Return the model that a person means: by its name, or the first of a tier's chain.

    Args:
        models: The company's `[models]`.
        text: `provider:model`, `autopilot`, `fast`, `smart` or `deep`.

    Raises:
        UsageError: It is none of these.
    """
    name: str = getattr(models, text)[0] if text in TIERS else text
    if name != AUTOPILOT and not all(name.partition(":")):
        raise UsageError(
            f"{text!r} is no model", where="--model", cure=f"write provider:model, {', '.join(TIERS)} or {AUTOPILOT}"
        )
    return name


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
