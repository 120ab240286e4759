// The last generated Polar client (@polar-sh/sdk 0.x). It checks every answer against its own schemas and renames keys
// to camel case, so a missing key in our answer is an error here.
//
//   node polar0.mjs '{"baseUrl": "…", "token": "polar_oat_…", "call": "checkouts.create", "args": [{"products": ["…"]}]}'
//   node polar0.mjs '{"baseUrl": "…", "token": "polar_oat_…", "call": "checkouts.get", "args": [{"id": "…"}]}'

import { Polar } from "polar-sdk-0";
import { main } from "./lib.mjs";

await main(({ baseUrl, token }) => new Polar({ accessToken: token, serverURL: baseUrl }));
