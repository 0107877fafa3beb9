import assert from "node:assert/strict";
import { test } from "node:test";
import AnthropicNew from "@anthropic-ai/sdk";
import { betaZodTool as betaZodToolNew } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat as zodOutputFormatNew } from "@anthropic-ai/sdk/helpers/zod";
import AnthropicOld from "anthropic-0";
import { betaZodTool as betaZodToolOld } from "anthropic-0/helpers/beta/zod";
import { zodOutputFormat as zodOutputFormatOld } from "anthropic-0/helpers/zod";
import { z } from "zod";
import {
  busy, counting, failing, MODEL, OUTLASTS_THE_WAIT_MS, PNG, read, session, TOKEN, told, TWO_CALLS, URL_LOCKED, URL_OPEN, WEATHER, words,
} from "./common.js";

const BASE = { model: MODEL, max_tokens: 1000 };
const TOOLS = [{ name: "weather", description: "Weather", input_schema: WEATHER }];
const City = z.object({ city: z.string(), degrees: z.number() });
const said = (content) => [{ role: "user", content }];

// 0.x sends x-api-key and anthropic-version 2023-06-01, 1.x a Bearer token and 2026-10-21.
suite("0.x", AnthropicOld, betaZodToolOld, zodOutputFormatOld);
suite("1.x", AnthropicNew, betaZodToolNew, zodOutputFormatNew);

test("1.x: a sampling field is a BadRequestError in its API version", async () => {
  const client = new AnthropicNew({ baseURL: URL_OPEN, apiKey: "any", maxRetries: 0 });
  const asked = client.messages.create({ ...BASE, temperature: 0.5, messages: said("hi") });
  await assert.rejects(asked, AnthropicNew.BadRequestError);
});

