#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0), two connections of one process to a WAL database.
#
# A program that left its log and the log's index behind is stood in for by a copy of the three files. The first
# connection only reads, with the URI parameter `readonly_shm=1`, which promises not to write to the index. From
# then on every other connection of the process is refused as read-only, although it was opened for writing. That
# lasts after the reader is closed, for connections that are opened later too, until all of them are closed at once.
#
# Connections of one process share one mapping of the index, and the first connection decides how it is opened.
#
# Matters for: inspecting a database in a process that also writes to it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
"$folder/venv/bin/python" - "$folder" >"$folder/seen" <<'PYTHON'
import shutil
import sys
import apsw

made, copy = f"{sys.argv[1]}/made.sqlite", f"{sys.argv[1]}/copy.sqlite"
db = apsw.Connection(made)
list(db.execute("PRAGMA journal_mode = WAL; CREATE TABLE notes (text)"))
for end in ("", "-wal", "-shm"):
    shutil.copy(made + end, copy + end)


def write(connection):
    try:
        connection.execute("INSERT INTO notes VALUES ('x')")
        return "written"
    except apsw.Error as error:
        return f"{type(error).__name__}: {error}"


print("SQLite", apsw.sqlite_lib_version())
reader = apsw.Connection(f"file:{copy}?readonly_shm=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
print("reader:", list(reader.execute("SELECT count(*) FROM notes")))
writer = apsw.Connection(copy)
print("writer:", write(writer))
reader.close()
print("writer, reader closed:", write(writer))
later = apsw.Connection(copy)
print("another writer:", write(later))
writer.close()
later.close()
print("writer, all closed before:", write(apsw.Connection(copy)))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
reader: [(0,)]
writer: ReadOnlyError: attempt to write a readonly database
writer, reader closed: ReadOnlyError: attempt to write a readonly database
another writer: ReadOnlyError: attempt to write a readonly database
writer, all closed before: written
SEEN
echo "as recorded"
