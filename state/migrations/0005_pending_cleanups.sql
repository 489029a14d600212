-- What a deletion still has to do in other databases. Written with the tombstone, removed when it is done: a process
-- that dies in between leaves it to the next one that opens.
CREATE TABLE pending_cleanups (
    thread_id     TEXT    NOT NULL,
    store         TEXT    NOT NULL CHECK (store IN ('goals', 'logs')),
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (thread_id, store)
) STRICT, WITHOUT ROWID;
