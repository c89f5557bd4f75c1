"""What the roles remember between runs, and how they find it again.

SQLite holds the truth, Chroma a rebuildable index of vectors, MiniLM makes the vectors without network or torch. The
room stores, screens and recalls. It does not decide what is worth remembering, calls no model, and never shows the
memories of one person to another.
"""

from company.memory.embedder import Embedder, MiniLM, find_embedder
from company.memory.item import (
    SHARED,
    Browsed,
    Kind,
    MemoryItem,
    MemoryStatus,
    Note,
    Recalled,
    Remembered,
    Source,
    Status,
)
from company.memory.port import Memory
from company.memory.screen import masked
from company.memory.similarity import SimilaritySetup
from company.memory.twin import ScratchMemory
from company.memory.vector import VectorMemory
from company.memory.weights import install_embedder

__all__ = [
    "SHARED",
    "Browsed",
    "Embedder",
    "Kind",
    "Memory",
    "MemoryItem",
    "MemoryStatus",
    "MiniLM",
    "Note",
    "Recalled",
    "Remembered",
    "ScratchMemory",
    "SimilaritySetup",
    "Source",
    "Status",
    "VectorMemory",
    "find_embedder",
    "install_embedder",
    "masked",
]
