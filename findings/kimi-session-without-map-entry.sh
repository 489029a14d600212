#!/usr/bin/env bash
# Kimi CLI 1.51.0 (PyPI), `kimi --session ID`, against a model server on loopback.
#
# A session has one turn. A backup brings its folder back, but `kimi.json` lacks the entry of the working
# directory. `--session` then deletes the session's `context.jsonl` and begins an empty one under the same
# id. The model gets only the new prompt. The output and the exit code are those of a resumed session. If the
# model cannot be reached, the file is lost too. `wire.jsonl` stays and is appended to, so the session still
# has its title and its first turn. It goes on as it should if the entry has only the path, or if any other
# session was started in the directory before. In 1.52.0, the last version, `kimi` no longer starts an agent.
#
# Matters for: `threadkeep kept restore`, which adds the entry, and everybody who copies the folder back by hand.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
# On Python 3.12.1 this version ends with a TypeError when it starts.
for python in python3 python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>"$folder/errors" && break
done
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" -qq --disable-pip-version-check install 'kimi-cli==1.51.0'
mkdir "$folder/home" "$folder/project"
project=$(cd "$folder/project" && pwd -P)
cat >"$folder/server.py" <<'PYTHON'
import http.server, json, os, sys

port, asked = sys.argv[1:]


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        messages = json.loads(self.rfile.read(int(self.headers["content-length"])))["messages"]
        texts = [m["content"] if isinstance(m["content"], str) else m["content"][0]["text"] for m in messages]
        with open(asked, "w") as file:
            file.write(", ".join(t for t in texts if t in ("first prompt", "second prompt", "an answer")))
        delta = {"role": "assistant", "content": "an answer"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "delta": delta, "finish_reason": "stop"}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        chunk |= {"choices": [choice], "usage": usage}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Model)
with open(port + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(port + ".new", port)
server.serve_forever()
PYTHON
"$folder/venv/bin/python" "$folder/server.py" "$folder/port" "$folder/asked" &
server=$!
until [ -s "$folder/port" ]; do kill -0 "$server"; done

# config PORT: prints a configuration with the model server at this port
config() {
    cat <<CONFIG
default_model = "loopback"
telemetry = false
[models.loopback]
provider = "loopback"
model = "m"
max_context_size = 100000
[providers.loopback]
type = "openai_legacy"
base_url = "http://127.0.0.1:$1/v1"
api_key = "none"
[loop_control]
max_retries_per_step = 1
CONFIG
}
config "$(cat "$folder/port")" >"$folder/answers.toml"
# Nothing listens on port 1.
config 1 >"$folder/unreachable.toml"

# kimi STORE MODEL ARGUMENT...: runs the agent on a store in the project
kimi() {
    (cd "$project" && HOME="$folder/home" KIMI_SHARE_DIR="$folder/$1" NO_PROXY=127.0.0.1 \
        "$folder/venv/bin/kimi" --config-file "$folder/$2.toml" --print "${@:3}" </dev/null >"$folder/output" 2>&1)
}
kimi backup answers --prompt 'first prompt' || { cat "$folder/output"; exit 1; }
session=$(cd "$folder/backup" && echo sessions/*/*)
id=${session##*/}

# found STORE: prints which files of the session have the first prompt
found() { (cd "$folder/$1/$session" && echo $(grep -l 'first prompt' context*.jsonl wire.jsonl)); }

# resume STORE MODEL: copies the session's folder to a store, and resumes the session there
resume() {
    mkdir -p "$folder/$1/${session%/*}"
    cp -R "$folder/backup/$session" "$folder/$1/$session"
    local before code=0
    before=$(found "$1")
    : >"$folder/asked"
    kimi "$1" "$2" --session "$id" --prompt 'second prompt' || code=$?
    cp "$folder/output" "$folder/output-$1"
    echo "$1: exit $code; the model got: $(cat "$folder/asked"); the first prompt is in $(found "$1"), was in $before"
}
mkdir "$folder/entry"
printf '{"work_dirs": [{"path": "%s"}]}' "$project" >"$folder/entry/kimi.json"
kimi other-session answers --prompt 'other prompt' || { cat "$folder/output"; exit 1; }
{
    resume entry answers
    resume other-session answers
    resume no-entry answers
    resume no-entry-no-model unreachable
    cmp -s "$folder/output-entry" "$folder/output-no-entry" && same=same || same=other
    echo "entry and no-entry: $same output"
} >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
entry: exit 0; the model got: first prompt, an answer, second prompt; the first prompt is in context.jsonl wire.jsonl, was in context.jsonl wire.jsonl
other-session: exit 0; the model got: first prompt, an answer, second prompt; the first prompt is in context.jsonl wire.jsonl, was in context.jsonl wire.jsonl
no-entry: exit 0; the model got: second prompt; the first prompt is in wire.jsonl, was in context.jsonl wire.jsonl
no-entry-no-model: exit 75; the model got: ; the first prompt is in wire.jsonl, was in context.jsonl wire.jsonl
entry and no-entry: same output
SEEN
echo "as recorded"
