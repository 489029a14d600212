-- Facts of a rollout that clients show: the program that began the thread, the form of its history, and the thread that
-- it is a side conversation of. The next pass reads every rollout again.
ALTER TABLE threads ADD COLUMN originator TEXT;
ALTER TABLE threads ADD COLUMN history_mode TEXT;
ALTER TABLE threads ADD COLUMN attached_to_thread_id TEXT;

-- Git information that the user gave. NULL where the rollout's holds, empty where the user removed it.
ALTER TABLE threads ADD COLUMN user_git_sha TEXT;
ALTER TABLE threads ADD COLUMN user_git_branch TEXT;
ALTER TABLE threads ADD COLUMN user_git_origin_url TEXT;

CREATE INDEX threads_git_decided ON threads (id)
WHERE user_git_sha IS NOT NULL OR user_git_branch IS NOT NULL OR user_git_origin_url IS NOT NULL;

-- A search looks at the branch that is shown. No user has given one yet, so the search index stays right.
-- audit: allow drop: it is made again below, over other text
DROP TRIGGER threads_are_searchable;
-- audit: allow drop: the same
DROP TRIGGER threads_stay_searchable;
-- audit: allow drop: the same
DROP TRIGGER threads_are_no_longer_searchable;
-- audit: allow drop: generated, and made again below
-- audit: allow contract: the same
ALTER TABLE threads DROP COLUMN search_text;
ALTER TABLE threads ADD COLUMN search_text TEXT GENERATED ALWAYS AS
    (concat_ws(char(10), name, title, first_user_message, agent_nickname, agent_role, agent_path, cwd,
        nullif(coalesce(user_git_branch, git_branch), ''), model))
    VIRTUAL;
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

-- audit: allow drop: a view has no rows, and this one gets one more kind
DROP VIEW decisions;
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

CREATE TRIGGER git_is_decided AFTER UPDATE OF user_git_sha, user_git_branch, user_git_origin_url ON threads
WHEN (old.user_git_sha, old.user_git_branch, old.user_git_origin_url)
    IS NOT (new.user_git_sha, new.user_git_branch, new.user_git_origin_url) BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'git', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'git' AND id = new.id);
END;
CREATE TRIGGER git_arrives_decided AFTER INSERT ON threads
WHEN new.user_git_sha IS NOT NULL OR new.user_git_branch IS NOT NULL OR new.user_git_origin_url IS NOT NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'git', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'git' AND id = new.id);
END;
CREATE TRIGGER git_leaves_decided AFTER DELETE ON threads
WHEN old.user_git_sha IS NOT NULL OR old.user_git_branch IS NOT NULL OR old.user_git_origin_url IS NOT NULL BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'git', old.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'git' AND id = old.id);
END;
