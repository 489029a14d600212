CREATE TABLE thread_goals (id TEXT) STRICT;
ALTER TABLE threads ADD COLUMN goal_id TEXT;
