-- The schema of state_5.sqlite, as its migrations leave it; written by `cargo xtask migrations check --bless`.

CREATE TABLE agents (
    thread_id        TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    -- NULL for a root. It need not be indexed, nor have a rollout at all.
    parent_thread_id TEXT    CHECK (parent_thread_id <> thread_id),
    -- The thread at which the closing began that closed this one too; NULL while it is open.
    closed_by        TEXT,
    lifecycle        TEXT    GENERATED ALWAYS AS (CASE WHEN closed_by IS NULL THEN 'open' ELSE 'closed' END) VIRTUAL,
    created_at_ms    INTEGER NOT NULL,
    updated_at_ms    INTEGER NOT NULL
, agent_closed_by TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX agents_by_agent_close ON agents (agent_closed_by) WHERE agent_closed_by IS NOT NULL;
CREATE INDEX agents_by_close ON agents (closed_by) WHERE closed_by IS NOT NULL;
CREATE INDEX agents_by_parent ON agents (parent_thread_id, thread_id);
CREATE INDEX agents_decided ON agents (thread_id)
WHERE (closed_by IS NOT NULL AND agent_closed_by IS NULL) OR updated_at_ms <> created_at_ms;
CREATE TRIGGER agents_are_closed AFTER UPDATE OF closed_by, agent_closed_by, updated_at_ms ON agents
WHEN iif(old.agent_closed_by IS NULL, old.closed_by, NULL) IS NOT iif(new.agent_closed_by IS NULL, new.closed_by, NULL)
    OR (old.agent_closed_by IS NOT NULL AND old.updated_at_ms <> new.updated_at_ms) BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'agent', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'agent' AND id = new.thread_id);
END;
CREATE TRIGGER agents_arrive_closed AFTER INSERT ON agents
WHEN new.closed_by IS NOT NULL AND new.agent_closed_by IS NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'agent', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'agent' AND id = new.thread_id);
END;
CREATE TRIGGER agents_leave AFTER DELETE ON agents
WHEN (old.closed_by IS NOT NULL AND old.agent_closed_by IS NULL) OR old.updated_at_ms <> old.created_at_ms BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'agent', old.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'agent' AND id = old.thread_id);
END;

CREATE TABLE backfill_progress (
    id                 INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    status             TEXT    NOT NULL CHECK (status IN ('pending', 'running', 'complete')),
    -- The highest path up to which the running pass is done.
    watermark          TEXT,
    last_success_at_ms INTEGER,
    -- The lease: who runs, until when, and the fencing token, which grows with every acquisition.
    lease_owner        TEXT,
    lease_token        INTEGER NOT NULL,
    lease_expires_ms   INTEGER
) STRICT;
CREATE VIEW decisions (kind, id, record) AS
SELECT 'thread', id, json_object('name', user_name, 'named_at_ms', user_named_at_ms, 'archived', user_archived,
    'archived_at_ms', user_archived_at_ms, 'memory_mode', user_memory_mode)
FROM threads
WHERE user_name IS NOT NULL OR user_named_at_ms IS NOT NULL OR user_archived IS NOT NULL OR user_memory_mode IS NOT NULL
UNION ALL
-- Closed by the user, or opened again after a closing.
SELECT 'agent', thread_id, json_object('closed_by', CASE WHEN agent_closed_by IS NULL THEN closed_by END,
    'created_at_ms', created_at_ms, 'updated_at_ms', updated_at_ms)
FROM agents WHERE (closed_by IS NOT NULL AND agent_closed_by IS NULL) OR updated_at_ms <> created_at_ms
UNION ALL
SELECT 'deleted', thread_id, json_object('deleted_at_ms', deleted_at_ms) FROM tombstones
UNION ALL
SELECT 'device_key', key_id, json_object('account_user_id', account_user_id, 'client_id', client_id,
    'created_at_ms', created_at_ms, 'updated_at_ms', updated_at_ms)
FROM device_key_bindings
UNION ALL
SELECT 'git', id, json_object('sha', user_git_sha, 'branch', user_git_branch, 'origin_url', user_git_origin_url)
FROM threads
WHERE user_git_sha IS NOT NULL OR user_git_branch IS NOT NULL OR user_git_origin_url IS NOT NULL;

