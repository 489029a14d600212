#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0): INSERT OR IGNORE in a trigger does not ignore anything when the
# DO UPDATE of an upsert fires the trigger. The conflict fails the whole statement.
#
# SQLite's manual says that a conflict policy of the statement that fires a trigger replaces the
# policy in the trigger. An upsert names no such policy (`OR …`), so one expects the trigger's to
# hold, as for a plain UPDATE. But SQLite runs DO UPDATE as UPDATE OR ABORT. A condition in the
# trigger works with every statement.
#
# Matters for: triggers that note changed rows in a table of work, each row once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import apsw

IGNORE = "CREATE TRIGGER noted AFTER UPDATE ON note BEGIN INSERT OR IGNORE INTO due VALUES (new.id); END"
CONDITION = ("CREATE TRIGGER noted AFTER UPDATE ON note WHEN NOT EXISTS (SELECT 1 FROM due WHERE id = new.id) "
             "BEGIN INSERT INTO due VALUES (new.id); END")
UPDATE = "UPDATE note SET text = 'new' WHERE id = 1"
UPSERT = "INSERT INTO note VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET text = excluded.text"


def after(trigger, statement):
    db = apsw.Connection(":memory:")
    db.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)")
    db.execute("CREATE TABLE due (id INTEGER PRIMARY KEY)")
    db.execute(trigger)
    db.execute("INSERT INTO note VALUES (1, 'old')")
    db.execute("INSERT INTO due VALUES (1)")
    try:
        db.execute(statement)
    except apsw.ConstraintError as error:
        return error
    return db.execute("SELECT text FROM note").get


print("SQLite", apsw.sqlite_lib_version())
print("OR IGNORE, plain UPDATE:", after(IGNORE, UPDATE))
print("OR IGNORE, upsert:", after(IGNORE, UPSERT))
print("condition, upsert:", after(CONDITION, UPSERT))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
OR IGNORE, plain UPDATE: new
OR IGNORE, upsert: UNIQUE constraint failed: due.id
condition, upsert: new
SEEN
echo "as recorded"
