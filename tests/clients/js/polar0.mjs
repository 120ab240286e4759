// The last generated Polar client (@polar-sh/sdk 0.x), or the older one that "client" names, as tests/clients/versions.toml has
// them. Each checks every answer against its own schemas and renames keys to camel case, so a missing key in our answer is an error.
//
//   node polar0.mjs '{"baseUrl": "…", "token": "polar_oat_…", "call": "checkouts.create", "args": [{"products": ["…"]}]}'
//   node polar0.mjs '{"baseUrl": "…", "token": "polar_oat_…", "call": "checkouts.get", "args": [{"id": "…"}]}'

import { main } from "./lib.mjs";

await main(async ({ baseUrl, token, client = "polar-sdk-0" }) => {
  const { Polar } = await import(client);
  return new Polar({ accessToken: token, serverURL: baseUrl });
});