CREATE TABLE decisions_due (
    -- audit: allow enumeration: a newer program may have more kinds
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions_position (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position      INTEGER NOT NULL,
    written_to    INTEGER NOT NULL,
    written_lines INTEGER NOT NULL,
    database_id   TEXT
) STRICT;

CREATE TABLE device_key_bindings (
    key_id          TEXT    NOT NULL PRIMARY KEY,
    account_user_id TEXT    NOT NULL CHECK (account_user_id <> ''),
    client_id       TEXT    NOT NULL CHECK (client_id <> ''),
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER device_keys_are_bound AFTER INSERT ON device_key_bindings BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'device_key', new.key_id
    WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'device_key' AND id = new.key_id);
END;
CREATE TRIGGER device_keys_are_bound_again AFTER UPDATE ON device_key_bindings BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'device_key', new.key_id
    WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'device_key' AND id = new.key_id);
END;
CREATE TRIGGER device_keys_are_unbound AFTER DELETE ON device_key_bindings BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'device_key', old.key_id
    WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'device_key' AND id = old.key_id);
END;

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
CREATE TRIGGER memories_are_forgotten AFTER DELETE ON memories
WHEN old.selected = 1 OR (SELECT lease_owner FROM memory_consolidation) IS NOT NULL BEGIN
    INSERT OR IGNORE INTO memory_forgotten (thread_id) VALUES (old.thread_id);
END;

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

