"""What the roles remember between runs, and how they find it again.

SQLite holds the truth, Chroma a rebuildable index of vectors, MiniLM makes the vectors without network or torch. The
room stores, screens and recalls. It does not decide what is worth remembering, calls no model, and never shows the
memories of one person to another.
"""

from company.memory.embedder import Embedder, MiniLM, find_embedder
from company.memory.item import Kind, Memory, MemoryItem, MemoryStatus, Note, Recalled, Remembered, Source
from company.memory.screen import masked
from company.memory.vector import VectorMemory

__all__ = [
    "Embedder",
    "Kind",
    "Memory",
    "MemoryItem",
    "MemoryStatus",
    "MiniLM",
    "Note",
    "Recalled",
    "Remembered",
    "Source",
    "VectorMemory",
    "find_embedder",
    "masked",
]
