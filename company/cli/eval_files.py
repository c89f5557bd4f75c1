"""What `company eval` reads from the home and writes beside its lines: keys of providers, and reports as files."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.grading import Report, Suite


@dataclass(frozen=True, slots=True)
class Files:
    """Where a report is written.

    Attributes:
        junit: JUnit XML.
        html: A web page.
        inspect: A log of Inspect.
    """

    junit: Path | None
    html: Path | None
    inspect: Path | None

    def check(self) -> None:
        """Refuse what cannot be written, before the cases are run.

        Raises:
            UsageError: A folder is missing, or the package of `--inspect` is.
        """
        from company.grading.reports import require_folder, require_inspect

        for option, path in {"--junit": self.junit, "--html": self.html, "--inspect": self.inspect}.items():
            if path is not None:
                require_folder(path, option=option)
        if self.inspect is not None:
            require_inspect(self.inspect)

    def write(self, report: "Report", verdict: Sequence[str]) -> None:
        """Write the report.

        Args:
            report: The report.
            verdict: What the gate said of it, one line each.

        Raises:
            UsageError: A file cannot be written.
        """
        from company.grading.reports import junit, page, save, write_inspect

        if self.junit is not None:
            save(self.junit, junit(report))
        if self.html is not None:
            save(self.html, page(report, verdict=verdict))
        if self.inspect is not None:
            write_inspect(report, self.inspect, at=datetime.now(UTC))


def environment_with_keys(suite: "Suite", state: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the worker processes: this one, with the keys that lie in the home's secret store.

    A case is played in a home of its own, which has no secret store. Only keys of providers that the cases think with
    are passed on; without one nothing of the home is read.

    Raises:
        UsageError: The secret store cannot be opened.
    """
    wanted = _providers(suite)
    if not wanted:
        return dict(environment)
    from company.home import open_secrets, open_store
    from company.store import ProviderKeys

    providers = suite.settings.providers
    with closing(open_store(state)) as store:
        keys = ProviderKeys(environment, providers, open_secrets(state, store, environment))
        found = {providers[name].key_env: keys.get(name) for name in wanted}
    return {**environment, **{name: key for name, key in found.items() if key}}


def _providers(suite: "Suite") -> list[str]:
    """Return the providers of every model that some role thinks with."""
    models = suite.settings.models
    chains = [models.fast, models.smart, models.deep, *models.roles.values()]
    names = dict.fromkeys(name.partition(":")[0] for chain in chains for name in chain if ":" in name)
    return [name for name in names if name in suite.settings.providers]
