-- What a deletion still has to do in other databases. Written with the tombstone, removed when it is done: a process
-- that dies in between leaves it to the next one that opens.
CREATE TABLE pending_cleanups (
    thread_id     TEXT    NOT NULL,
    -- `goals`, `logs`, or what a newer program has: no CHECK, because others leave alone what they do not know.
    store         TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (thread_id, store)
) STRICT, WITHOUT ROWID;
