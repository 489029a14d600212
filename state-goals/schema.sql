-- The schema of goals_1.sqlite, as its migrations leave it; written by `cargo xtask migrations check --bless`.

CREATE VIEW decisions (kind, id, record) AS
SELECT 'goal', thread_id, json_object('goal_id', goal_id, 'objective', objective, 'status', status,
    'token_budget', token_budget, 'tokens_used', tokens_used, 'seconds_used', seconds_used,
    'created_at_ms', created_at_ms, 'updated_at_ms', updated_at_ms)
FROM thread_goals
UNION ALL
SELECT 'deleted', thread_id, json_object('deleted_at_ms', deleted_at_ms) FROM goal_tombstones;

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

CREATE TABLE goal_tombstones (
    thread_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER threads_are_deleted AFTER INSERT ON goal_tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = new.thread_id);
END;
CREATE TRIGGER threads_are_restored AFTER DELETE ON goal_tombstones BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'deleted', old.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'deleted' AND id = old.thread_id);
END;

CREATE TABLE thread_goals (
    thread_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    -- New with each replacement, so that a write for an earlier goal is refused.
    goal_id       TEXT    NOT NULL CHECK (length(goal_id) = 36),
    -- `length` ends at a NUL character, `octet_length` does not: 4,000 characters are 16,000 bytes at most.
    objective     TEXT    NOT NULL CHECK (length(objective) <= 4000 AND octet_length(objective) BETWEEN 1 AND 16000),
    status        TEXT    NOT NULL
        CHECK (status IN ('active', 'paused', 'blocked', 'usage_limited', 'budget_limited', 'complete')),
    -- NULL: no limit.
    token_budget  INTEGER CHECK (token_budget > 0),
    tokens_used   INTEGER NOT NULL CHECK (tokens_used >= 0),
    seconds_used  INTEGER NOT NULL CHECK (seconds_used >= 0),
    -- Years -9999 to 9999, the range of the program's timestamps. A row beyond could not be read.
    created_at_ms INTEGER NOT NULL CHECK (created_at_ms >= -377705023201000),
    updated_at_ms INTEGER NOT NULL CHECK (updated_at_ms BETWEEN created_at_ms AND 253402207200999),

    -- No program can leave a goal active whose budget is used up.
    CHECK (status <> 'active' OR token_budget IS NULL OR tokens_used < token_budget)
) STRICT;
CREATE INDEX thread_goals_by_status ON thread_goals (status, updated_at_ms, thread_id);
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
CREATE TRIGGER goals_are_set AFTER INSERT ON thread_goals BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'goal', new.thread_id WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'goal' AND id = new.thread_id);
END;
