-- Threads of several files, forks and kinds of threads; own and inherited tokens; names and archive decisions with their
-- times. Less is stored twice, and the search index no longer keeps positions.

-- audit: allow floor: version 1 would write columns that are gone, and no program of it was published
PRAGMA user_version = 2;

-- audit: allow drop: it is made again below, over other text
DROP TRIGGER threads_are_searchable;
-- audit: allow drop: the same
DROP TRIGGER threads_stay_searchable;
-- audit: allow drop: the same
DROP TRIGGER threads_are_no_longer_searchable;
-- audit: allow drop: `thread_trigrams` takes its place; it follows from the rows
-- audit: allow contract: the same
DROP TABLE thread_search;
-- audit: allow drop: it is made again below, without the id, which is a third of it
DROP INDEX threads_by_update;
-- audit: allow drop: the same
DROP INDEX threads_by_creation;
-- audit: allow drop: the same
DROP INDEX threads_by_cwd_and_update;
-- audit: allow drop: generated, and made again below
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN search_text;
-- audit: allow drop: generated, and made again below
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN listing;
-- audit: allow drop: generated, and made again below
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN archived;
-- audit: allow drop: generated, and made again below
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN name;
-- audit: allow drop: it is the title
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN preview;
-- audit: allow drop: `own_tokens` and `inherited_tokens` take its place; the next pass reads every rollout again
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN tokens_used;

-- audit: allow drop: nothing wrote to it; migration 4 has what takes its place
-- audit: allow contract: the same
DROP TABLE thread_memory;

-- Whose thread it is.
ALTER TABLE threads ADD COLUMN kind TEXT NOT NULL DEFAULT 'user'
    CHECK (kind = 'user' OR kind = 'subagent' OR kind = 'review' OR kind = 'guardian' OR kind = 'memory' OR kind = 'fork'
        OR kind = 'empty');
-- The thread that it continues a copy of.
ALTER TABLE threads ADD COLUMN forked_from_id TEXT;
-- Tokens that the thread used itself, and those of the history that it took over. NULL where the rollout does not say.
ALTER TABLE threads ADD COLUMN own_tokens INTEGER CHECK (own_tokens >= 0);
ALTER TABLE threads ADD COLUMN inherited_tokens INTEGER CHECK (inherited_tokens >= 0);
-- What the agent itself pursues, as its rollout says: JSON.
ALTER TABLE threads ADD COLUMN objective TEXT CHECK (json_valid(objective));
-- The name that the rollout gives.
ALTER TABLE threads ADD COLUMN rollout_name TEXT;
ALTER TABLE threads ADD COLUMN rollout_named_at_ms INTEGER;
-- When the file was seen to have moved into the archive or out of it, by the file's own time.
ALTER TABLE threads ADD COLUMN rollout_archived_at_ms INTEGER;
ALTER TABLE threads ADD COLUMN session_named_at_ms INTEGER;
ALTER TABLE threads ADD COLUMN user_named_at_ms INTEGER;
ALTER TABLE session_names ADD COLUMN named_at_ms INTEGER;

-- The newest name holds; of one moment the user's, then the one in `session_index.jsonl`. A name without a time is older
-- than any with one.
ALTER TABLE threads ADD COLUMN name_from TEXT GENERATED ALWAYS AS
    (CASE
        WHEN user_name IS NOT NULL
            AND (session_name IS NULL OR coalesce(user_named_at_ms, 0) >= coalesce(session_named_at_ms, 0))
            AND (rollout_name IS NULL OR coalesce(user_named_at_ms, 0) >= coalesce(rollout_named_at_ms, 0)) THEN 'user'
        WHEN session_name IS NOT NULL
            AND (rollout_name IS NULL OR coalesce(session_named_at_ms, 0) >= coalesce(rollout_named_at_ms, 0))
            THEN 'session_index'
        WHEN rollout_name IS NOT NULL THEN 'rollout'
    END) VIRTUAL;
ALTER TABLE threads ADD COLUMN name TEXT GENERATED ALWAYS AS
    (CASE name_from WHEN 'user' THEN user_name WHEN 'session_index' THEN session_name WHEN 'rollout' THEN rollout_name END)
    VIRTUAL;
