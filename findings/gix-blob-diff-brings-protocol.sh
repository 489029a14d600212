#!/usr/bin/env bash
# gix 0.90.0: `default-features = false, features = ["sha1", "blob-diff"]`, which sounds like a repository
# that is read and two texts that are compared, brings the whole machinery of a checkout and of servers.
#
# Two things add up. The crate `gix` depends on gix-protocol and gix-transport without any feature: each
# build of it has them, with gix-url, gix-refspec and gix-shallow. And its feature `blob-diff` turns on
# `attributes`, which turns on `excludes` and `index`: so gix-filter, gix-worktree, gix-index, gix-pathspec,
# gix-submodule and gix-ignore come to compare two texts. Half of that is in gix-diff already, whose
# feature `blob` needs gix-filter and gix-worktree. `gix-imara-diff` alone, which makes the comparison,
# needs four crates that nearly every tree has.
#
# Matters for: `memories/src/workspace`, which depends on the parts of gitoxide that it uses and puts
# hunks together itself. With `gix` the release build of the tool took a third longer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
touch src/lib.rs

# with LINE FILE: writes the names of the crates that a dependency brings into FILE
with() {
    cat >Cargo.toml <<TOML
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
$1
TOML
    rm -f Cargo.lock
    cargo tree --quiet --edges normal --prefix none | awk '{ print $1 }' | sort --unique | grep -v '^finding$' >"$2"
    echo "$2: $(wc -l <"$2") crates"
}

# features: writes the features of gix that the present manifest turns on
features() {
    cargo tree --quiet --edges features --invert gix | sed -nE 's/.* gix feature "([a-z0-9-]+)".*/\1/p' | sort --unique
}

with 'gix-imara-diff = { version = "=0.3.3", default-features = false }' imara
with 'gix-diff = { version = "=0.70.0", default-features = false, features = ["sha1"] }' diff
with 'gix-diff = { version = "=0.70.0", default-features = false, features = ["sha1", "blob"] }' diff-blob
with 'gix = { version = "=0.90.0", default-features = false, features = ["sha1"] }' gix
with 'gix = { version = "=0.90.0", default-features = false, features = ["sha1", "blob-diff"] }' gix-blob
{
    echo "gix-imara-diff alone: $(paste -sd' ' imara)"
    echo "gix without blob-diff has: $(grep -E '^gix-(protocol|transport|url|refspec|shallow)$' gix | paste -sd' ')"
    echo "blob-diff turns on: $(features | grep -vx 'sha1' | paste -sd' ')"
    echo "blob-diff adds: $(comm -13 gix gix-blob | grep '^gix-' | paste -sd' ')"
    echo "blob of gix-diff adds: $(comm -13 diff diff-blob | grep -E '^gix-(filter|worktree|index|attributes|ignore)$' | paste -sd' ')"
} >seen
cat seen
diff seen - <<'SEEN'
gix-imara-diff alone: bstr foldhash gix-imara-diff hashbrown memchr
gix without blob-diff has: gix-protocol gix-refspec gix-shallow gix-transport gix-url
blob-diff turns on: attributes blob-diff command excludes index
blob-diff adds: gix-attributes gix-bitmap gix-filter gix-ignore gix-imara-diff gix-index gix-pathspec gix-submodule gix-worktree
blob of gix-diff adds: gix-attributes gix-filter gix-ignore gix-index gix-worktree
SEEN
echo "as recorded"
