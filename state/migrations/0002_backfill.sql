-- What became of each file of the home at its last reading: the backfill's outcome and fingerprint.
CREATE TABLE rollouts (
    path          TEXT    NOT NULL PRIMARY KEY,
    fingerprint   TEXT    NOT NULL,
    outcome       TEXT    NOT NULL CHECK (outcome IN ('indexed', 'duplicate', 'deleted', 'failed')),
    thread_id     TEXT,
    -- The file's problem as a code, and a detail whose form depends on the code: for `duplicate` the path of the file
    -- that has the thread.
    problem       TEXT,
    detail        TEXT,
    lines         INTEGER NOT NULL,
    lines_skipped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rollouts_by_thread ON rollouts (thread_id) WHERE thread_id IS NOT NULL;
-- Problems are few and asked for often.
CREATE INDEX rollouts_with_problems ON rollouts (path) WHERE problem IS NOT NULL;

-- Where to go on reading a rollout that grew. Only for files that are worth it, and apart from `rollouts`, whose
-- rows are all read at every pass.
CREATE TABLE rollout_checkpoints (
    path       TEXT NOT NULL PRIMARY KEY REFERENCES rollouts (path) ON DELETE CASCADE,
    checkpoint TEXT NOT NULL
) STRICT;

-- The state of the backfill: one row.
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

INSERT INTO backfill_progress (id, status, lease_token) VALUES (1, 'pending', 0);
