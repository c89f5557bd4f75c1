"""Exchanges beyond this process: our own over HTTP, every one that ccxt knows, and those of installed packages.

A venue is `company.ports.Venue`, which is ccxt's unified interface, so nothing translates between them. A paper venue
never leaves this machine; a real one can be read, and traded on only through the gate that a person opens. Importing
this room imports no ccxt: that happens when a venue is first asked.
"""

from company.trading.venues.gate import Act, Gate
from company.trading.venues.guarded import GuardedVenue
from company.trading.venues.packaged import PackageVenue
from company.trading.venues.reach import Reach, is_loopback
from company.trading.venues.terms import PAPER_KEYS, Keys, Mode, Terms
from company.trading.venues.tradable import TRADABLE
from company.trading.venues.venue import CcxtVenue

__all__ = [
    "PAPER_KEYS",
    "TRADABLE",
    "Act",
    "CcxtVenue",
    "Gate",
    "GuardedVenue",
    "Keys",
    "Mode",
    "PackageVenue",
    "Reach",
    "Terms",
    "is_loopback",
]
