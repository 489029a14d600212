INSERT OR REPLACE INTO threads (id) VALUES ('a');
REPLACE INTO threads (id) VALUES ('a');
UPDATE OR REPLACE threads SET id = 'b' WHERE id = 'a';
WITH ids AS (SELECT 'c' AS id) REPLACE INTO threads (id) SELECT id FROM ids;
INSERT INTO threads (id, title) VALUES ('d', replace('a', 'b', 'c'));
