#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0): a copy made by VACUUM INTO can hold second copies of rows in the
# gaps of its pages, which a later DELETE does not overwrite, although the deleting connection has
# secure_delete on. The setting that counts is that of the connection that made the copy.
#
# VACUUM INTO is known for packing a database, so nobody looks for leftovers in a fresh copy. But it
# fills the copy row by row, pages are split on the way, and the old place of a moved row is cleared
# only if secure_delete is on. The copy takes that setting over from the connection, not from the
# database: it is stored nowhere. A connection that only reads has no other reason to set it.
#
# Matters for: snapshots from which the content of deleted threads is erased later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
mkdir "$folder/data"
"$folder/venv/bin/python" - "$folder/data" >"$folder/seen" <<'PYTHON'
import os
import random
import sys

import apsw

folder = sys.argv[1]
random.seed(1)


def connect(path, secure_delete):
    db = apsw.Connection(path)
    list(db.execute(f"PRAGMA secure_delete = {secure_delete}"))
    return db


source = connect(os.path.join(folder, "source"), "ON")
source.execute("CREATE TABLE note (id TEXT PRIMARY KEY, text TEXT)")
for n in range(400):
    text = f"word{n:04} " + "x" * random.randrange(20, 1500)
    source.execute("INSERT INTO note VALUES (?, ?)", (f"{n * 7919 % 400:04}", text))


def stale(path):
    found = 0
    for n in range(0, 400, 2):
        db = connect(path, "ON")
        db.execute("DELETE FROM note WHERE text LIKE ?", (f"word{n:04}%",))
        db.close()
        with open(path, "rb") as file:
            found += f"word{n:04}".encode() in file.read()
    return "words of deleted rows are left" if found else "nothing is left"


print("SQLite", apsw.sqlite_lib_version())
for secure_delete in ("OFF", "ON"):
    path = os.path.join(folder, secure_delete)
    maker = connect(os.path.join(folder, "source"), secure_delete)
    maker.execute("VACUUM INTO ?", (path,))
    maker.close()
    print(f"copied with secure_delete {secure_delete}: {stale(path)}")
source.close()
print(f"in the source: {stale(os.path.join(folder, 'source'))}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
copied with secure_delete OFF: words of deleted rows are left
copied with secure_delete ON: nothing is left
in the source: nothing is left
SEEN
echo "as recorded"
