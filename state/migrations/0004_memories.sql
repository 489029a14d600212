-- Memories of threads: jobs that extract them, the memories, and the lock of their consolidation.

-- Update of the thread that was last extracted, or found to have nothing to remember.
ALTER TABLE threads ADD COLUMN remembered_ms INTEGER;
-- Threads that a claim may find. Whoever extracted all threads but one must not have to read them all to find that one.
CREATE INDEX threads_to_remember ON threads (listing, updated_at_ms)
WHERE (source_kind = 'cli' OR source_kind = 'vscode') AND (remembered_ms IS NULL OR remembered_ms < updated_at_ms);

CREATE TABLE memory_jobs (
    thread_id        TEXT    NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    state            TEXT    NOT NULL
        CHECK (state IN ('running', 'succeeded', 'succeeded_no_output', 'failed', 'released')),
    -- Fencing token.
    token            INTEGER NOT NULL,
    -- Claims of this update of the thread.
    attempts         INTEGER NOT NULL,
    -- Update of the thread that was claimed.
    input_ms         INTEGER NOT NULL,
    owner            TEXT,
    lease_expires_ms INTEGER,
    -- NULL for a failure that another try would not change.
    retry_at_ms      INTEGER,
    finished_at_ms   INTEGER,
    reason           TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_jobs_running ON memory_jobs (lease_expires_ms) WHERE state = 'running';

CREATE TABLE memories (
    thread_id       TEXT    NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    input_ms        INTEGER NOT NULL,
    generated_at_ms INTEGER NOT NULL,
    usage_count     INTEGER NOT NULL,
    last_used_ms    INTEGER,
    -- 1 where the last consolidation had it.
    selected        INTEGER NOT NULL CHECK (selected IN (0, 1)),
    slug            TEXT,
    rollout_summary TEXT    NOT NULL,
    raw_memory      TEXT    NOT NULL
) STRICT;

-- Threads whose words may still stand in consolidated files.
CREATE TABLE memory_forgotten (
    thread_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Files that agents have left in the workspace.
CREATE TABLE memory_files (
    path    TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

-- The lock of consolidation and its last results: one row.
CREATE TABLE memory_consolidation (
    id               INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Last token that was given out, to a job or to a consolidation.
    token            INTEGER NOT NULL,
    -- Folder of the workspace, as the last consolidation had it.
    root             TEXT,
    lease_owner      TEXT,
    lease_token      INTEGER,
    lease_expires_ms INTEGER,
    last_success_ms  INTEGER,
    watermark_ms     INTEGER,
    failed_step      TEXT,
    reason           TEXT,
    retry_at_ms      INTEGER
) STRICT;

INSERT INTO memory_consolidation (id, token) VALUES (1, 0);

-- Also of a deleted thread, whose row takes its memory with it.
CREATE TRIGGER memories_are_forgotten AFTER DELETE ON memories
WHEN old.selected = 1 OR (SELECT lease_owner FROM memory_consolidation) IS NOT NULL BEGIN
    INSERT OR IGNORE INTO memory_forgotten (thread_id) VALUES (old.thread_id);
END;
CREATE TRIGGER memories_are_switched_off AFTER UPDATE OF user_memory_mode, rollout_memory_mode ON threads
WHEN old.memory_mode = 'enabled' AND new.memory_mode <> 'enabled' BEGIN
    DELETE FROM memories WHERE thread_id = new.id;
    DELETE FROM memory_jobs WHERE thread_id = new.id;
    UPDATE threads SET remembered_ms = NULL WHERE id = new.id AND remembered_ms IS NOT NULL;
END;
