// What `ccproxy doctor --client` plays as the SDKs' first requests is what the SDKs really send: the
// same headers, but for those of the machine and of Node itself, and the same body.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import AnthropicNew from "@anthropic-ai/sdk";
import AnthropicOld from "anthropic-0";
import OpenAI from "openai";

const SCRIPTS = new URL("../../src/main/resources/ccproxy/command/clients/", import.meta.url);
const OF_THE_MACHINE = new Set(["x-stainless-os", "x-stainless-arch", "x-stainless-runtime-version"]);
// Set by Node's fetch and its sockets, not by an SDK.
const OF_NODE = new Set([
  "host", "connection", "content-length", "accept-language", "sec-fetch-mode", "accept-encoding",
]);

let server;
let url;
let seen;

before(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const headers = request.headers;
    seen = { method: request.method, path: request.url, headers, body: JSON.parse(body) };
    response.writeHead(400, { "content-type": "application/json" }).end("{}");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

async function script(name) {
  const text = await readFile(new URL(name + ".json", SCRIPTS), "utf8");
  return JSON.parse(text.replaceAll("{{token}}", "any").replaceAll("{{model}}", "m")).requests;
}

function ofTheSdk(headers) {
  const own = Object.entries(headers).filter(([name]) => !OF_NODE.has(name));
  return Object.fromEntries(own.map(([name, value]) => [name, OF_THE_MACHINE.has(name) ? "" : value]));
}

async function check(request, send) {
  await assert.rejects(send(request.body));
  assert.equal(seen.method, request.method);
  assert.equal(seen.path, request.path);
  assert.deepEqual(ofTheSdk(seen.headers), ofTheSdk(request.headers));
  assert.deepEqual(seen.body, request.body);
}

test("the OpenAI SDK sends what doctor plays", async () => {
  const client = new OpenAI({ baseURL: url + "/v1", apiKey: "any", maxRetries: 0 });
  const requests = await script("openai-sdk");
  assert.equal(requests.length, 3);
  for (const request of requests) await check(request, (body) => client.chat.completions.create(body));
});

for (const [line, Anthropic] of [["0.x", AnthropicOld], ["1.x", AnthropicNew]]) {
  test(`the Anthropic SDK ${line} sends what doctor plays`, async () => {
    const client = new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 });
    const requests = (await script("anthropic-sdk")).filter(({ what }) => what.endsWith(line));
    assert.equal(requests.length, 2);
    for (const request of requests) await check(request, (body) => client.messages.create(body));
  });
}
