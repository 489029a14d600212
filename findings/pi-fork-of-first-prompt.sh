#!/usr/bin/env bash
# pi 0.73.1 (npm, `@mariozechner/pi-coding-agent`), `fork` over `--mode rpc`, against a model server on loopback.
#
# A session file is named after its time and its id, and its first line has the id, too. After a fork from the first
# prompt of a session, the two are different ids, and the file names no parent. A later clone names the fork as its
# parent, by its path, so the id in that path is no session's.
#
# Matters for: everybody who takes a session's id, or its parent's, from the name of a file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund '@mariozechner/pi-coding-agent@0.73.1' >install.log 2>&1
mkdir -p home/.pi/agent project
cat >run.mjs <<'JS'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";
import { createInterface } from "node:readline";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const choice = { index: 0, delta: { role: "assistant", content: "an answer" }, finish_reason: "stop" };
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [choice], usage };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  });
});
await once(server.listen(0, "127.0.0.1"), "listening");
const models = [{ id: "m", contextWindow: 200000, maxTokens: 8000 }];
const baseUrl = `http://127.0.0.1:${server.address().port}/v1`;
const provider = { baseUrl, api: "openai-completions", apiKey: "none", models };
writeFileSync("home/.pi/agent/models.json", JSON.stringify({ providers: { local: provider } }));

const here = process.cwd();
const pi = spawn(`${here}/node_modules/.bin/pi`, ["--mode", "rpc", "--model", "local/m"], {
  cwd: "project",
  env: { ...process.env, HOME: `${here}/home`, PI_OFFLINE: "1" },
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: pi.stdout })[Symbol.asyncIterator]();
const until = async (is) => {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error("pi ended");
    const event = JSON.parse(value);
    if (is(event)) return event;
  }
};
const call = async (type, fields = {}) => {
  pi.stdin.write(`${JSON.stringify({ id: type, type, ...fields })}\n`);
  const answer = await until((event) => event.type === "response" && event.id === type);
  if (!answer.success) throw new Error(answer.error);
  return answer.data;
};
const say = async (message) => {
  await call("prompt", { message });
  await until((event) => event.type === "agent_end");
};
const file = async () => (await call("get_state")).sessionFile;
const header = (path) => JSON.parse(readFileSync(path, "utf8").split("\n")[0]);
const named = (path) => basename(path, ".jsonl").split("_")[1];

await say("first prompt");
const { messages } = await call("get_fork_messages");
await call("fork", { entryId: messages[0].entryId });
await say("first prompt of the fork");
const fork = await file();
await call("clone");
await say("a prompt of the clone");
const clone = await file();
const facts = [
  ["the fork's header has the id of its name", header(fork).id === named(fork)],
  ["the fork's header names a parent", "parentSession" in header(fork)],
  ["the clone's header has the id of its name", header(clone).id === named(clone)],
  ["the clone names the fork's path as its parent", header(clone).parentSession === fork],
];
for (const [words, is] of facts) console.log(`${words}: ${is ? "yes" : "no"}`);
pi.stdin.end();
await once(pi, "exit");
server.close();
JS
seen=$(node run.mjs)
expected="the fork's header has the id of its name: no
the fork's header names a parent: no
the clone's header has the id of its name: yes
the clone names the fork's path as its parent: yes"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "this has changed; seen before: $expected" >&2; exit 1; }
