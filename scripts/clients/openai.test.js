import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import {
  busy, counting, failing, IS_SDK, MODEL, OUTLASTS_THE_WAIT_MS, PNG, read, session, TOKEN, told, TWO_CALLS, URL_LOCKED, URL_OPEN, WEATHER, words,
} from "./common.js";

const client = new OpenAI({ baseURL: URL_OPEN + "/v1", apiKey: "any", maxRetries: 0 });
const chat = client.chat.completions;
const said = (content) => [{ role: "user", content }];
const TOOLS = [{ type: "function", function: { name: "weather", parameters: WEATHER } }];
const City = z.object({ city: z.string(), degrees: z.number() });

async function chunks(stream) {
  const all = [];
  for await (const chunk of stream) all.push(chunk);
  return all;
}

const textOf = (all) => all.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");

function inSession(id, more = {}) {
  return new OpenAI({ baseURL: `${URL_OPEN}/${id}/v1`, apiKey: "any", maxRetries: 0, ...more });
}

test("a text is answered, with its usage", async () => {
  const answer = await chat.create({ model: MODEL, messages: said("hello there") });
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.model, MODEL);
  assert.equal(answer.choices[0].message.content, "hello there");
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test("a system text and earlier turns are taken", async () => {
  const messages = [
    { role: "developer", content: "Be brief." },
    { role: "user", content: "one" },
    { role: "assistant", content: "two" },
    { role: "user", content: "three" },
  ];
  const answer = await chat.create({ model: MODEL, messages });
  assert.equal(answer.choices[0].message.content, "three");
  read(answer.usage.prompt_tokens, 5);
});

test("a model named gpt is answered too", async () => {
  const answer = await chat.create({ model: "gpt-4o", messages: said("hello") });
  assert.equal(answer.choices[0].message.content, "hello");
});

test("a stream's deltas come in order and end with the finish reason", async () => {
  const all = await chunks(await chat.create({ model: MODEL, stream: true, messages: told({ text: words(200) }) }));
  assert.equal(textOf(all), words(200));
  assert.equal(all[0].choices[0].delta.role, "assistant");
  assert.equal(all.at(-1).choices[0].finish_reason, "stop");
  assert.ok(all.every((chunk) => chunk.id === all[0].id && chunk.object === "chat.completion.chunk"));
  assert.ok(all.every((chunk) => !chunk.usage));
});

test("include_usage adds a last chunk with the usage and no choice", async () => {
  const all = await chunks(
    await chat.create({
      model: MODEL, stream: true, stream_options: { include_usage: true },
      messages: told({ text: "a b c", usage: { input_tokens: 7, output_tokens: 3 } }),
    }),
  );
  assert.deepEqual(all.at(-1).choices, []);
  assert.equal(all.at(-1).usage.prompt_tokens, 7);
  assert.equal(all.at(-1).usage.completion_tokens, 3);
  assert.equal(all.at(-1).usage.total_tokens, 10);
  assert.ok(all.slice(0, -1).every((chunk) => !chunk.usage));
});

test("a stream that waits longer than a ping stays whole", async () => {
  const all = await chunks(
    await chat.create({
      model: MODEL, stream: true, messages: told({ text: "a b", first_delay_ms: 500, delta_delay_ms: 300 }),
    }),
  );
  assert.equal(textOf(all), "a b");
});

test("the stream helper folds to the same answer as a whole one", async () => {
  const params = { model: MODEL, messages: told(TWO_CALLS), tools: TOOLS };
  const whole = await chat.create(params);
  const folded = await chat.stream(params).finalChatCompletion();
  const facts = ({ choices: [{ message, finish_reason }] }) => ({
    finish_reason, content: message.content, calls: message.tool_calls.map((call) => call.function.arguments),
  });
  assert.deepEqual(facts(folded), facts(whole));
});

test("parallel tool calls are answered over two turns", async () => {
  const messages = told(TWO_CALLS);
  const first = await chat.create({ model: MODEL, messages, tools: TOOLS });
  const { message, finish_reason } = first.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.content, "Looking.");
  assert.deepEqual(message.tool_calls.map((call) => JSON.parse(call.function.arguments).city), ["Paris", "Oslo"]);
  const results = message.tool_calls.map((call, i) => ({
    role: "tool", tool_call_id: call.id, content: ["sunny", "snow"][i],
  }));
  const second = await chat.create({ model: MODEL, messages: [...messages, message, ...results], tools: TOOLS });
  assert.equal(second.choices[0].finish_reason, "stop");
  assert.equal(second.choices[0].message.content, "sunny\nsnow");
});

