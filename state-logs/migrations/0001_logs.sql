-- Whose rows there are: those of a thread, the threadless ones of a process, and those of neither, where both are ''.
-- Each such partition is kept within bounds of its own, so its rows and bytes are counted.
CREATE TABLE log_partitions (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 268435455),
    thread_id     TEXT    NOT NULL,
    process_id    TEXT    NOT NULL,
    row_count     INTEGER NOT NULL DEFAULT 0,
    byte_count    INTEGER NOT NULL DEFAULT 0,
    -- The position of the partition's last row, also when that is gone: a position is not used twice.
    last_position INTEGER NOT NULL DEFAULT 0,
    UNIQUE (thread_id, process_id)
) STRICT;

-- What was logged. The rows of a partition lie together, in the order of their commits: its oldest are found without an
-- index, and pages that they leave are taken whole by what comes.
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
    -- The bytes of the row's texts: what the bounds of a partition count.
    bytes      INTEGER NOT NULL
) STRICT;

-- The one order of all rows, and by the rule above also a bound for their times.
CREATE UNIQUE INDEX log_rows_by_id ON log_rows (id);

-- The counts are those of the rows, whoever writes or deletes them.
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

-- What has been logged since the database was made: one row.
CREATE TABLE log_totals (
    id             INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The id of the last row that was committed.
    last_id        INTEGER NOT NULL,
    -- The most that an id / 1000 has been above its row's at_ms.
    most_late_ms   INTEGER NOT NULL,
    logged_bytes   INTEGER NOT NULL,
    -- What that wrote to the database and its log; NULL as long as no system told.
    written_bytes  INTEGER,
    -- How much of what was logged that was: the last two commits of a process are in logged_bytes alone.
    measured_bytes INTEGER NOT NULL,
    -- Rows that found no room on their way here.
    dropped_rows   INTEGER NOT NULL
) STRICT;

INSERT INTO log_totals (id, last_id, most_late_ms, logged_bytes, measured_bytes, dropped_rows) VALUES (1, 0, 0, 0, 0, 0);

-- Threads that the user deleted. A program that still runs for one may go on logging, and its rows are dropped.
CREATE TABLE log_tombstones (
    thread_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(thread_id) = 36),
    deleted_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
