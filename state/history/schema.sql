-- The schema of history_1.sqlite, as its migrations leave it; written by `cargo xtask migrations check --bless`.

CREATE TABLE history_blocks (
    first_id INTEGER NOT NULL PRIMARY KEY,
    file     INTEGER NOT NULL,
    places   BLOB    NOT NULL
) STRICT;
CREATE INDEX history_blocks_by_file ON history_blocks (file);

CREATE TABLE history_checkpoints (
    file       INTEGER NOT NULL PRIMARY KEY,
    checkpoint TEXT    NOT NULL
) STRICT;

CREATE TABLE history_files (
    id               INTEGER NOT NULL PRIMARY KEY,
    path             TEXT    NOT NULL UNIQUE,
    fingerprint      TEXT    NOT NULL,
    outcome          TEXT    NOT NULL CHECK (outcome IN ('indexed', 'duplicate', 'deleted', 'failed')),
    -- Of a duplicate: the path of the owner.
    detail           TEXT,
    problem          TEXT,
    is_owner         INTEGER NOT NULL CHECK (is_owner IN (0, 1)),
    -- NULL until the file was read.
    thread_id        TEXT    CHECK (length(thread_id) = 36),
    -- The id that a file that builds on this one names.
    file_id          TEXT    CHECK (length(file_id) = 36),
    started_at_ms    INTEGER,
    -- The file that this one builds on, and the end of the part of it that counts: JSON, a `HistoryBase`.
    base             TEXT,
    -- The thread whose lines this file begins with.
    copied_from      TEXT    CHECK (length(copied_from) = 36),
    -- Length in bytes when it was last read.
    bytes            INTEGER NOT NULL,
    -- Where turns were taken back: JSON, an array of `Rollback`. NULL: nowhere.
    rollbacks        TEXT,
    CHECK (is_owner = 0 OR (thread_id IS NOT NULL AND file_id IS NOT NULL))
) STRICT;
CREATE INDEX history_files_by_copy ON history_files (file_id) WHERE outcome = 'duplicate';
CREATE UNIQUE INDEX history_files_by_owner ON history_files (file_id) WHERE is_owner = 1;
CREATE INDEX history_files_by_source ON history_files (copied_from) WHERE copied_from IS NOT NULL;
CREATE INDEX history_files_by_thread ON history_files (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE history_other_usage (
    file         INTEGER NOT NULL,
    day          INTEGER NOT NULL,
    model        TEXT    NOT NULL,
    -- Of a sub-agent without a session of its own, or hidden: a title, a summary for compaction, a choice of model.
    purpose      TEXT    NOT NULL CHECK (purpose IN ('subagent', 'hidden')),
    input        INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    PRIMARY KEY (file, day, model, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE history_runs (
    id                 INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    status             TEXT    NOT NULL CHECK (status IN ('pending', 'running', 'complete')),
    watermark          TEXT,
    last_success_at_ms INTEGER,
    lease_owner        TEXT,
    lease_token        INTEGER NOT NULL DEFAULT 0,
    lease_expires_ms   INTEGER
) STRICT;

CREATE TABLE history_tombstones (
    thread_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE history_turns (
    file            INTEGER NOT NULL,
    -- (Decompressed) byte where the first line starts, and where the line after the last one does.
    start_offset    INTEGER NOT NULL,
    end_offset      INTEGER NOT NULL,
    -- Ordinal of the first line, in files that number their lines.
    ordinal         INTEGER,
    -- Number of the turn in the file, from 1.
    number          INTEGER NOT NULL,
    turn_id         TEXT    NOT NULL,
    -- audit: allow enumeration: a newer agent may have more
    status          TEXT    NOT NULL,
    error           TEXT,
    started_at_ms   INTEGER,
    completed_at_ms INTEGER,
    duration_ms     INTEGER,
    first_words     TEXT,
    -- True if the turn was copied from another thread.
    is_inherited    INTEGER NOT NULL CHECK (is_inherited IN (0, 1)),
    -- True if lines before the turn have whole items.
    is_whole        INTEGER NOT NULL CHECK (is_whole IN (0, 1)),
    PRIMARY KEY (file, start_offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE history_usage (
    file         INTEGER NOT NULL,
    day          INTEGER NOT NULL,
    model        TEXT    NOT NULL,
    input        INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    PRIMARY KEY (file, day, model)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE history_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');
