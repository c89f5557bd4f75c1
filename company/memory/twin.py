"""The memory without files: for tests, previews and whatever must leave nothing behind.

The same write path, read path and SQL run over a database in memory, so the laws of what is remembered, superseded
and seen are the same and cannot drift apart. It is lexical and forgets everything when it is closed.
"""

from pathlib import Path

from company.memory.records import Records
from company.memory.similarity import Similarity
from company.memory.vector import ComposedMemory
from company.ports import Clock


class ScratchMemory(ComposedMemory):
    """`Memory` that is gone when it is closed.

    Args:
        clock: The company's time.
    """

    def __init__(self, *, clock: Clock) -> None:
        records = Records(Path(":memory:"))
        super().__init__(records, Similarity(Path(), records, None), clock)
