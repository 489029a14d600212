CREATE TABLE new_threads (id TEXT NOT NULL PRIMARY KEY, title TEXT, size INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO new_threads (id, title, size) SELECT id, title, size FROM threads;
DROP TABLE threads;
ALTER TABLE new_threads RENAME TO threads;
CREATE INDEX threads_by_title ON threads (title);
