CREATE TABLE jobs (
    id     INTEGER PRIMARY KEY,
    status TEXT    NOT NULL,
    phase  TEXT    NOT NULL CHECK (phase IN ('one', 'two')),
    kind   TEXT    DEFAULT ('kind') CHECK (id > (0) AND 'kind' <> ''),
    is_new INTEGER NOT NULL,
    has_it INTEGER NOT NULL,
    CHECK ("has_it" IN (0, 1))
) STRICT;