CREATE TABLE memory_files (
    path    TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE memory_forgotten (
    thread_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

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

CREATE TABLE pending_deletions (
    thread_id     TEXT    NOT NULL,
    -- No CHECK, because a program leaves alone the participants that it does not know.
    participant   TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (thread_id, participant)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollout_checkpoints (
    path       TEXT NOT NULL PRIMARY KEY REFERENCES rollouts (path) ON DELETE CASCADE,
    checkpoint TEXT NOT NULL
) STRICT;

CREATE TABLE rollouts (
    path          TEXT    NOT NULL PRIMARY KEY,
    fingerprint   TEXT    NOT NULL,
    -- `lost`: it was indexed, and its thread's row is gone or has another file since.
    outcome       TEXT    NOT NULL
        CHECK (outcome = 'indexed' OR outcome = 'failed' OR outcome = 'duplicate' OR outcome = 'lost' OR outcome = 'deleted'),
    problem       TEXT,
    detail        TEXT,
    lines         INTEGER NOT NULL,
    lines_skipped INTEGER NOT NULL
, other_thread_id TEXT, thread_id TEXT GENERATED ALWAYS AS
    (coalesce(other_thread_id,
        CASE WHEN path LIKE '%/rollout-____-__-__T__-__-__-%' THEN substr(path, instr(path, '/rollout-') + 29, 36) END))
    VIRTUAL, base TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX rollout_copies ON rollouts (thread_id) WHERE outcome = 'duplicate';
CREATE INDEX rollouts_by_base ON rollouts (base) WHERE base IS NOT NULL;
CREATE INDEX rollouts_with_problems ON rollouts (path) WHERE problem IS NOT NULL;

CREATE TABLE session_names (
    thread_id TEXT NOT NULL PRIMARY KEY,
    name      TEXT NOT NULL
, named_at_ms INTEGER) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE thread_trigrams USING fts5 (
    search_text, content = 'threads', content_rowid = 'rowid', tokenize = 'trigram remove_diacritics 1', columnsize = 0,
    detail = none
);

CREATE TABLE threads (
    id                  TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),

    -- From the rollout. NULL where it says nothing.
    rollout_path        TEXT    NOT NULL,
    -- Years -9999 to 9999, which is what a timestamp of the program can be: a row beyond could not be read back.
    created_at_ms       INTEGER NOT NULL CHECK (created_at_ms >= -377705023201000),
    updated_at_ms       INTEGER NOT NULL CHECK (updated_at_ms BETWEEN created_at_ms AND 253402207200999),
    cwd                 TEXT,
    source              TEXT,
    thread_source       TEXT,
    model_provider      TEXT    NOT NULL,
    model               TEXT,
    reasoning_effort    TEXT,
    cli_version         TEXT,
    title               TEXT,
    first_user_message  TEXT,
    sandbox_policy      TEXT,
    approval_mode       TEXT,
    git_sha             TEXT,
    git_branch          TEXT,
    git_origin_url      TEXT,
    agent_nickname      TEXT,
    agent_role          TEXT,
    agent_path          TEXT,
    parent_thread_id    TEXT,
    rollout_memory_mode TEXT,
    -- 1 where the rollout lies in `archived_sessions/`.
    rollout_archived    INTEGER NOT NULL CHECK (rollout_archived IN (0, 1)),
    -- When the rollout was first found to be gone. The row stays, because the user's columns have no other home.
    missing_since_ms    INTEGER,
    -- From the home's `session_index.jsonl`.
    session_name        TEXT,
    -- How the last turn ended, by the rollout's last events.
    -- Not `IN`: SQLite would fill a table with the words for each row that it checks.
    run_outcome         TEXT    NOT NULL
        CHECK (run_outcome = 'completed' OR run_outcome = 'unknown' OR run_outcome = 'running'
            OR run_outcome = 'interrupted' OR run_outcome = 'failed'),

    -- From the user. NULL where they never said.
    user_name           TEXT,
    user_archived       INTEGER CHECK (user_archived IN (0, 1)),
    user_archived_at_ms INTEGER,
    user_memory_mode    TEXT CHECK (user_memory_mode IN ('enabled', 'disabled')),

    -- What follows.
    memory_mode         TEXT    GENERATED ALWAYS AS (coalesce(user_memory_mode, rollout_memory_mode, 'enabled')) VIRTUAL,
    -- Which list the thread is in: 0 current, 1 archived, 2 none (its rollout is gone).
    source_kind         TEXT    GENERATED ALWAYS AS
        (CASE WHEN substr(source, 1, 2) = '{"'
              THEN substr(source, 3, instr(substr(source, 3), '"') - 1)
              ELSE source END) VIRTUAL, kind TEXT NOT NULL DEFAULT 'user'
    CHECK (kind = 'user' OR kind = 'subagent' OR kind = 'review' OR kind = 'guardian' OR kind = 'memory' OR kind = 'fork'
        OR kind = 'empty'), forked_from_id TEXT, own_tokens INTEGER CHECK (own_tokens >= 0), inherited_tokens INTEGER CHECK (inherited_tokens >= 0), objective TEXT CHECK (json_valid(objective)), rollout_name TEXT, rollout_named_at_ms INTEGER, rollout_archived_at_ms INTEGER, session_named_at_ms INTEGER, user_named_at_ms INTEGER, name_from TEXT GENERATED ALWAYS AS
    (CASE
        WHEN user_name IS NOT NULL
            AND (session_name IS NULL OR coalesce(user_named_at_ms, 0) >= coalesce(session_named_at_ms, 0))
            AND (rollout_name IS NULL OR coalesce(user_named_at_ms, 0) >= coalesce(rollout_named_at_ms, 0)) THEN 'user'
        WHEN session_name IS NOT NULL
            AND (rollout_name IS NULL OR coalesce(session_named_at_ms, 0) >= coalesce(rollout_named_at_ms, 0))
            THEN 'session_index'
        WHEN rollout_name IS NOT NULL THEN 'rollout'
    END) VIRTUAL, name TEXT GENERATED ALWAYS AS
    (CASE name_from WHEN 'user' THEN user_name WHEN 'session_index' THEN session_name WHEN 'rollout' THEN rollout_name END)
    VIRTUAL, archived INTEGER GENERATED ALWAYS AS
    (CASE WHEN user_archived IS NULL OR coalesce(user_archived_at_ms, 0) < coalesce(rollout_archived_at_ms, 0)
          THEN rollout_archived ELSE user_archived END) VIRTUAL, listing INTEGER GENERATED ALWAYS AS
    (CASE WHEN missing_since_ms IS NOT NULL THEN 2 ELSE archived + CASE kind WHEN 'user' THEN 0 ELSE 3 END END) VIRTUAL, remembered_ms INTEGER, originator TEXT, history_mode TEXT, attached_to_thread_id TEXT, user_git_sha TEXT, user_git_branch TEXT, user_git_origin_url TEXT, search_text TEXT GENERATED ALWAYS AS
    (concat_ws(char(10), name, title, first_user_message, agent_nickname, agent_role, agent_path, cwd,
        nullif(coalesce(user_git_branch, git_branch), ''), model))
    VIRTUAL) STRICT;
CREATE INDEX threads_by_creation ON threads (listing, created_at_ms);
CREATE INDEX threads_by_cwd_and_update ON threads (cwd, listing, updated_at_ms);
CREATE INDEX threads_by_fork ON threads (forked_from_id) WHERE forked_from_id IS NOT NULL;
CREATE INDEX threads_by_parent ON threads (parent_thread_id) WHERE parent_thread_id IS NOT NULL;
CREATE INDEX threads_by_update ON threads (listing, updated_at_ms, source_kind, model_provider);
CREATE INDEX threads_decided ON threads (id)
WHERE user_name IS NOT NULL OR user_named_at_ms IS NOT NULL OR user_archived IS NOT NULL OR user_memory_mode IS NOT NULL;
CREATE INDEX threads_git_decided ON threads (id)
WHERE user_git_sha IS NOT NULL OR user_git_branch IS NOT NULL OR user_git_origin_url IS NOT NULL;
CREATE INDEX threads_missing ON threads (missing_since_ms) WHERE missing_since_ms IS NOT NULL;
CREATE INDEX threads_to_remember ON threads (listing, updated_at_ms)
WHERE (source_kind = 'cli' OR source_kind = 'vscode') AND (remembered_ms IS NULL OR remembered_ms < updated_at_ms);
CREATE TRIGGER git_arrives_decided AFTER INSERT ON threads
WHEN new.user_git_sha IS NOT NULL OR new.user_git_branch IS NOT NULL OR new.user_git_origin_url IS NOT NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'git', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'git' AND id = new.id);
END;
CREATE TRIGGER git_is_decided AFTER UPDATE OF user_git_sha, user_git_branch, user_git_origin_url ON threads
WHEN (old.user_git_sha, old.user_git_branch, old.user_git_origin_url)
    IS NOT (new.user_git_sha, new.user_git_branch, new.user_git_origin_url) BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'git', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'git' AND id = new.id);
END;
CREATE TRIGGER git_leaves_decided AFTER DELETE ON threads
WHEN old.user_git_sha IS NOT NULL OR old.user_git_branch IS NOT NULL OR old.user_git_origin_url IS NOT NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'git', old.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'git' AND id = old.id);
END;
CREATE TRIGGER memories_are_switched_off AFTER UPDATE OF user_memory_mode, rollout_memory_mode ON threads
WHEN old.memory_mode = 'enabled' AND new.memory_mode <> 'enabled' BEGIN
    DELETE FROM memories WHERE thread_id = new.id;
    DELETE FROM memory_jobs WHERE thread_id = new.id;
    UPDATE threads SET remembered_ms = NULL WHERE id = new.id AND remembered_ms IS NOT NULL;
