// The Dodo Payments client. It hands over the server's JSON as it came, and repeats 408, 409, 429 and 5xx twice by itself
// ("retries": 0 in the job turns that off).
//
//   node dodo.mjs '{"baseUrl": "…", "token": "…", "call": "checkoutSessions.create",
//                   "args": [{"product_cart": [{"product_id": "pdt_…", "quantity": 1}]}]}'
//   … "call": "checkoutSessions.retrieve", "args": ["cks_…"]
//   … "call": "payments.list" or "products.list" with "iterate": true, "payments.retrieve", "webhooks.create"

// "client" names an older one, as tests/clients/versions.toml has them.

import { main } from "./lib.mjs";

await main(async ({ baseUrl, token, retries, client = "dodopayments" }) => {
  const { default: DodoPayments } = await import(client);
  return new DodoPayments({ bearerToken: token, baseURL: baseUrl, maxRetries: retries ?? 2 });
});
