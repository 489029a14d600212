#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0), FTS5 with the trigram tokenizer and an external content table.
#
# A content row was updated, and its index entry was not. `PRAGMA integrity_check` and FTS5's own
# 'integrity-check' command both pass: without a rank of 1, neither compares index and content. A
# search then depends on its operator: MATCH finds the old word and returns the new text, while LIKE
# finds neither the old nor the new text, because it asks the index first and the content second.
#
# Matters for: the search of `threads`, and every health check that trusts integrity_check alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
"$folder/venv/bin/python" - "$folder/notes.sqlite" >"$folder/seen" <<'PYTHON'
import sys
import apsw

db = apsw.Connection(sys.argv[1])


def ask(sql):
    try:
        return list(db.execute(sql))
    except apsw.Error as error:
        return type(error).__name__


print("SQLite", apsw.sqlite_lib_version())
ask("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
ask("CREATE VIRTUAL TABLE search USING fts5 (text, content='notes', content_rowid='id', tokenize='trigram')")
ask("INSERT INTO notes VALUES (1, 'buy milk')")
ask("INSERT INTO search (rowid, text) SELECT id, text FROM notes")
ask("UPDATE notes SET text = 'call home' WHERE id = 1")
print("PRAGMA integrity_check:", ask("PRAGMA integrity_check"))
print("integrity-check:", ask("INSERT INTO search (search) VALUES ('integrity-check')"))
print("integrity-check, rank 1:", ask("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)"))
print("MATCH 'milk':", ask("SELECT text FROM search WHERE search MATCH 'milk'"))
print("LIKE '%milk%':", ask("SELECT text FROM search WHERE text LIKE '%milk%'"))
print("LIKE '%home%':", ask("SELECT text FROM search WHERE text LIKE '%home%'"))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
PRAGMA integrity_check: [('ok',)]
integrity-check: []
integrity-check, rank 1: CorruptError
MATCH 'milk': [('call home',)]
LIKE '%milk%': []
LIKE '%home%': []
SEEN
echo "as recorded"
