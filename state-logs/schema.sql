-- The schema of logs_2.sqlite, as its migrations leave it; written by `cargo xtask migrations check --bless`.

CREATE TABLE log_partitions (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 268435455),
    thread_id     TEXT    NOT NULL,
    process_id    TEXT    NOT NULL,
    row_count     INTEGER NOT NULL DEFAULT 0,
    byte_count    INTEGER NOT NULL DEFAULT 0,
    -- Position of the partition's last row, even if that is deleted: no position is used twice.
    last_position INTEGER NOT NULL DEFAULT 0,
    UNIQUE (thread_id, process_id)
) STRICT;

CREATE TABLE log_rows (
    -- The partition's id in the upper 28 bits, and the position in the partition in the lower 35.
    place      INTEGER NOT NULL PRIMARY KEY,
    -- Grows with every row that is committed, and is never less than at_ms * 1000.
    id         INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    -- From 1, an error, to 5, a trace.
    level      INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
    target     TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    -- A JSON object; NULL when the event had no fields but its message.
    fields     TEXT,
    -- A JSON array of {"name", "fields"}, outermost first; NULL outside of all spans.
    spans      TEXT,
    process_id TEXT,
    module     TEXT,
    file       TEXT,
    line       INTEGER,
    is_cut     INTEGER NOT NULL CHECK (is_cut IN (0, 1)),
    -- Bytes of the row's texts, which a partition's limit counts.
    bytes      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_rows_by_id ON log_rows (id);
CREATE TRIGGER log_rows_counted AFTER INSERT ON log_rows BEGIN
    UPDATE log_partitions
    SET row_count = row_count + 1, byte_count = byte_count + new.bytes,
        last_position = max(last_position, new.place & 34359738367)
    WHERE id = new.place >> 35;
END;
CREATE TRIGGER log_rows_uncounted AFTER DELETE ON log_rows BEGIN
    UPDATE log_partitions SET row_count = row_count - 1, byte_count = byte_count - old.bytes
    WHERE id = old.place >> 35;
END;

CREATE TABLE log_tombstones (
    thread_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log_totals (
    id             INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The id of the last row that was committed.
    last_id        INTEGER NOT NULL,
    -- Largest difference of a row's id / 1000 and its at_ms.
    most_late_ms   INTEGER NOT NULL,
    logged_bytes   INTEGER NOT NULL,
    -- Rows that were dropped because the queue was full or they could not be written.
    dropped_rows   INTEGER NOT NULL
, expired_before_ms INTEGER) STRICT;