test("streamed tool calls carry their index, id, name and arguments", async () => {
  const all = await chunks(await chat.create({ model: MODEL, stream: true, messages: told(TWO_CALLS), tools: TOOLS }));
  const calls = [];
  for (const delta of all.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])) {
    const call = (calls[delta.index] ??= { id: delta.id, name: delta.function.name, text: "" });
    call.text += delta.function.arguments ?? "";
  }
  assert.deepEqual(calls.map((call) => [call.name, JSON.parse(call.text).city]), [["weather", "Paris"], ["weather", "Oslo"]]);
  assert.equal(new Set(calls.map((call) => call.id)).size, 2);
  assert.equal(all.at(-1).choices[0].finish_reason, "tool_calls");
});

for (const stream of [false, true]) {
  test(`runTools calls the functions and ends with their results, stream: ${stream}`, async () => {
    const cities = [];
    const weather = ({ city }) => {
      cities.push(city);
      return city + " is fine";
    };
    const tool = { name: "weather", function: weather, parse: JSON.parse, parameters: WEATHER, description: "Weather" };
    const runner = chat.runTools({
      model: MODEL, stream, messages: told(TWO_CALLS), tools: [{ type: "function", function: tool }],
    });
    assert.equal(await runner.finalContent(), "Paris is fine\nOslo is fine");
    assert.deepEqual(cities, ["Paris", "Oslo"]);
  });
}

test("a forced tool is called", async () => {
  const answer = await chat.create({
    model: "claude-haiku-4-5", messages: said('{"city":"Rome"}'), tools: TOOLS,
    tool_choice: { type: "function", function: { name: "weather" } },
  });
  assert.equal(answer.choices[0].message.tool_calls[0].function.arguments, '{"city":"Rome"}');
});

for (const model of [MODEL, "claude-3-haiku"]) {
  test(`parse gives the object of a zod schema, ${model}`, async () => {
    const answer = await chat.parse({
      model, messages: said('{"city":"Paris","degrees":21}'), response_format: zodResponseFormat(City, "city"),
    });
    assert.deepEqual(answer.choices[0].message.parsed, { city: "Paris", degrees: 21 });
  });

  test(`a parsed stream gives the object too, ${model}`, async () => {
    const stream = chat.stream({
      model, messages: said('{"city":"Paris","degrees":21}'), response_format: zodResponseFormat(City, "city"),
    });
    const answer = await stream.finalChatCompletion();
    assert.deepEqual(answer.choices[0].message.parsed, { city: "Paris", degrees: 21 });
  });
}

test("json_object answers without a code fence", async () => {
  const answer = await chat.create({
    model: MODEL, messages: told({ text: '```json\n{"a": 1}\n```' }), response_format: { type: "json_object" },
  });
  assert.deepEqual(JSON.parse(answer.choices[0].message.content), { a: 1 });
});

test("an image as a data URL reaches the model", async () => {
  const content = [
    { type: "text", text: "look" },
    { type: "image_url", image_url: { url: "data:image/png;base64," + PNG } },
  ];
  const answer = await chat.create({ model: MODEL, messages: said(content) });
  assert.equal(answer.choices[0].message.content, "look\n[image]");
});

test("reasoning_effort is taken and the thinking comes as reasoning_content", async () => {
  const params = { model: MODEL, reasoning_effort: "high", messages: told({ thinking: "let me see", text: "42" }) };
  const { message } = (await chat.create(params)).choices[0];
  assert.equal(message.reasoning_content, "let me see");
  assert.equal(message.content, "42");
  const all = await chunks(await chat.create({ ...params, stream: true }));
  assert.equal(all.map((chunk) => chunk.choices[0]?.delta.reasoning_content ?? "").join(""), "let me see");
  assert.equal(textOf(all), "42");
});

