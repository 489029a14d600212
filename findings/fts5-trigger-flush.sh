#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0), FTS5 with the trigram tokenizer and an external content table.
#
# 200 rows are added in one transaction. With one statement for each row, and a trigger that fills the index, the index
# gets 200 segments: FTS5 writes what it gathered whenever a statement opens a savepoint, and a statement that fires a
# trigger does. Without the trigger, or with all rows in one statement, it gathers until the commit and writes one
# segment. Merging is switched off here, to show it; with its defaults the merges cost time instead.
#
# Matters for: filling an index that a trigger maintains. Few long statements are cheaper than many short ones, though
# all of them are in one transaction.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
"$folder/venv/bin/python" >"$folder/seen" <<'PYTHON'
import apsw

SCHEMA = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
    CREATE VIRTUAL TABLE search USING fts5 (text, content='notes', content_rowid='id', tokenize='trigram');
    INSERT INTO search (search, rank) VALUES ('automerge', 0);
    INSERT INTO search (search, rank) VALUES ('crisismerge', 1000);
"""
TRIGGER = """
    CREATE TRIGGER index_note AFTER INSERT ON notes
    BEGIN INSERT INTO search (rowid, text) VALUES (new.id, new.text); END;
"""
ROWS = [(number, f"note {number} about the parser") for number in range(200)]
ALL = ", ".join(f"({number}, '{text}')" for number, text in ROWS)


def segments(with_trigger, one_statement):
    db = apsw.Connection(":memory:")
    list(db.execute(SCHEMA + (TRIGGER if with_trigger else "")))
    tables = [("notes", "id")] if with_trigger else [("notes", "id"), ("search", "rowid")]
    db.execute("BEGIN")
    for table, key in tables:
        if one_statement:
            db.execute(f"INSERT INTO {table} ({key}, text) VALUES {ALL}")
        else:
            for row in ROWS:
                db.execute(f"INSERT INTO {table} ({key}, text) VALUES (?, ?)", row)
    db.execute("COMMIT")
    return list(db.execute("SELECT count(DISTINCT segid) FROM search_idx"))[0][0]


print("SQLite", apsw.sqlite_lib_version())
print("no trigger, 200 statements:", segments(False, False))
print("no trigger, one statement:", segments(False, True))
print("trigger, 200 statements:", segments(True, False))
print("trigger, one statement:", segments(True, True))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
no trigger, 200 statements: 1
no trigger, one statement: 1
trigger, 200 statements: 200
trigger, one statement: 1
SEEN
echo "as recorded"
