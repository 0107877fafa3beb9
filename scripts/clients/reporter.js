// Failures and one last line; the names of what passed only with VERBOSE=1.
import { inspect } from "node:util";

export default async function* (source) {
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of source) {
    // A file is reported as a test around its own; it fails on its own only if it does not load.
    const isFile = data?.nesting === 0 && data.name?.endsWith(".test.js");
    const error = data?.details?.error;
    if (type === "test:pass" && !isFile && data.skip === undefined) {
      passed++;
      if (process.env.VERBOSE) yield `ok    ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
    } else if (type === "test:fail" && !(isFile && error?.failureType === "subtestsFailed")) {
      failed++;
      const cause = error?.cause ?? error;
      yield `FAIL  ${data.name}\n${(cause?.stack ?? inspect(cause)).replace(/^/gm, "      ")}\n`;
    } else if (type === "test:stderr" || type === "test:stdout") {
      yield data.message;
    }
  }
  yield `clients: ${passed} passed, ${failed} failed\n`;
}
