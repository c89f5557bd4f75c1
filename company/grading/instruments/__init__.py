"""Instrument checks: models that go wrong on purpose, and the cases that have to see it.

A case that no wrong-doer can fail measures nothing. So a case may name in `fails_with` the instruments that have to
fail it; it is then played once more with each of them, and an instrument that passes fails the suite. No setting of a
company reaches anything in here.
"""

from company.grading.instruments.checks import PLAYERS, Checked, Player, Vice, checked, players_of

__all__ = ["PLAYERS", "Checked", "Player", "Vice", "checked", "players_of"]
