-- Accounts and clients that device keys sign for. They cannot be made again, so they are decisions, too, and are kept
-- in the file next to the database.

CREATE TABLE device_key_bindings (
    key_id          TEXT    NOT NULL PRIMARY KEY,
    account_user_id TEXT    NOT NULL CHECK (account_user_id <> ''),
    client_id       TEXT    NOT NULL CHECK (client_id <> ''),
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- audit: allow drop: a view has no rows, and this one gets one more kind
DROP VIEW decisions;
CREATE VIEW decisions (kind, id, record) AS
SELECT 'thread', id, json_object('name', user_name, 'named_at_ms', user_named_at_ms, 'archived', user_archived,
    'archived_at_ms', user_archived_at_ms, 'memory_mode', user_memory_mode)
FROM threads
WHERE user_name IS NOT NULL OR user_named_at_ms IS NOT NULL OR user_archived IS NOT NULL OR user_memory_mode IS NOT NULL
UNION ALL
-- Closed by the user, or opened again after a closing.
SELECT 'agent', thread_id, json_object('closed_by', CASE WHEN agent_closed_by IS NULL THEN closed_by END,
    'created_at_ms', created_at_ms, 'updated_at_ms', updated_at_ms)
FROM agents WHERE (closed_by IS NOT NULL AND agent_closed_by IS NULL) OR updated_at_ms <> created_at_ms
UNION ALL
SELECT 'deleted', thread_id, json_object('deleted_at_ms', deleted_at_ms) FROM tombstones
UNION ALL
SELECT 'device_key', key_id, json_object('account_user_id', account_user_id, 'client_id', client_id,
    'created_at_ms', created_at_ms, 'updated_at_ms', updated_at_ms)
FROM device_key_bindings;

CREATE TRIGGER device_keys_are_bound AFTER INSERT ON device_key_bindings BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'device_key', new.key_id
    WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'device_key' AND id = new.key_id);
END;
CREATE TRIGGER device_keys_are_bound_again AFTER UPDATE ON device_key_bindings BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'device_key', new.key_id
    WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'device_key' AND id = new.key_id);
END;
CREATE TRIGGER device_keys_are_unbound AFTER DELETE ON device_key_bindings BEGIN
    INSERT INTO decisions_due (kind, id)
    SELECT 'device_key', old.key_id
    WHERE NOT EXISTS (SELECT 1 FROM decisions_due WHERE kind = 'device_key' AND id = old.key_id);
END;
