-- Threads that were deleted, by a digest of the id that names nobody: a program that still runs for one may go on
-- logging, and none of that is kept.
CREATE TABLE log_tombstones (
    digest        TEXT    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
