-- The time before which rows were too old when old rows were last looked for.
ALTER TABLE log_totals ADD COLUMN expired_before_ms INTEGER;
