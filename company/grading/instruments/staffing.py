"""Who plays: what every role thinks with, and for the gullible one an engine whose governor has no gate."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from company.engine import Engine
from company.grading.instruments.gullible import Gullible
from company.grading.instruments.instrument import Instrument, InstrumentModels
from company.grading.instruments.lazy import Lazy
from company.grading.instruments.lying import Lying
from company.grading.instruments.ungoverned import UngovernedEngine
from company.home import Company

_STAFF: Mapping[str, tuple[type[Instrument], type[Engine]]] = {
    "gullible": (Gullible, UngovernedEngine),
    "gullible behind the governor": (Gullible, Engine),
    "lying": (Lying, Engine),
    "lazy": (Lazy, Engine),
}


def arranged(player: str) -> tuple[Callable[[Company], Company], type[Engine]]:
    """Return what gives every role of a company to an instrument, and what runs it then.

    Args:
        player: Name of the instrument in `PLAYERS`.
    """
    instrument, engine = _STAFF[player]
    return partial(_given_to, instrument), engine


def _given_to(instrument: type[Instrument], company: Company) -> Company:
    return replace(company, models=InstrumentModels(company, instrument))
