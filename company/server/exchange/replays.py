"""Signed requests that were carried out, remembered as long as they hold: none acts twice.

A signature covers the parameters, not the path, so what was signed for one venue would be good for another too. The
record is written in the transaction that carries out the request, so it survives a restart of the exchange.
"""

from collections import deque

from company.ports import Books

_KIND = "signature"
_SWEPT = 2
"""Records that are looked at for each new one, so that no more are kept than are made in a window or two."""


class Replays:
    """Remembers signatures.

    Args:
        books: Where they are kept.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        kept = [(int(row["until"]), signature) for signature, row in books.items(_KIND)]
        self._ends = deque(sorted(kept))

    def is_new(self, signature: str, until: int, now: int) -> bool:
        """Tell whether a signature was not used yet, and remember it; called in the transaction of what it signs.

        Args:
            signature: Of the request.
            until: When the request holds no more, epoch ms.
            now: Wall time, epoch ms.
        """
        signature = signature.lower()
        if self._books.get(_KIND, signature) is not None:
            return False
        self._books.put(_KIND, signature, {"until": until})
        self._ends.append((until, signature))
        self._sweep(now)
        return True

    def _sweep(self, now: int) -> None:
        for _ in range(_SWEPT):
            if not self._ends or self._ends[0][0] >= now:
                return
            self._books.delete(_KIND, self._ends.popleft()[1])
