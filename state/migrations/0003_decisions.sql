-- The thread whose rollout closed this one. NULL for an open thread, and for one that the user closed.
ALTER TABLE agents ADD COLUMN agent_closed_by TEXT;
CREATE INDEX agents_by_agent_close ON agents (agent_closed_by) WHERE agent_closed_by IS NOT NULL;

-- What only the user knows is kept in a file next to the database, too. The view says what that is, and triggers note
-- what the file does not have yet, so that no writer can forget it.

CREATE INDEX threads_decided ON threads (id)
WHERE user_name IS NOT NULL OR user_named_at_ms IS NOT NULL OR user_archived IS NOT NULL OR user_memory_mode IS NOT NULL;
CREATE INDEX agents_decided ON agents (thread_id)
WHERE (closed_by IS NOT NULL AND agent_closed_by IS NULL) OR updated_at_ms <> created_at_ms;

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
SELECT 'deleted', thread_id, json_object('deleted_at_ms', deleted_at_ms) FROM tombstones;

-- Decisions that the file does not have yet, or has as they were before.
CREATE TABLE decisions_due (
    -- audit: allow enumeration: a newer program may have more kinds
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- One row: the number of the last line of the file that the database knows, and that number and the number of lines
-- when the whole file was last written. A database never goes on with the file of another one. The file's first line has the
-- id of its database: by default the time of its first migration, and for one that took the place of a lost database the
-- id in the file that it found.
CREATE TABLE decisions_position (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position      INTEGER NOT NULL,
    written_to    INTEGER NOT NULL,
    written_lines INTEGER NOT NULL,
    database_id   TEXT
) STRICT;

INSERT INTO decisions_position (id, position, written_to, written_lines) VALUES (1, 0, 0, 0);
INSERT INTO decisions_due (kind, id) SELECT kind, id FROM decisions;

-- Not `OR IGNORE`, which is void where an upsert fires the trigger.
CREATE TRIGGER threads_are_decided
AFTER UPDATE OF user_name, user_named_at_ms, user_archived, user_archived_at_ms, user_memory_mode ON threads
WHEN (old.user_name, old.user_named_at_ms, old.user_archived, old.user_archived_at_ms, old.user_memory_mode)
    IS NOT (new.user_name, new.user_named_at_ms, new.user_archived, new.user_archived_at_ms, new.user_memory_mode) BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'thread', new.id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'thread' AND id = new.id);
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

CREATE TRIGGER threads_are_deleted AFTER INSERT ON tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = new.thread_id);
END;
CREATE TRIGGER threads_are_restored AFTER DELETE ON tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', old.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = old.thread_id);
END;