-- Whoever decided last is right.
ALTER TABLE threads ADD COLUMN archived INTEGER GENERATED ALWAYS AS
    (CASE WHEN user_archived IS NULL OR coalesce(user_archived_at_ms, 0) < coalesce(rollout_archived_at_ms, 0)
          THEN rollout_archived ELSE user_archived END) VIRTUAL;
-- Which list the thread is in: 0 current and 1 archived, of the user's own; 3 and 4 the same, of the others; 2 none
-- (its rollout is gone).
ALTER TABLE threads ADD COLUMN listing INTEGER GENERATED ALWAYS AS
    (CASE WHEN missing_since_ms IS NOT NULL THEN 2 ELSE archived + CASE kind WHEN 'user' THEN 0 ELSE 3 END END) VIRTUAL;
-- The title is NULL where it is the whole first message.
ALTER TABLE threads ADD COLUMN search_text TEXT GENERATED ALWAYS AS
    (concat_ws(char(10), name, title, first_user_message, agent_nickname, agent_role, agent_path, cwd, git_branch, model))
    VIRTUAL;

-- A list is one of these read from one end. Threads of one moment are few, and sorted by their id when they are read.
CREATE INDEX threads_by_update ON threads (listing, updated_at_ms, source_kind, model_provider);
CREATE INDEX threads_by_creation ON threads (listing, created_at_ms);
CREATE INDEX threads_by_cwd_and_update ON threads (cwd, listing, updated_at_ms);
CREATE INDEX threads_by_fork ON threads (forked_from_id) WHERE forked_from_id IS NOT NULL;
CREATE INDEX threads_missing ON threads (missing_since_ms) WHERE missing_since_ms IS NOT NULL;

-- Finds the threads that may have a text of three characters and more, without regard to case and accents. A third of an
-- index with positions; the reader compares the text itself.
CREATE VIRTUAL TABLE thread_trigrams USING fts5 (
    search_text, content = 'threads', content_rowid = 'rowid', tokenize = 'trigram remove_diacritics 1', columnsize = 0,
    detail = none
);
-- A deleted thread's text must not linger in the search index (nor, by `PRAGMA secure_delete`, in free pages).
INSERT INTO thread_trigrams (thread_trigrams, rank) VALUES ('secure-delete', 1);
-- Merging segments less often makes a first backfill faster, and searches read a few segments more.
INSERT INTO thread_trigrams (thread_trigrams, rank) VALUES ('automerge', 16);
INSERT INTO thread_trigrams (rowid, search_text) SELECT rowid, search_text FROM threads;

CREATE TRIGGER threads_are_searchable AFTER INSERT ON threads BEGIN
    INSERT INTO thread_trigrams (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER threads_stay_searchable
AFTER UPDATE ON threads WHEN old.search_text IS NOT new.search_text BEGIN
    INSERT INTO thread_trigrams (thread_trigrams, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
    INSERT INTO thread_trigrams (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER threads_are_no_longer_searchable AFTER DELETE ON threads BEGIN
    INSERT INTO thread_trigrams (thread_trigrams, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

-- A file's name nearly always has its thread's id, and then it is not stored again.
ALTER TABLE rollouts ADD COLUMN other_thread_id TEXT;
UPDATE rollouts SET other_thread_id = thread_id
WHERE thread_id IS NOT substr(path, instr(path, '/rollout-') + 29, 36);
-- audit: allow drop: it is made again below
DROP INDEX rollout_copies;
-- audit: allow drop: generated, and made again below
-- audit: allow contract: the same
ALTER TABLE rollouts DROP COLUMN thread_id;
ALTER TABLE rollouts ADD COLUMN thread_id TEXT GENERATED ALWAYS AS
    (coalesce(other_thread_id,
        CASE WHEN path LIKE '%/rollout-____-__-__T__-__-__-%' THEN substr(path, instr(path, '/rollout-') + 29, 36) END))
    VIRTUAL;
-- The parts and copies of a thread's file: one of them takes its place when it is gone.
CREATE INDEX rollout_copies ON rollouts (thread_id) WHERE outcome = 'duplicate';

-- The file that this one builds on, by the id that its name ends with; or `~` and the thread that it copied lines from.
ALTER TABLE rollouts ADD COLUMN base TEXT;
CREATE INDEX rollouts_by_base ON rollouts (base) WHERE base IS NOT NULL;
