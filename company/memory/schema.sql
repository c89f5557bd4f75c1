-- Version 2 of the memory. Safe to run twice, so that two processes may create the file at once.
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS memory (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    role TEXT NOT NULL, kind TEXT NOT NULL, person TEXT NOT NULL,
    subject TEXT NOT NULL, subject_key TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL,
    trust INTEGER NOT NULL, tainted INTEGER NOT NULL, importance REAL NOT NULL, run_id TEXT NOT NULL,
    created_at TEXT NOT NULL, last_used_at TEXT NOT NULL, use_count INTEGER NOT NULL,
    content_sha256 TEXT NOT NULL, sources TEXT NOT NULL DEFAULT '[]',
    UNIQUE (role, person, kind, content_sha256)
);
CREATE INDEX IF NOT EXISTS memory_subject ON memory (role, subject_key);
CREATE TABLE IF NOT EXISTS vector (
    seq INTEGER NOT NULL REFERENCES memory (seq) ON DELETE CASCADE,
    embedder_id TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (embedder_id, seq)
);
CREATE TABLE IF NOT EXISTS outbox (
    embedder_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (embedder_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (embedder_id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS memory_text USING fts5 (
    text, content = 'memory', content_rowid = 'seq', tokenize = 'porter unicode61'
);
CREATE TRIGGER IF NOT EXISTS memory_added AFTER INSERT ON memory BEGIN
    INSERT INTO memory_text (rowid, text) VALUES (new.seq, new.text);
END;
PRAGMA user_version = 2;
COMMIT;
