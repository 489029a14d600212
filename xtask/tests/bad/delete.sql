DELETE FROM threads;
DELETE FROM threads WHERE size = 0;
