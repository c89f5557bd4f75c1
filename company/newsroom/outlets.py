"""How far an outlet is believed, by the host its articles lie on.

The host decides, not the name a feed prints: a name can be forged in any item, the host is where the article is read.
A weight is the share of an outlet's claims the desk expects to hold.
"""

from collections.abc import Mapping
from typing import Final

WEIGHTS: Final[Mapping[str, float]] = {
    "harbourwire.example": 0.95,
    "ledgerdaily.example": 0.9,
    "blockmark.example": 0.85,
    "basispoints.example": 0.8,
    "coinmeridian.example": 0.75,
    "chainpulse.example": 0.6,
    "moonwhisper.example": 0.3,
    "tokentattler.example": 0.2,
}
UNKNOWN: Final = 0.4
FLOOR: Final = 0.35
"""An outlet below it is expected to be wrong about twice as often as right; what it claims is suspicious by itself."""


def weight_of(host: str) -> float:
    """Return the weight of the outlet at `host`, 0.4 for one nobody has judged."""
    return WEIGHTS.get(host, UNKNOWN)
