// The current Polar client (@polar-sh/sdk 1.x, API version 2026-10). It hands over the server's JSON as it came.
//
//   node polar1.mjs '{"baseUrl": "…", "token": "polar_oat_…", "call": "checkouts.create", "args": [{"products": ["…"]}]}'
//   node polar1.mjs '{"baseUrl": "…", "token": "polar_oat_…", "call": "checkouts.get", "args": ["…"]}'

import { createPolar } from "@polar-sh/sdk/2026-10";
import { main } from "./lib.mjs";

// Its five seconds are for a server on a machine of its own, not for one that four test processes share with theirs.
await main(({ baseUrl, token }) => createPolar({ accessToken: token, baseUrl, timeout: 60 }));
