-- audit: allow drop: nothing is dropped here
CREATE TABLE tags (id TEXT) STRICT;
-- audit: allow drop:
CREATE TABLE more_tags (id TEXT) STRICT;
-- audit: ignore
CREATE TABLE most_tags (id TEXT) STRICT;
-- audit: allow drop: after everything
