-- Threads that were deleted, by a digest of the id that names nobody: whoever sets a goal while one is being deleted is
-- refused.
CREATE TABLE goal_tombstones (
    digest        TEXT    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
