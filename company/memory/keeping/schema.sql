-- Beside the memories: what may not come back, and how each memory stood before it was changed.
CREATE TABLE IF NOT EXISTS tombstone (digest BLOB PRIMARY KEY, erasure TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tombstone_salt (only INTEGER PRIMARY KEY CHECK (only = 1), salt BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS memory_past (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL REFERENCES memory (seq) ON DELETE CASCADE,
    at TEXT NOT NULL, cause TEXT NOT NULL,
    status TEXT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT, supersedes TEXT NOT NULL,
    superseded_by TEXT NOT NULL, trust INTEGER NOT NULL, decided_by TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS memory_past_of ON memory_past (seq, number);
CREATE TABLE IF NOT EXISTS chore (name TEXT PRIMARY KEY, done TEXT NOT NULL) WITHOUT ROWID;
