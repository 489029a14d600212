-- Goals are kept in a file next to the database, too. The view says what is kept, and triggers note what the file does not
-- have yet. The file has the usage as it was when something else of the goal last changed.

CREATE VIEW decisions (kind, id, record) AS
SELECT 'goal', thread_id, json_object('goal_id', goal_id, 'objective', objective, 'status', status,
    'token_budget', token_budget, 'tokens_used', tokens_used, 'seconds_used', seconds_used,
    'created_at_ms', created_at_ms, 'updated_at_ms', updated_at_ms)
FROM thread_goals
UNION ALL
SELECT 'deleted', thread_id, json_object('deleted_at_ms', deleted_at_ms) FROM goal_tombstones;

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
CREATE TRIGGER goals_are_set AFTER INSERT ON thread_goals BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'goal', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'goal' AND id = new.thread_id);
END;
CREATE TRIGGER goals_are_changed AFTER UPDATE OF goal_id, objective, status, token_budget ON thread_goals
WHEN (old.goal_id, old.objective, old.status, old.token_budget)
    IS NOT (new.goal_id, new.objective, new.status, new.token_budget) BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'goal', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'goal' AND id = new.thread_id);
END;
CREATE TRIGGER goals_are_dropped AFTER DELETE ON thread_goals BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'goal', old.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'goal' AND id = old.thread_id);
END;

CREATE TRIGGER threads_are_deleted AFTER INSERT ON goal_tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = new.thread_id);
END;
CREATE TRIGGER threads_are_restored AFTER DELETE ON goal_tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', old.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = old.thread_id);
END;
