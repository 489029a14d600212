-- audit: allow drop: nobody looks at it
ALTER TABLE threads DROP COLUMN size;
CREATE UNIQUE INDEX threads_by_one_title ON threads (title DESC);
