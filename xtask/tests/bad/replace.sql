INSERT OR REPLACE INTO threads (id) VALUES ('a');
REPLACE INTO threads (id) VALUES ('a');
