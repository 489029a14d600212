ALTER TABLE threads RENAME TO conversations;
ALTER TABLE conversations RENAME COLUMN title TO name;
