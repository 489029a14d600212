-- What is remembered of a thread: one row a thread, gone with it.
CREATE TABLE thread_memory (
    thread_id      TEXT    NOT NULL PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    trace_summary  TEXT    NOT NULL,
    memory_summary TEXT    NOT NULL,
    updated_at_ms  INTEGER NOT NULL
) STRICT;

CREATE INDEX thread_memory_by_update ON thread_memory (updated_at_ms DESC, thread_id DESC);
