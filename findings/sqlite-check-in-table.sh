#!/usr/bin/env bash
# SQLite 3.51.3 (PyPI apsw 3.51.3.0): CHECK (x IN (…)) with three words or more fills a table per row.
#
# Up to two words are compared with the value one after the other. From three on, SQLite opens an
# ephemeral table, inserts every word, and looks the value up. In a WHERE clause `Once` guards that; in
# a CHECK constraint it happens again for each row that is inserted or updated. The same words with OR
# are compared. The second figure is the number of instructions that one more row with the last word
# takes.
#
# Matters for: every CHECK with a list of words in a table that is written in bulk (`run_outcome` of
# `threads`, `outcome` of `rollouts`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'apsw==3.51.3.0'
"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import apsw

WORDS = ["'one'", "'two'", "'three'", "'four'", "'five'"]
SHOWN = ("Once", "OpenEphemeral", "IdxInsert", "Found", "Eq", "Ne")
db = apsw.Connection(":memory:")


def opcodes(sql):
    found = [row[1] for row in db.execute(f"EXPLAIN {sql}")]
    return " ".join(name for name in found if name in SHOWN)


def instructions(sql):
    count = 0

    def one_more():
        nonlocal count
        count += 1
        return False

    db.set_progress_handler(one_more, 1)
    db.execute(sql)
    db.set_progress_handler(None)
    return count


def of_one_row(table, word):
    few, many = (f"INSERT INTO {table} VALUES " + ", ".join([f"({word})"] * rows) for rows in (10, 11))
    return instructions(many) - instructions(few)


print("SQLite", apsw.sqlite_lib_version())
for number in (1, 2, 3, 5):
    words = WORDS[:number]
    checks = {
        "in": f"word IN ({', '.join(words)})",
        "or": " OR ".join(f"word = {word}" for word in words),
    }
    for kind, check in checks.items():
        table = f"{kind}_{number}"
        db.execute(f"CREATE TABLE {table} (word TEXT CHECK ({check}))")
        insert = f"INSERT INTO {table} VALUES ({words[-1]})"
        print(f"CHECK {kind} {number}:", opcodes(insert), "/", of_one_row(table, words[-1]))
print("WHERE in 3:", opcodes(f"SELECT * FROM in_3 WHERE word IN ({', '.join(WORDS[:3])})"))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
SQLite 3.51.3
CHECK in 1: Eq / 9
CHECK or 1: Eq / 9
CHECK in 2: Eq Eq / 12
CHECK or 2: Eq Eq / 10
CHECK in 3: OpenEphemeral IdxInsert IdxInsert IdxInsert Found Ne / 25
CHECK or 3: Eq Eq Eq / 11
CHECK in 5: OpenEphemeral IdxInsert IdxInsert IdxInsert IdxInsert IdxInsert Found Ne / 31
CHECK or 5: Eq Eq Eq Eq Eq / 13
WHERE in 3: Once OpenEphemeral IdxInsert IdxInsert IdxInsert
SEEN
echo "as recorded"
