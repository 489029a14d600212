#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0): under an aggregate, a subquery with a LIMIT computes a virtual
# generated column for every row, although the aggregate hardly ever looks at it.
#
# A virtual generated column is an expression, and in a plain query a CASE branch that is not taken
# does not compute it. A subquery that cannot be flattened (it has a LIMIT, and the outer query is an
# aggregate) runs as a co-routine, which hands over all its columns for each row: the expression is
# computed, and then thrown away. Reading the column in a correlated subquery inside the branch
# computes it only there.
#
# Matters for: pages of rows that are picked by a subquery, when one of the columns is generated and
# costs something (`thread_id` of `rollouts` was 18 % of the instructions of a pass without changes).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import apsw

calls = 0


def costly(value):
    global calls
    calls += 1
    return value


db = apsw.Connection(":memory:")
db.create_scalar_function("costly", costly, 1, deterministic=True)
db.execute("CREATE TABLE file (id INTEGER PRIMARY KEY, kind TEXT, made TEXT AS (costly(kind)) VIRTUAL)")
db.execute("INSERT INTO file (id, kind) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) "
           "SELECT i, iif(i = 500, 'rare', 'usual') FROM n")
queries = {
    "plain": "SELECT count(CASE kind WHEN 'rare' THEN made END) FROM file",
    "subquery with LIMIT": "SELECT count(CASE kind WHEN 'rare' THEN made END) "
                           "FROM (SELECT kind, made FROM file ORDER BY id LIMIT 1000)",
    "read in the branch": "SELECT count(CASE kind WHEN 'rare' THEN (SELECT made FROM file WHERE file.id = page.id) END) "
                          "FROM (SELECT id, kind FROM file ORDER BY id LIMIT 1000) AS page",
}
print("SQLite", apsw.sqlite_lib_version())
for name, sql in queries.items():
    calls = 0
    found = db.execute(sql).get
    print(f"{name}: {found} found, {calls} calls")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
plain: 1 found, 1 calls
subquery with LIMIT: 1 found, 1000 calls
read in the branch: 1 found, 1 calls
SEEN
echo "as recorded"
