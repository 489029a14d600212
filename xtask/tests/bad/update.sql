UPDATE threads SET title = upper(title);
UPDATE threads SET title = upper(title) WHERE title IS NOT NULL;
WITH lost AS (SELECT id FROM threads WHERE size = 0) UPDATE threads SET size = (SELECT count(*) FROM lost);
INSERT INTO threads (id) VALUES ('e') ON CONFLICT (id) DO UPDATE SET size = 1;
