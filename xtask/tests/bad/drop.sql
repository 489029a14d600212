DROP INDEX threads_by_title;
CREATE TABLE tags (id TEXT) STRICT;
DROP TABLE tags;