END;
CREATE TRIGGER threads_are_decided
AFTER UPDATE OF user_name, user_named_at_ms, user_archived, user_archived_at_ms, user_memory_mode ON threads
WHEN (old.user_name, old.user_named_at_ms, old.user_archived, old.user_archived_at_ms, old.user_memory_mode)
    IS NOT (new.user_name, new.user_named_at_ms, new.user_archived, new.user_archived_at_ms, new.user_memory_mode) BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'thread', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'thread' AND id = new.id);
END;
CREATE TRIGGER threads_are_no_longer_searchable AFTER DELETE ON threads BEGIN
    INSERT INTO thread_trigrams (thread_trigrams, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
CREATE TRIGGER threads_are_searchable AFTER INSERT ON threads BEGIN
    INSERT INTO thread_trigrams (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER threads_arrive_decided AFTER INSERT ON threads
WHEN new.user_name IS NOT NULL OR new.user_archived IS NOT NULL OR new.user_memory_mode IS NOT NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'thread', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'thread' AND id = new.id);
END;
CREATE TRIGGER threads_leave_decided AFTER DELETE ON threads
WHEN old.user_name IS NOT NULL OR old.user_named_at_ms IS NOT NULL OR old.user_archived IS NOT NULL
    OR old.user_memory_mode IS NOT NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'thread', old.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'thread' AND id = old.id);
END;
CREATE TRIGGER threads_leave_their_file
AFTER UPDATE OF rollout_path, missing_since_ms ON threads
WHEN old.missing_since_ms IS NULL
    AND (new.rollout_path <> old.rollout_path OR new.missing_since_ms IS NOT NULL) BEGIN
    UPDATE rollouts SET outcome = 'lost' WHERE path = old.rollout_path AND outcome = 'indexed';
END;
CREATE TRIGGER threads_lose_their_file AFTER DELETE ON threads BEGIN
    UPDATE rollouts SET outcome = 'lost' WHERE path = old.rollout_path AND outcome = 'indexed';
END;
CREATE TRIGGER threads_stay_searchable
AFTER UPDATE ON threads WHEN old.search_text IS NOT new.search_text BEGIN
    INSERT INTO thread_trigrams (thread_trigrams, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
    INSERT INTO thread_trigrams (rowid, search_text) VALUES (new.rowid, new.search_text);
END;

CREATE TABLE tombstones (
    thread_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER threads_are_deleted AFTER INSERT ON tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = new.thread_id);
END;
CREATE TRIGGER threads_are_restored AFTER DELETE ON tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', old.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = old.thread_id);
END;

PRAGMA user_version = 2;
