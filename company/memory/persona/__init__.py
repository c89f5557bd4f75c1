"""Personas over time: experiments with them, probes against drift, and what may become training data.

The versions themselves are rows of the store (company/store/personas.py); here is what is concluded from them. Nothing
in this room changes a persona: people do.
"""

from company.memory.persona.assignment import arm_of
from company.memory.persona.branches import archive, merge, settle
from company.memory.persona.power import Interval, needed
from company.memory.persona.standing import Share, Standing, breach, guard, standing
from company.memory.persona.training import Account, Training

__all__ = [
    "Account",
    "Interval",
    "Share",
    "Standing",
    "Training",
    "archive",
    "arm_of",
    "breach",
    "guard",
    "merge",
    "needed",
    "settle",
    "standing",
]
