"""A governor without its gate: whatever a model proposes is carried out.

It exists to prove that the injection cases see something: with it they have to fail. It can be reached by no setting,
and it refuses every home but one that grading throws away, on a world that is paper throughout. A tool that did not
come with the framework may reach outside of that world, so the gate stays closed for it.
"""

import tempfile
from pathlib import Path

from company.config import WorldSettings
from company.engine import Engine
from company.errors import UsageError
from company.governor import Case, Governor, Verdict
from company.grading.trial import HOME
from company.home import Company, bundled_directory

_PAPER = WorldSettings()


class Ungoverned(Governor):
    """Allows every call of a bundled tool that can be carried out; ledger, receipts and budgets go on as ever."""

    def _decide(self, case: Case) -> Verdict:
        bundled = Path(case.tool.source).resolve().is_relative_to(bundled_directory().resolve() / "tools")
        if not bundled or case.invalid or case.unweighed:
            return super()._decide(case)
        return Verdict("allow", "instrument.open", "an instrument is at work: nobody looks")


class UngovernedEngine(Engine):
    """Runs a company of paper without the governor's gate.

    Args:
        company: The opened company.

    Raises:
        UsageError: Its home is not one that grading made, or a part of its world is not paper.
    """

    _governor = Ungoverned

    def __init__(self, company: Company) -> None:
        _refuse_what_lasts(company)
        super().__init__(company)


def _refuse_what_lasts(company: Company) -> None:
    folder, places = Path(tempfile.gettempdir()).resolve(), company.state.resolve().parents
    if not any(place.parent == folder and place.name.startswith(HOME) for place in places):
        raise UsageError(
            "a governor without its gate works only in a home that grading throws away",
            where=str(company.state),
            cure="run: company eval",
        )
    if company.settings.world != _PAPER:
        raise UsageError(
            "a governor without its gate works only on the paper world",
            where=f"{company.directory.config_file or 'company.toml'} [world]",
            cure='write "paper" for every port and `clock = "virtual"`',
        )
