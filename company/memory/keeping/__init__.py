"""What becomes of memories: forgotten for good, archived by age, carried to another home, put back as they were.

Nothing is imported here, because the write path needs the tombstones and everything else needs the write path.
"""
