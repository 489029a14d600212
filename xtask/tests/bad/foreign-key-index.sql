CREATE TABLE tags (
    thread_id TEXT REFERENCES threads (id) ON DELETE CASCADE,
    author_id TEXT REFERENCES threads (id),
    parent_id TEXT REFERENCES threads (id)
) STRICT;
CREATE INDEX tags_by_author ON tags (author_id) WHERE author_id IS NOT NULL;
CREATE INDEX tags_by_parent ON tags (parent_id) WHERE parent_id > 'a';
