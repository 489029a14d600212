-- How the thread's last turn ended, as its rollout's last events say.
ALTER TABLE threads ADD COLUMN run_outcome TEXT NOT NULL DEFAULT 'unknown'
    CHECK (run_outcome IN ('unknown', 'running', 'completed', 'failed', 'interrupted'));

-- The agent graph: one row a thread that spawned another or was spawned, or that was closed. An edge is the pair of a
-- thread and its parent, and the thread's lifecycle is the edge's. It is apart from how the run went: an agent whose
-- work is done stays open until someone closes it.
CREATE TABLE agents (
    thread_id        TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    -- NULL for a root. It need not be indexed, nor have a rollout at all.
    parent_thread_id TEXT    CHECK (parent_thread_id <> thread_id),
    -- The thread at which the closing began that closed this one too; NULL while it is open.
    closed_by        TEXT,
    lifecycle        TEXT    GENERATED ALWAYS AS (CASE WHEN closed_by IS NULL THEN 'open' ELSE 'closed' END) VIRTUAL,
    created_at_ms    INTEGER NOT NULL,
    updated_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The children of a thread, and with NULL the roots.
CREATE INDEX agents_by_parent ON agents (parent_thread_id, thread_id);
CREATE INDEX agents_by_close ON agents (closed_by) WHERE closed_by IS NOT NULL;
