CREATE INDEX threads_by_title_and_size ON threads (title, size);
CREATE INDEX threads_by_id ON threads (id);
CREATE UNIQUE INDEX threads_by_one_title ON threads (title, size, id);
CREATE INDEX threads_with_titles ON threads (title) WHERE title IS NOT NULL;
