// What the tests share: where the servers are, and how the echo model is told what to answer.
import assert from "node:assert/strict";

export const URL_OPEN = process.env.CLIENTS_URL;
export const URL_LOCKED = process.env.CLIENTS_LOCKED_URL;
/** Whether the Claude Code CLI is in between. */
export const IS_SDK = process.env.CLIENTS_BACKEND === "sdk";
export const TOKEN = process.env.CLIENTS_LOCKED_TOKEN;
// A turn that the next request of its session does not wait for, but a client's retries do.
export const OUTLASTS_THE_WAIT_MS = 1500 + 1000 * process.env.CLIENTS_BUSY_WAIT_S;

export const MODEL = "claude-sonnet-5-5";

// One red pixel.
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export const TWO_CALLS = {
  text: "Looking.",
  tool_use: [
    { name: "weather", input: { city: "Paris" } },
    { name: "weather", input: { city: "Oslo" } },
  ],
};

/** The conversation in which the echo model does what `script` says. */
export function told(script) {
  return [{ role: "user", content: "/echo " + JSON.stringify(script) }];
}

export function failing(status, type) {
  return told({ error: { status, type, message: `scripted ${status}` } });
}

export function words(count) {
  return Array.from({ length: count }, (_, i) => "w" + i).join(" ");
}

/** Checks how many tokens were read: by way of the CLI its own system text counts too. */
export function read(tokens, expected) {
  if (IS_SDK) assert.ok(tokens > expected, `${tokens}`);
  else assert.equal(tokens, expected);
}

/** A fetch that counts, to see what an SDK sends again. */
export function counting() {
  const count = async (...args) => {
    count.calls++;
    return fetch(...args);
  };
  count.calls = 0;
  return count;
}

export async function session(id) {
  const { data } = await (await fetch(URL_OPEN + "/sessions")).json();
  return data.find((held) => held.id === id);
}

/** Waits until a session's turn runs. */
export async function busy(id) {
  for (let i = 0; i < 500; i++) {
    if ((await session(id))?.state === "busy") return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`session ${id} never became busy`);
}
