"""The seeded paper world: a market, venues with the company's accounts, and a clock, offline and repeatable.

One seed makes one world, and it knows the truth about itself (`Market.shocks`, `Market.regime`), so that news can be
made from it and outcomes can be scored. It does not decide anything, and nothing in it moves unless its clock does.
"""

from company.world.books import MemoryBooks
from company.world.clock import VirtualClock, WallClock
from company.world.market import EPOCH, START, Market, Shock
from company.world.news import PaperNews
from company.world.outbox import PaperOutbox
from company.world.paper import OPENING, PaperWorld
from company.world.quotes import Microstructure
from company.world.traffic import PaperTraffic
from company.world.venue import PaperVenue

__all__ = [
    "EPOCH",
    "OPENING",
    "START",
    "Market",
    "MemoryBooks",
    "Microstructure",
    "PaperNews",
    "PaperOutbox",
    "PaperTraffic",
    "PaperVenue",
    "PaperWorld",
    "Shock",
    "VirtualClock",
    "WallClock",
]
