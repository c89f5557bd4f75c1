"""Chance by name: every draw of the world comes from a stream that can be reached directly.

Philox is a counter-based generator, so the stream of day 300 costs no more than that of day 0, and streams with
different names or coordinates never overlap (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
"""

import zlib

import numpy as np
from numpy.random import Generator, Philox

_WORD = 2**64


def stream(seed: int, name: str, *place: int) -> Generator:
    """Return the random stream of one thing at one place.

    Args:
        seed: The world's seed.
        name: What is drawn.
        place: Up to three coordinates, such as day, minute and symbol number; each not negative.
    """
    key = np.array([seed % _WORD, zlib.crc32(name.encode())], dtype=np.uint64)
    counter = np.array([0, *place, *[0] * (3 - len(place))], dtype=np.uint64)
    return Generator(Philox(key=key, counter=counter))
