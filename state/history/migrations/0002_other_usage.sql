-- Tokens of a file's requests that are no part of the conversation, by day, model and purpose. Only mirrored sessions of
-- other agents have such requests, and their rollouts are written again with them, so that the next pass reads these.
CREATE TABLE history_other_usage (
    file         INTEGER NOT NULL,
    day          INTEGER NOT NULL,
    model        TEXT    NOT NULL,
    -- Of a sub-agent without a session of its own, or hidden: a title, a summary for compaction, a choice of model.
    purpose      TEXT    NOT NULL CHECK (purpose IN ('subagent', 'hidden')),
    input        INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    PRIMARY KEY (file, day, model, purpose)
) STRICT, WITHOUT ROWID;