test("max_completion_tokens ends with length, a stop sequence with stop", async () => {
  const short = await chat.create({ model: MODEL, max_completion_tokens: 2, messages: said("a b c d") });
  assert.equal(short.choices[0].finish_reason, "length");
  const stopped = await chat.create({ model: MODEL, stop: ["c"], messages: said("a b c d") });
  assert.equal(stopped.choices[0].message.content, "a b ");
  assert.equal(stopped.choices[0].finish_reason, "stop");
});

test("legacy functions are answered with function_call and its result", async () => {
  const functions = [{ name: "weather", parameters: WEATHER }];
  const messages = told({ tool_use: [{ name: "weather", input: { city: "Paris" } }] });
  const { message, finish_reason } = (await chat.create({ model: MODEL, messages, functions })).choices[0];
  assert.equal(finish_reason, "function_call");
  assert.deepEqual(message.function_call, { name: "weather", arguments: '{"city":"Paris"}' });
  const result = { role: "function", name: "weather", content: "sunny" };
  const second = await chat.create({ model: MODEL, messages: [...messages, message, result], functions });
  assert.equal(second.choices[0].message.content, "sunny");
});

test("n above 1 is a BadRequestError that names the field", async () => {
  await assert.rejects(chat.create({ model: MODEL, n: 2, messages: said("hi") }), (e) => {
    assert.ok(e instanceof OpenAI.BadRequestError);
    assert.equal(e.param, "n");
    return true;
  });
});

for (const [status, type, name, shown] of [
  [400, "invalid_request_error", "BadRequestError", 400],
  [401, "authentication_error", "AuthenticationError", 401],
  [403, "permission_error", "PermissionDeniedError", 403],
  [404, "not_found_error", "NotFoundError", 404],
  [429, "rate_limit_error", "RateLimitError", 429],
  [500, "api_error", "InternalServerError", 500],
  [529, "overloaded_error", "InternalServerError", 503],
]) {
  for (const stream of [false, true]) {
    test(`an upstream ${status} is a ${name}, stream: ${stream}`, async () => {
      await assert.rejects(chat.create({ model: MODEL, stream, messages: failing(status, type) }), (e) => {
        assert.ok(e instanceof OpenAI[name], `${e}`);
        assert.equal(e.status, shown);
        // The CLI has words of its own for a model that is not there.
        if (!IS_SDK || status !== 404) assert.match(e.message, new RegExp(`scripted ${status}`));
        assert.ok(e.requestID);
        return true;
      });
    });
  }
}

test("an unknown path is a NotFoundError", async () => {
  await assert.rejects(client.embeddings.create({ model: MODEL, input: "a" }), OpenAI.NotFoundError);
});

test("an error in the middle of a stream raises, after the deltas before it", async () => {
  const script = { text: words(9), error_after: 3, error: { type: "overloaded_error", message: "too much" } };
  let seen = "";
  await assert.rejects(async () => {
    for await (const chunk of await chat.create({ model: MODEL, stream: true, messages: told(script) })) {
      seen += chunk.choices[0]?.delta.content ?? "";
    }
  }, (e) => e instanceof OpenAI.APIError && /too much/.test(e.message));
  assert.equal(seen, "w0 w1 w2 ");
});

test("a stream that is cut raises", async () => {
  const params = { model: MODEL, messages: told({ text: words(9), cut_after: 3 }) };
  await assert.rejects(async () => chunks(await chat.create({ ...params, stream: true })), OpenAI.APIError);
  await assert.rejects(chat.stream(params).finalChatCompletion(), OpenAI.OpenAIError);
});

test("a whole answer that is cut or fails late is an error", async () => {
  await assert.rejects(chat.create({ model: MODEL, messages: told({ text: words(9), cut_after: 3 }) }), OpenAI.InternalServerError);
  await assert.rejects(chat.create({ model: MODEL, messages: told({ text: words(9), error_after: 3 }) }), OpenAI.InternalServerError);
});

test("a wrong token is an AuthenticationError, the right one is let in", async () => {
  const params = { model: MODEL, messages: said("hi") };
  const wrong = new OpenAI({ baseURL: URL_LOCKED + "/v1", apiKey: "wrong", maxRetries: 0 });
  await assert.rejects(wrong.chat.completions.create(params), (e) => {
    assert.ok(e instanceof OpenAI.AuthenticationError);
    assert.equal(e.code, "invalid_api_key");
    return true;
  });
  const right = new OpenAI({ baseURL: URL_LOCKED + "/v1", apiKey: TOKEN, maxRetries: 0 });
  assert.equal((await right.chat.completions.create(params)).choices[0].message.content, "hi");
});

