-- One row a thread. Three kinds of columns, kept apart so that no writer can harm another's:
-- what the rollout says (rewritten by every re-index), what the user said (`user_*`, never touched by an index
-- run), and what follows from the two (generated, so that it cannot disagree with them).
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
    preview             TEXT,
    sandbox_policy      TEXT,
    approval_mode       TEXT,
    tokens_used         INTEGER NOT NULL CHECK (tokens_used >= 0),
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

    -- From the user. NULL where they never said.
    user_name           TEXT,
    user_archived       INTEGER CHECK (user_archived IN (0, 1)),
    user_archived_at_ms INTEGER,
    user_memory_mode    TEXT CHECK (user_memory_mode IN ('enabled', 'disabled')),

    -- What follows.
    name                TEXT    GENERATED ALWAYS AS (coalesce(user_name, session_name)) VIRTUAL,
    archived            INTEGER GENERATED ALWAYS AS (coalesce(user_archived, rollout_archived)) VIRTUAL,
    memory_mode         TEXT    GENERATED ALWAYS AS (coalesce(user_memory_mode, rollout_memory_mode, 'enabled')) VIRTUAL,
    -- Which list the thread is in: 0 current, 1 archived, 2 none (its rollout is gone).
    listing             INTEGER GENERATED ALWAYS AS
        (CASE WHEN missing_since_ms IS NOT NULL THEN 2 ELSE coalesce(user_archived, rollout_archived) END) VIRTUAL,
    -- `exec` for `exec`, `subagent` for `{"subagent":…}`.
    source_kind         TEXT    GENERATED ALWAYS AS
        (CASE WHEN substr(source, 1, 2) = '{"'
              THEN substr(source, 3, instr(substr(source, 3), '"') - 1)
              ELSE source END) VIRTUAL,
    search_text         TEXT    GENERATED ALWAYS AS
        (coalesce(user_name, session_name, '')
         || char(10) || coalesce(title, '')
         || char(10) || CASE WHEN preview IS title THEN '' ELSE coalesce(preview, '') END
         || char(10) || CASE WHEN first_user_message IS title THEN '' ELSE coalesce(first_user_message, '') END
         || char(10) || coalesce(cwd, '')
         || char(10) || coalesce(git_branch, '')) VIRTUAL
) STRICT;

-- A list is one of these read from one end. The last two columns let a filter be answered without the row.
CREATE INDEX threads_by_update ON threads (listing, updated_at_ms, id, source_kind, model_provider);
CREATE INDEX threads_by_creation ON threads (listing, created_at_ms, id, source_kind, model_provider);
CREATE INDEX threads_by_cwd_and_update ON threads (cwd, listing, updated_at_ms, id);
CREATE INDEX threads_by_cwd_and_creation ON threads (cwd, listing, created_at_ms, id);
CREATE INDEX threads_by_parent ON threads (parent_thread_id) WHERE parent_thread_id IS NOT NULL;

-- Substring search of three characters and more, without regard to case. The text itself is not stored again.
CREATE VIRTUAL TABLE thread_search USING fts5 (
    search_text, content = 'threads', content_rowid = 'rowid', tokenize = 'trigram'
);
-- A deleted thread's text must not linger in the search index (nor, by `PRAGMA secure_delete`, in free pages).
INSERT INTO thread_search (thread_search, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER threads_are_searchable AFTER INSERT ON threads BEGIN
    INSERT INTO thread_search (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER threads_stay_searchable
AFTER UPDATE ON threads WHEN old.search_text IS NOT new.search_text BEGIN
    INSERT INTO thread_search (thread_search, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
    INSERT INTO thread_search (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER threads_are_no_longer_searchable AFTER DELETE ON threads BEGIN
    INSERT INTO thread_search (thread_search, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

-- Names as the home's `session_index.jsonl` gives them, also of threads that are not indexed yet.
CREATE TABLE session_names (
    thread_id TEXT NOT NULL PRIMARY KEY,
    name      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Threads that the user deleted. An index run does not bring them back.
CREATE TABLE deleted_threads (
    thread_id     TEXT    NOT NULL PRIMARY KEY,
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
