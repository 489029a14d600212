-- Threads that the user deleted, so that no index run brings them back. A digest of the id, and not the id: nothing in
-- the database shall name a deleted thread. It takes the place of `deleted_threads`, which has ids: what is in there becomes
-- a tombstone at the next opening, because SQL makes no digests.
CREATE TABLE tombstones (
    digest        TEXT    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