test("an overloaded upstream is asked again, a wrong request is not", async () => {
  for (const [status, type, calls] of [[529, "overloaded_error", 2], [400, "invalid_request_error", 1]]) {
    const fetch = counting();
    const again = new OpenAI({ baseURL: URL_OPEN + "/v1", apiKey: "any", maxRetries: 1, fetch });
    await assert.rejects(again.chat.completions.create({ model: MODEL, messages: failing(status, type) }));
    assert.equal(fetch.calls, calls);
  }
});

test("a busy session is a ConflictError, which the SDK's retry outlives", async () => {
  const params = { model: MODEL, messages: said("hi") };
  const slow = inSession("oai-busy").chat.completions.create({
    model: MODEL, messages: told({ text: "slow", first_delay_ms: OUTLASTS_THE_WAIT_MS }),
  });
  await busy("oai-busy");
  const fetch = counting();
  const patient = inSession("oai-busy", { maxRetries: 3, fetch }).chat.completions.create(params);
  await assert.rejects(inSession("oai-busy").chat.completions.create(params), OpenAI.ConflictError);
  assert.equal((await slow).choices[0].message.content, "slow");
  assert.equal((await patient).choices[0].message.content, "hi");
  assert.ok(fetch.calls > 1);
});

test("an interrupted turn is a ConflictError that is not sent again", async () => {
  const fetch = counting();
  const slow = inSession("oai-stop", { maxRetries: 3, fetch }).chat.completions.create({
    model: MODEL, messages: told({ text: "slow", first_delay_ms: 20_000 }),
  });
  const failed = assert.rejects(slow, OpenAI.ConflictError);
  await busy("oai-stop");
  await globalThis.fetch(URL_OPEN + "/sessions/oai-stop/interrupt", { method: "POST" });
  await failed;
  assert.equal(fetch.calls, 1);
});

test("after a stream was left in its middle, its session answers the next request", async () => {
  const own = inSession("oai-left").chat.completions;
  const stream = await own.create({ model: MODEL, stream: true, messages: told({ text: words(500), delta_delay_ms: 20 }) });
  let seen = 0;
  for await (const _ of stream) if (++seen === 5) break;
  const answer = await own.create({ model: MODEL, messages: said("next") });
  assert.equal(answer.choices[0].message.content, "next");
});

test("after a whole answer was aborted, its session answers the next request", async () => {
  const own = inSession("oai-aborted").chat.completions;
  const control = new AbortController();
  const params = { model: MODEL, messages: told({ text: "slow", first_delay_ms: 20_000 }) };
  const failed = assert.rejects(own.create(params, { signal: control.signal }), OpenAI.APIUserAbortError);
  await busy("oai-aborted");
  control.abort();
  await failed;
  const answer = await own.create({ model: MODEL, messages: said("next") });
  assert.equal(answer.choices[0].message.content, "next");
});

test("a session by base URL remembers what was said", async () => {
  const own = inSession("oai-s1").chat.completions;
  const first = await own.create({ model: MODEL, messages: said("one two") });
  const { data: second, response } = await own.create({ model: MODEL, messages: said("three") }).withResponse();
  read(first.usage.prompt_tokens, 2);
  assert.equal(second.usage.prompt_tokens - first.usage.prompt_tokens, 3);
  assert.equal(second.choices[0].message.content, "three");
  assert.equal(response.headers.get("x-ccproxy-session"), "oai-s1");
  assert.equal((await session("oai-s1")).messages, 4);
});

test("the prefix /echo answers", async () => {
  const prefixed = new OpenAI({ baseURL: URL_OPEN + "/echo/v1", apiKey: "any", maxRetries: 0 });
  const answer = await prefixed.chat.completions.create({ model: MODEL, messages: said("hi") });
  assert.equal(answer.choices[0].message.content, "hi");
});

test("models are listed and found, an unknown one is a NotFoundError", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes(MODEL));
  const model = await client.models.retrieve(MODEL);
  assert.equal(model.id, MODEL);
  assert.equal(model.object, "model");
  await assert.rejects(client.models.retrieve("no-such-model"), OpenAI.NotFoundError);
});
