CREATE TABLE tags (
    thread_id TEXT REFERENCES threads (id) ON DELETE CASCADE,
    author_id TEXT REFERENCES threads (id),
    parent_id TEXT REFERENCES threads (id)
) STRICT;
CREATE INDEX tags_by_author ON tags (author_id) WHERE author_id IS NOT NULL;
CREATE INDEX tags_by_parent ON tags (parent_id) WHERE parent_id > 'a';
ALTER TABLE threads ADD COLUMN first_id TEXT REFERENCES threads (id);
CREATE TABLE places (x INTEGER, y INTEGER, PRIMARY KEY (x, y)) STRICT;
CREATE TABLE visits (x INTEGER, y INTEGER, z INTEGER, FOREIGN KEY (y, x) REFERENCES places (y, x)) STRICT;
CREATE INDEX visits_by_place ON visits (x, z, y);