function suite(line, Anthropic, betaZodTool, zodOutputFormat) {
  const fact = (name, check) => test(`${line}: ${name}`, check);
  const key = (name) => `ant-${line[0]}-${name}`;
  const at = (path, more = {}) => new Anthropic({ baseURL: URL_OPEN + path, apiKey: "any", maxRetries: 0, ...more });
  const inSession = (name, more) => at("/" + key(name), more).messages;
  const client = at("");
  const { messages } = client;

  async function events(stream) {
    const all = [];
    for await (const event of stream) all.push(event);
    return all;
  }

  const textOf = (all) => all.map((event) => event.delta?.text ?? "").join("");

  fact("a text is answered, with its usage", async () => {
    const answer = await messages.create({ ...BASE, messages: said("hello there") });
    assert.equal(answer.type, "message");
    assert.equal(answer.model, MODEL);
    assert.deepEqual(answer.content.map((block) => block.text), ["hello there"]);
    assert.equal(answer.stop_reason, "end_turn");
    read(answer.usage.input_tokens, 2);
    assert.match(answer._request_id, /^req_/);
  });

  fact("a stream's events come in order", async () => {
    const all = await events(await messages.create({ ...BASE, stream: true, messages: told({ text: words(200) }) }));
    assert.equal(textOf(all), words(200));
    const types = all.map((event) => event.type).filter((type, i, list) => type !== list[i - 1]);
    assert.deepEqual(types, [
      "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
    ]);
    assert.equal(all.at(-2).usage.output_tokens, 200);
  });

  fact("a stream that waits longer than a ping stays whole", async () => {
    const script = { text: "a b", first_delay_ms: 500, delta_delay_ms: 300 };
    assert.equal(await messages.stream({ ...BASE, messages: told(script) }).finalText(), "a b");
  });

  fact("the stream helper folds to the same answer as a whole one", async () => {
    const params = { ...BASE, messages: told({ ...TWO_CALLS, thinking: "let me see" }), tools: TOOLS };
    const whole = await messages.create(params);
    const folded = await messages.stream(params).finalMessage();
    const facts = ({ content, stop_reason, usage }) => ({
      content: content.map(({ type, text, thinking, signature, input }) => ({ type, text, thinking, signature, input })),
      stop_reason,
      usage: [usage.input_tokens, usage.output_tokens],
    });
    assert.deepEqual(facts(folded), facts(whole));
    assert.deepEqual(whole.content.map((block) => block.type), ["thinking", "text", "tool_use", "tool_use"]);
  });

  fact("parallel tool calls are answered over two turns", async () => {
    const asked = told(TWO_CALLS);
    const first = await messages.create({ ...BASE, messages: asked, tools: TOOLS });
    assert.equal(first.stop_reason, "tool_use");
    const calls = first.content.filter((block) => block.type === "tool_use");
    assert.deepEqual(calls.map((call) => call.input.city), ["Paris", "Oslo"]);
    const results = calls.map((call, i) => ({
      type: "tool_result", tool_use_id: call.id, content: ["sunny", "snow"][i],
    }));
    const history = [...asked, { role: "assistant", content: first.content }, { role: "user", content: results }];
    const second = await messages.create({ ...BASE, messages: history, tools: TOOLS });
    assert.equal(second.stop_reason, "end_turn");
    assert.equal(second.content[0].text, "sunny\nsnow");
  });

  for (const stream of [false, true]) {
    fact(`the tool runner calls the functions and ends with their results, stream: ${stream}`, async () => {
      const cities = [];
      const run = ({ city }) => {
        cities.push(city);
        return city + " is fine";
      };
      const tool = betaZodTool({ name: "weather", description: "Weather", inputSchema: z.object({ city: z.string() }), run });
      const runner = client.beta.messages.toolRunner({ ...BASE, stream, messages: told(TWO_CALLS), tools: [tool] });
      const answer = await runner.runUntilDone();
      assert.equal(answer.content[0].text, "Paris is fine\nOslo is fine");
      assert.deepEqual(cities.sort(), ["Oslo", "Paris"]);
    });
  }

  fact("parse gives the object of a zod schema", async () => {
    const answer = await messages.parse({
      ...BASE, messages: said('{"city":"Paris","degrees":21}'), output_config: { format: zodOutputFormat(City) },
    });
    assert.deepEqual(answer.parsed_output, { city: "Paris", degrees: 21 });
  });

  fact("an image reaches the model", async () => {
    const source = { type: "base64", media_type: "image/png", data: PNG };
    const answer = await messages.create({
      ...BASE, messages: said([{ type: "text", text: "look" }, { type: "image", source }]),
    });
    assert.equal(answer.content[0].text, "look\n[image]");
  });

  for (const [status, type, name] of [
    [400, "invalid_request_error", "BadRequestError"],
    [401, "authentication_error", "AuthenticationError"],
    [403, "permission_error", "PermissionDeniedError"],
    [404, "not_found_error", "NotFoundError"],
    [429, "rate_limit_error", "RateLimitError"],
    [500, "api_error", "InternalServerError"],
    [529, "overloaded_error", "InternalServerError"],
  ]) {
    for (const stream of [false, true]) {
      fact(`an upstream ${status} is a ${name}, stream: ${stream}`, async () => {
        await assert.rejects(messages.create({ ...BASE, stream, messages: failing(status, type) }), (e) => {
          assert.ok(e instanceof Anthropic[name], `${e}`);
          assert.equal(e.status, status);
          assert.equal(e.error.error.type, type);
          assert.match(e.error.request_id, /^req_/);
          assert.match(e.requestID, /^req_/);
          return true;
        });
      });
    }
  }

  fact("a request without max_tokens is a BadRequestError that names it", async () => {
    await assert.rejects(messages.create({ model: MODEL, messages: said("hi") }), (e) => {
      return e instanceof Anthropic.BadRequestError && /max_tokens/.test(e.message);
    });
  });

  fact("an error in the middle of a stream raises, after the deltas before it", async () => {
    const script = { text: words(9), error_after: 3, error: { type: "overloaded_error", message: "too much" } };
    let seen = "";
    await assert.rejects(async () => {
      for await (const event of await messages.create({ ...BASE, stream: true, messages: told(script) })) {
        seen += event.delta?.text ?? "";
      }
    }, (e) => e instanceof Anthropic.APIError && /too much/.test(e.message));
    assert.equal(seen, "w0 w1 w2 ");
  });

  fact("a stream that is cut raises", async () => {
    const params = { ...BASE, messages: told({ text: words(9), cut_after: 3 }) };
    await assert.rejects(async () => events(await messages.create({ ...params, stream: true })), Anthropic.APIError);
    await assert.rejects(messages.stream(params).finalMessage(), Anthropic.AnthropicError);
  });

  fact("a whole answer that is cut or fails late is an error", async () => {
    for (const end of [{ cut_after: 3 }, { error_after: 3 }]) {
      const asked = messages.create({ ...BASE, messages: told({ text: words(9), ...end }) });
      await assert.rejects(asked, Anthropic.InternalServerError);
    }
  });

  fact("a wrong token is an AuthenticationError, the right one is let in", async () => {
    const params = { ...BASE, messages: said("hi") };
    const locked = (apiKey) => new Anthropic({ baseURL: URL_LOCKED, apiKey, maxRetries: 0 }).messages;
    await assert.rejects(locked("wrong").create(params), Anthropic.AuthenticationError);
    assert.equal((await locked(TOKEN).create(params)).content[0].text, "hi");
    const bearer = new Anthropic({ baseURL: URL_LOCKED, apiKey: null, authToken: TOKEN, maxRetries: 0 });
    assert.equal((await bearer.messages.create(params)).content[0].text, "hi");
  });

  fact("an overloaded upstream is asked again, a wrong request is not", async () => {
    for (const [status, type, calls] of [[529, "overloaded_error", 2], [400, "invalid_request_error", 1]]) {
      const fetch = counting();
      const again = at("", { maxRetries: 1, fetch });
      await assert.rejects(again.messages.create({ ...BASE, messages: failing(status, type) }));
      assert.equal(fetch.calls, calls);
    }
  });

  fact("a busy session is a ConflictError, which the SDK's retry outlives", async () => {
    const params = { ...BASE, messages: said("hi") };
    const slow = inSession("busy").create({ ...BASE, messages: told({ text: "slow", first_delay_ms: OUTLASTS_THE_WAIT_MS }) });
    await busy(key("busy"));
    const fetch = counting();
    const patient = inSession("busy", { maxRetries: 3, fetch }).create(params);
    await assert.rejects(inSession("busy").create(params), Anthropic.ConflictError);
    assert.equal((await slow).content[0].text, "slow");
    assert.equal((await patient).content[0].text, "hi");
    assert.ok(fetch.calls > 1);
  });

  fact("an interrupted turn is a ConflictError that is not sent again", async () => {
    const fetch = counting();
    const slow = inSession("stop", { maxRetries: 3, fetch }).create({
      ...BASE, messages: told({ text: "slow", first_delay_ms: 20_000 }),
    });
    const failed = assert.rejects(slow, Anthropic.ConflictError);
    await busy(key("stop"));
    await globalThis.fetch(`${URL_OPEN}/sessions/${key("stop")}/interrupt`, { method: "POST" });
    await failed;
    assert.equal(fetch.calls, 1);
  });

  fact("after a stream was left in its middle, its session answers the next request", async () => {
    const own = inSession("left");
    const stream = await own.create({
      ...BASE, stream: true, messages: told({ text: words(500), delta_delay_ms: 20 }),
    });
    let seen = 0;
    for await (const _ of stream) if (++seen === 5) break;
    assert.equal((await own.create({ ...BASE, messages: said("next") })).content[0].text, "next");
  });

  fact("after a whole answer was aborted, its session answers the next request", async () => {
    const own = inSession("aborted");
    const control = new AbortController();
    const params = { ...BASE, messages: told({ text: "slow", first_delay_ms: 20_000 }) };
    const failed = assert.rejects(own.create(params, { signal: control.signal }), Anthropic.APIUserAbortError);
    await busy(key("aborted"));
    control.abort();
    await failed;
    assert.equal((await own.create({ ...BASE, messages: said("next") })).content[0].text, "next");
  });

  fact("a session by base URL or by metadata remembers what was said", async () => {
    const first = await inSession("s1").create({ ...BASE, messages: said("one two") });
    const { data: second, response } = await inSession("s1")
      .create({ ...BASE, messages: said("three") })
      .withResponse();
    const third = await messages.create({ ...BASE, metadata: { session_id: key("s1") }, messages: said("four") });
    const [one, two, three] = [first, second, third].map((answer) => answer.usage.input_tokens);
    read(one, 2);
    assert.deepEqual([two - one, three - one], [3, 5]);
    assert.equal(response.headers.get("x-ccproxy-session"), key("s1"));
    assert.equal((await session(key("s1"))).messages, 6);
  });

  fact("the prefix /echo answers", async () => {
    const answer = await at("/echo").messages.create({ ...BASE, messages: said("hi") });
    assert.equal(answer.content[0].text, "hi");
  });

  fact("tokens are counted", async () => {
    const count = await messages.countTokens({ model: MODEL, system: "Be brief.", messages: said("one two three") });
    // There it is an estimate.
    read(count.input_tokens, 5);
  });

  fact("models are listed and found, an unknown one is a NotFoundError", async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.ok(ids.includes(MODEL));
    const model = await client.models.retrieve(MODEL);
    assert.equal(model.type, "model");
    assert.ok(model.display_name);
    await assert.rejects(client.models.retrieve("no-such-model"), Anthropic.NotFoundError);
  });
}
