// What the client scripts share: one job in, one line of JSON out.
//
// A job is JSON in the first argument, or (for tests, which have many) each line of the input is one:
// where the server is, the key, which method of the client to call and with what:
//   {"baseUrl": "http://127.0.0.1:8080", "token": "…", "call": "checkouts.create", "args": [{"products": ["…"]}]}
// With "iterate": true the answer is everything that the client's own paging yields.
// The line is {"ok": true, "result": …} or {"ok": false, "error": {"name", "status", "message", "body"}}. The exit code
// is 0 for both, for a refusal is a fact to look at. The error "NotOffered" means that the client has no such method or type.

import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

// Node.js 18 keeps this name for itself; the current Polar client needs it.
globalThis.crypto ??= webcrypto;

/** Answer the job of the command line, or each line's, one after the other. */
export async function eachJob(answer) {
  const lines = process.argv.length > 2 ? [process.argv[2]] : createInterface({ input: process.stdin });
  for await (const line of lines) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}

export function describe(error) {
  return {
    name: error?.constructor?.name ?? typeof error,
    status: error?.statusCode ?? error?.status ?? null,
    message: String(error?.message ?? error),
    body: error?.body ?? error?.error ?? null,
    cause: error?.cause ? String(error.cause.message ?? error.cause) : null,
  };
}

/** The answer where a client has no such method or type. */
export function notOffered(name) {
  return { ok: false, error: { name: "NotOffered", status: null, message: name, body: null, cause: null } };
}

/** The method that a dotted name leads to, bound to its owner: "checkouts.create" of a client. null: the client has none. */
function methodOf(client, name) {
  const path = name.split(".");
  const last = path.pop();
  const owner = path.reduce((part, key) => part?.[key], client);
  return typeof owner?.[last] === "function" ? (...args) => owner[last](...args) : null;
}

/** Page objects wrap their data (and carry the client with its key): only the data is shown. */
function dataOf(result) {
  if (typeof result?.getPaginatedItems === "function") return { items: result.getPaginatedItems() };
  if (result?.result?.items) return result.result;
  return result ?? null;
}

/** Everything that a list yields: items where the client's paging gives items, else whole pages. */
async function collect(pending) {
  const found = [];
  for await (const each of pending[Symbol.asyncIterator] ? pending : await pending) found.push(dataOf(each));
  return found;
}

/** Run each job's call on the client that `makeClient(job)` gives, or promises. */
export async function main(makeClient) {
  await eachJob(async (job) => {
    const method = methodOf(await makeClient(job), job.call);
    if (!method) return notOffered(job.call);
    try {
      const pending = method(...(job.args ?? []));
      return { ok: true, result: job.iterate ? await collect(pending) : dataOf(await pending) };
    } catch (error) {
      return { ok: false, error: describe(error) };
    }
  });
}
