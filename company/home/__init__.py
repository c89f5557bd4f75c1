"""A company directory, opened: its content read and checked, its world wired, one frozen `Company` returned.

It decides nothing at run time; what a run does is the graph's, whether it may is the governor's. Names are looked up
when they are first asked for: stopping the company does not wait until models, memory and market are loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.home.company import Company, fingerprint, identity_parts, open_company, open_redactor
    from company.home.content import Content, load_content, tools_of, waiting
    from company.home.desk import open_desk
    from company.home.directory import CompanyDirectory, bundled_directory, find_directory, state_directory
    from company.home.hiring import roles_in, roles_of
    from company.home.kinds import kinds_of
    from company.home.live import LiveSwitch
    from company.home.opening import open_secrets, open_store
    from company.home.reflection import Kept
    from company.home.scaffold import init_company
    from company.home.signals import Sight, Signals, mark
    from company.home.trusting import distrust, is_trusted, require_trust, trust, trusted_directories
    from company.home.venues import live_switch, mode_of

_PLACES = {
    "Company": "company",
    "CompanyDirectory": "directory",
    "Content": "content",
    "Kept": "reflection",
    "LiveSwitch": "live",
    "Sight": "signals",
    "Signals": "signals",
    "bundled_directory": "directory",
    "distrust": "trusting",
    "find_directory": "directory",
    "fingerprint": "company",
    "identity_parts": "company",
    "init_company": "scaffold",
    "is_trusted": "trusting",
    "kinds_of": "kinds",
    "live_switch": "venues",
    "load_content": "content",
    "mark": "signals",
    "mode_of": "venues",
    "open_company": "company",
    "open_desk": "desk",
    "open_redactor": "company",
    "open_secrets": "opening",
    "open_store": "opening",
    "require_trust": "trusting",
    "roles_in": "hiring",
    "roles_of": "hiring",
    "state_directory": "directory",
    "tools_of": "content",
    "trust": "trusting",
    "trusted_directories": "trusting",
    "waiting": "content",
}

__all__ = [
    "Company",
    "CompanyDirectory",
    "Content",
    "Kept",
    "LiveSwitch",
    "Sight",
    "Signals",
    "bundled_directory",
    "distrust",
    "find_directory",
    "fingerprint",
    "identity_parts",
    "init_company",
    "is_trusted",
    "kinds_of",
    "live_switch",
    "load_content",
    "mark",
    "mode_of",
    "open_company",
    "open_desk",
    "open_redactor",
    "open_secrets",
    "open_store",
    "require_trust",
    "roles_in",
    "roles_of",
    "state_directory",
    "tools_of",
    "trust",
    "trusted_directories",
    "waiting",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
