#!/usr/bin/env bash
# ccusage 20.0.24 (npm), the report `codex session`, on a home of the Codex CLI.
#
# One thread made two requests of 1,000 and 500 tokens. The agent was killed during the first, so
# that the rollout has its `token_usage_record` and no `token_count`; the count after the second says
# 500. ccusage reports 500 tokens: it reads counts and no records, and the killed request was paid for
# all the same. The same rollout compressed, as the agent compresses old ones (`.jsonl.zst`), is no
# session at all. The same rollout in `sessions` and in `archived_sessions`, as it is for a moment
# while a thread is archived and for ever after a copy, is two sessions of 500.
#
# Matters for: `threadkeep usage`, which counts 1,500 in all three cases, and for all who compare.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" ccusage@20.0.24
id=01a21000-0001-7000-8000-000000000001
name="rollout-2026-11-20T10-00-00-$id.jsonl"
usage() { printf '{"input_tokens":%d,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":%d}' "$1" "$1"; }
line() { printf '{"timestamp":"2026-11-20T10:00:0%d.000Z","ordinal":%d,"type":"%s","payload":%s}\n' "$1" "$1" "$2" "$3"; }
{
    line 0 session_meta "{\"session_id\":\"$id\",\"id\":\"$id\",\"timestamp\":\"2026-11-20T10:00:00.000Z\",\"cwd\":\"/project\",\"originator\":\"codex_exec\",\"cli_version\":\"0.171.0\",\"source\":\"exec\",\"model_provider\":\"openai\"}"
    line 1 turn_context '{"turn_id":"t1","cwd":"/project","approval_policy":"never","model":"a-model","summary":"none","sandbox_policy":{"type":"read-only"}}'
    line 2 token_usage_record "{\"thread_id\":\"$id\",\"turn_id\":\"t1\",\"response_id\":\"r1\",\"usage\":$(usage 1000),\"thread_token_usage\":$(usage 1000)}"
    line 3 turn_context '{"turn_id":"t2","cwd":"/project","approval_policy":"never","model":"a-model","summary":"none","sandbox_policy":{"type":"read-only"}}'
    line 4 token_usage_record "{\"thread_id\":\"$id\",\"turn_id\":\"t2\",\"response_id\":\"r2\",\"usage\":$(usage 500),\"thread_token_usage\":$(usage 1500)}"
    line 5 event_msg "{\"type\":\"token_count\",\"info\":{\"total_token_usage\":$(usage 500),\"last_token_usage\":$(usage 500)}}"
} >"$folder/$name"
for home in plain compressed twice; do mkdir -p "$folder/$home/sessions/2026/11/20" "$folder/$home/archived_sessions"; done
cp "$folder/$name" "$folder/plain/sessions/2026/11/20"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'zstandard==0.25.0'
"$folder/venv/bin/python" -c '
import pathlib, sys, zstandard
pathlib.Path(sys.argv[2]).write_bytes(zstandard.compress(pathlib.Path(sys.argv[1]).read_bytes()))
' "$folder/$name" "$folder/compressed/sessions/2026/11/20/$name.zst"
cp "$folder/$name" "$folder/twice/sessions/2026/11/20"
cp "$folder/$name" "$folder/twice/archived_sessions"
for home in plain compressed twice; do
    CODEX_HOME="$folder/$home" HOME="$folder" "$folder/node_modules/.bin/ccusage" codex session --json --offline |
        node -e '
const { sessions = [] } = JSON.parse(require("fs").readFileSync(0));
const tokens = sessions.reduce((sum, session) => sum + session.totalTokens, 0);
console.log(`${process.argv[1]}: ${sessions.length} sessions, ${tokens} tokens`);' "$home"
done >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
plain: 1 sessions, 500 tokens
compressed: 0 sessions, 0 tokens
twice: 2 sessions, 1000 tokens
SEEN
