#!/usr/bin/env bash
# Codex CLI 0.99.0 (npm), `codex exec` with the tool `view_image`, against a model server on loopback.
#
# The user sends one message, and the agent then looks at an image of the folder with `view_image`.
# The rollout gets a second `event_msg` of the type `user_message`, with an empty text and one image,
# as if the user had sent it. It begins no turn, and nobody said it.
#
# Matters for: `UserMessage::is_bare_image` in `state/rollout`. Within a turn, such a message is not
# taken for one of the user.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" @openai/codex@0.99.0
mkdir "$folder/home" "$folder/project"
# One black pixel.
base64 -d >"$folder/project/p.png" <<'PNG'
iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg==
PNG
cat >"$folder/server.js" <<'SERVER'
const [, , port, image] = process.argv;
const fs = require("fs");
const call = { type: "function_call", call_id: "c1", name: "view_image", arguments: JSON.stringify({ path: image }) };
const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: "A dot." }] };
const usage = { input_tokens: 1, input_tokens_details: null, output_tokens: 1, output_tokens_details: null, total_tokens: 2 };
const answers = [call, message];
const server = require("http").createServer((request, response) => {
    request.resume().on("end", () => {
        if (request.method !== "POST") return response.writeHead(404).end();
        const item = answers.shift();
        const events = [
            { type: "response.created", response: { id: "r" } },
            { type: "response.output_item.done", item },
            { type: "response.completed", response: { id: "r", usage } },
        ];
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
    });
});
server.listen(0, "127.0.0.1", () => {
    fs.writeFileSync(`${port}.new`, `${server.address().port}`);
    fs.renameSync(`${port}.new`, port);
});
SERVER
node "$folder/server.js" "$folder/port" "$folder/project/p.png" &
server=$!
until [ -s "$folder/port" ]; do kill -0 "$server"; done
cat >"$folder/home/config.toml" <<CONFIG
model = "gpt-5.1-codex"
model_provider = "loopback"
[model_providers.loopback]
name = "loopback"
base_url = "http://127.0.0.1:$(cat "$folder/port")/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
CONFIG
env -u OPENAI_API_KEY CODEX_HOME="$folder/home" HOME="$folder" "$folder/node_modules/.bin/codex" exec \
    --skip-git-repo-check --cd "$folder/project" 'Look at p.png' </dev/null >"$folder/output" 2>&1 ||
    { cat "$folder/output"; exit 1; }
node -e '
const fs = require("fs"), path = require("path");
const files = fs.readdirSync(process.argv[1], { recursive: true }).filter((name) => name.endsWith(".jsonl"));
for (const file of files) {
    const lines = fs.readFileSync(path.join(process.argv[1], file), "utf8").trim().split("\n").map(JSON.parse);
    for (const { type, payload } of lines) {
        if (type !== "event_msg" || !/^(user|agent)_message$/.test(payload.type)) continue;
        const images = (payload.images ?? []).length + (payload.local_images ?? []).length;
        console.log(`${payload.type}: ${JSON.stringify(payload.message)}, ${images} images`);
    }
}' "$folder/home/sessions" >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
user_message: "Look at p.png", 0 images
user_message: "", 1 images
agent_message: "A dot.", 0 images
SEEN
