#!/usr/bin/env bash
# GNU patch 2.7.6 (Debian patch 2.7.6-7): a new *empty* file whose name has a space is left out, although
# git wrote the diff and `git apply` takes it. The same file with one line, and an empty file without a
# space, are made.
#
# git writes no `---` and `+++` lines for an empty file, so the name stands only in `diff --git a/… b/…`,
# and there it is quoted only for control characters and the like, never for a space. patch splits that
# line at the first space, finds two names that differ, and asks for a file.
#
# Matters for: the diff of memories, which is in git's form. docs/memories.md names `git apply`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder" # apt reads it as a user of its own
cd "$folder"
apt-get download --quiet 'patch=2.7.6-7' >/dev/null
dpkg-deb --extract patch_*.deb root
mkdir work
sed 's/TAB$/\t/' >diff <<'DIFF'
diff --git a/b c.md b/b c.md
new file mode 100644
index 0000000..e69de29
diff --git a/d e.md b/d e.md
new file mode 100644
index 0000000..257cc56
--- /dev/null
+++ b/d e.mdTAB
@@ -0,0 +1 @@
+foo
diff --git a/plain.md b/plain.md
new file mode 100644
index 0000000..e69de29
DIFF
status=0
(cd work && ../root/usr/bin/patch --strip 1 --batch <../diff) >said 2>&1 || status=$?
{
    root/usr/bin/patch --version | head -n 1
    echo "exit $status"
    grep --only-matching "can't find file to patch" said
    (cd work && ls)
} >seen
cat >expected <<'EXPECTED'
GNU patch 2.7.6
exit 1
can't find file to patch
d e.md
plain.md
EXPECTED
diff expected seen
echo "as recorded: patch leaves out a new empty file whose name has a space"
