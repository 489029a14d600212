CREATE TABLE visits (
    id            INTEGER PRIMARY KEY,
    seen_at       TEXT,
    started_ms    TEXT,
    ended_at_ms   INTEGER,
    seconds_spent INTEGER
) STRICT;
