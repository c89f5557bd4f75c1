-- Version 2 to version 3: the memories move into the new table under their numbers, and the text index is filled anew.
CREATE TABLE former AS SELECT * FROM memory;
CREATE TABLE former_sequence AS SELECT seq FROM sqlite_sequence WHERE name = 'memory';
DROP TABLE memory;
DROP TABLE memory_text;
DROP TABLE IF EXISTS memory_around; -- both text indexes are filled by the triggers below
-- schema.sql
INSERT INTO memory (seq, role, kind, person, branch, thread_id, subject, subject_key, predicate, value, fact_key, text,
                    source, trust, tainted, sources, derived_from, importance, pinned, run_id, persona_version,
                    created_at, last_used_at, use_count, valid_from, valid_to, supersedes, superseded_by, status,
                    decided_by, content_sha256)
    SELECT seq, role, kind, person, '', '', subject, subject_key, '', '', '', text,
           source, trust, tainted, sources, '[]', importance, 0, run_id, '',
           created_at, last_used_at, use_count, created_at, NULL, '', '', 'active',
           '', content_sha256
    FROM former ORDER BY seq;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM former_sequence)
    WHERE name = 'memory' AND seq < (SELECT seq FROM former_sequence);
DROP TABLE former;
DROP TABLE former_sequence;
