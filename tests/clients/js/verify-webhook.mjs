// Does a delivery pass the check that each vendor's own helper makes?
//
//   node verify-webhook.mjs '{"helper": "polar1", "secret": "whsec_…", "headers": {…}, "body": "the raw body"}'
//
// Helpers: polar1 (current Polar client), polar0 (the last generated one, or the one that "client" names), dodo (webhooks.unwrap), standard (the Standard
// Webhooks library). The answer is {"ok": true, "type": "order.paid", "event": …} or {"ok": false, "error": …}. The
// "polar0" helper also checks the payload against its schemas.

import { describe, eachJob, notOffered } from "./lib.mjs";

const helpers = {
  async polar1({ body, headers, secret }) {
    const { webhooks } = await import("@polar-sh/sdk/2026-10");
    return webhooks.validateEvent(body, headers, secret);
  },
  async polar0({ body, headers, secret, client = "polar-sdk-0" }) {
    const { validateEvent } = await import(`${client}/webhooks.js`);
    return validateEvent(body, headers, secret);
  },
  async dodo({ body, headers, secret, client = "dodopayments" }) {
    const { default: DodoPayments } = await import(client);
    const { webhooks } = new DodoPayments({ bearerToken: "unused", webhookKey: secret });
    if (!webhooks.unwrap) throw new NotOffered("webhooks.unwrap");
    return webhooks.unwrap(body, { headers });
  },
  async standard({ body, headers, secret }) {
    const { Webhook } = await import("standardwebhooks");
    return new Webhook(secret).verify(body, headers);
  },
};

class NotOffered extends Error {}

await eachJob(async (job) => {
  const verify = helpers[job.helper];
  if (!verify) {
    console.error(`"helper" is one of ${Object.keys(helpers).join(", ")}.`);
    process.exit(1);
  }
  try {
    const event = await verify(job);
    return { ok: true, type: event.type, event };
  } catch (error) {
    if (/unknown (event|webhook)/i.test(error?.message)) return notOffered(error.message);
    return { ok: false, error: describe(error) };
  }
});
