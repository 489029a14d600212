CREATE TABLE jobs (
    id     INTEGER PRIMARY KEY,
    status TEXT    NOT NULL,
    phase  TEXT    NOT NULL CHECK (phase IN ('one', 'two')),
    is_new INTEGER NOT NULL
) STRICT;
