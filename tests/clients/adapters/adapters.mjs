// The vendors' adapters for web frameworks, each mounted as its guide says, driven as a browser and a vendor's webhook would.
//
//   node --conditions=svelte adapters.mjs '{"adapter": "@polar-sh/hono", "way": "checkout", "baseUrl": "…", "token": "…", "product": "…"}'
//   … "way": "static checkout", "dynamic checkout" (Dodo's other two), "sign-up" (better-auth)
//   … "way": "webhook", "secret": "whsec_…", "headers": {…}, "body": "the raw body"
//
// No adapter can be pointed at another server, so what they fetch from their vendor's is fetched from "baseUrl". The line of the answer is
// {"ok": true, "result": …} or {"ok": false, "error": {"name", "message"}}; "NotOffered": the adapter has no such way or no type of the event.

import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import { eachJob, notOffered } from "../js/lib.mjs";

const VENDOR = /^https:\/\/([\w-]+\.)*(polar\.sh|dodopayments\.com)(?=\/|$)/;
const jobs = new AsyncLocalStorage();
const realFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const { baseUrl } = jobs.getStore() ?? {};
  const url = String(input?.url ?? input);
  if (!baseUrl || !VENDOR.test(url)) return realFetch(input, init);
  const there = url.replace(VENDOR, baseUrl);
  if (!input?.url) return realFetch(there, init);
  const { method, headers } = input;
  return realFetch(there, { method, headers, body: ["GET", "HEAD"].includes(method) ? undefined : await input.text() });
};
// These two are made for a bundler: Node reads their other form.
const require = createRequire(import.meta.url);

// What an adapter says of a fault goes to the console only; its answer has none of it.
let said = [];
for (const level of ["log", "error", "warn", "info"]) console[level] = (...words) => said.push(words.map(inWords).join(" "));
const inWords = (word) => (word instanceof Error ? `${word.message} ${word.cause ?? ""}` : typeof word === "string" ? word : JSON.stringify(word));

// What an adapter is made with where nothing is verified.
const UNUSED = "whsec_dW51c2VkIHVudXNlZCB1bnVzZWQ=";
const SHOP = "http://shop.example";
const environment = "test_mode";

/** The handlers of an adapter by way, each from a standard request to a standard answer. */
const MOUNTED = {
  async "@polar-sh/nextjs"({ token, secret }, onPayload) {
    const { Checkout, Webhooks } = require("@polar-sh/nextjs");
    const { NextRequest } = require("next/server");
    const asNext = (handler) => (request) => handler(new NextRequest(request));
    return {
      checkout: asNext(Checkout({ accessToken: token, server: "sandbox" })),
      webhook: asNext(Webhooks({ webhookSecret: secret, onPayload })),
    };
  },
  async "@polar-sh/hono"({ token, secret }, onPayload) {
    const { Checkout, Webhooks } = await import("@polar-sh/hono");
    return inHono({ get: { checkout: Checkout({ accessToken: token, server: "sandbox" }) }, post: { webhook: Webhooks({ webhookSecret: secret, onPayload }) } });
  },
  async "@polar-sh/express"({ token, secret }, onPayload) {
    const { Checkout, Webhooks } = await import("@polar-sh/express");
    return inExpress({ get: { checkout: Checkout({ accessToken: token, server: "sandbox" }) }, post: { webhook: Webhooks({ webhookSecret: secret, onPayload }) } });
  },
  async "@polar-sh/sveltekit"({ token, secret }, onPayload) {
    const { Checkout, Webhooks } = await import("@polar-sh/sveltekit");
    const asKit = (handler) => (request) => handler({ request, url: new URL(request.url) });
    return {
      checkout: asKit(Checkout({ accessToken: token, server: "sandbox" })),
      webhook: asKit(Webhooks({ webhookSecret: secret, onPayload })),
    };
  },
  async "@polar-sh/better-auth"({ baseUrl, token, secret }, onPayload) {
    const { polar, checkout, webhooks } = await import("@polar-sh/better-auth");
    const { Polar } = await import("@polar-sh/sdk");
    const client = new Polar({ accessToken: token, serverURL: baseUrl });
    const use = [checkout({ authenticatedUsersOnly: false }), webhooks({ secret: secret, onPayload })];
    const handler = await inBetterAuth(polar({ client, createCustomerOnSignUp: true, use }));
    return {
      checkout: (_, { product }) => handler("/checkout", { products: [product] }),
      "sign-up": () => signUp(handler),
      webhook: (request) => handler("/polar/webhooks", request),
    };
  },
  async "@dodopayments/nextjs"({ token, secret }, onPayload) {
    const { Checkout, Webhooks } = require("@dodopayments/nextjs");
    const { NextRequest } = require("next/server");
    const mounted = (type) => (request) => Checkout({ bearerToken: token, environment, type })(new NextRequest(request));
    return { ...dodoWays(mounted), webhook: (request) => Webhooks({ webhookKey: secret, onPayload })(new NextRequest(request)) };
  },
  async "@dodopayments/hono"({ token, secret }, onPayload) {
    const { Checkout, Webhooks } = await import("@dodopayments/hono");
    const ways = dodoWays((type) => Checkout({ bearerToken: token, environment, type }));
    return inHono({ get: { "static checkout": ways["static checkout"] }, post: { ...ways, webhook: Webhooks({ webhookKey: secret, onPayload }) } });
  },
  async "@dodopayments/express"({ token, secret }, onPayload) {
    const { checkoutHandler, Webhooks } = await import("@dodopayments/express");
    const ways = dodoWays((type) => checkoutHandler({ bearerToken: token, environment, type }));
    return inExpress({ get: { "static checkout": ways["static checkout"] }, post: { ...ways, webhook: Webhooks({ webhookKey: secret, onPayload }) } });
  },
  async "@dodopayments/better-auth"({ baseUrl, token, secret }, onPayload) {
    const { dodopayments, checkout, webhooks } = await import("@dodopayments/better-auth");
    const { default: DodoPayments } = await import("dodopayments");
    const client = new DodoPayments({ bearerToken: token, baseURL: baseUrl });
    const use = [checkout({ authenticatedUsersOnly: false, successUrl: "/done" }), webhooks({ webhookKey: secret, onPayload })];
    const handler = await inBetterAuth(dodopayments({ client, createCustomerOnSignUp: true, use }));
    return {
      checkout: (_, { product }) => handler("/dodopayments/checkout-session", sessionOf(product)),
      "dynamic checkout": (_, { product }) => handler("/dodopayments/checkout", paymentOf(product)),
      "sign-up": () => signUp(handler),
      webhook: (request) => handler("/dodopayments/webhooks", request),
    };
  },
};

const dodoWays = (mounted) => ({
  checkout: mounted("session"),
  "static checkout": mounted("static"),
  "dynamic checkout": mounted("dynamic"),
});
const BILLING = { city: "Albany", country: "US", state: "NY", street: "1 Main St", zipcode: "12207" };
const CUSTOMER = { email: "ada@example.com", name: "Ada" };
const sessionOf = (product) => ({ product_cart: [{ product_id: product, quantity: 1 }], customer: CUSTOMER });
const paymentOf = (product) => ({ product_id: product, product_cart: [{ product_id: product, quantity: 1 }], billing: BILLING, customer: CUSTOMER });

const pathOf = (way) => way.replace(" ", "-");

async function inHono({ get, post }) {
  const { Hono } = await import("hono");
  const app = new Hono();
  for (const [way, handler] of Object.entries(get)) app.get(`/${pathOf(way)}`, handler);
  for (const [way, handler] of Object.entries(post)) app.post(`/${pathOf(way)}`, handler);
  return Object.fromEntries(Object.keys({ ...get, ...post }).map((way) => [way, (request) => app.request(new Request(`${SHOP}/${pathOf(way)}${new URL(request.url).search}`, request))]));
}

async function inExpress({ get, post }) {
  const { default: express } = await import("express");
  const app = express().use(express.json());
  for (const [way, handler] of Object.entries(get)) app.get(`/${pathOf(way)}`, handler);
  for (const [way, handler] of Object.entries(post)) app.post(`/${pathOf(way)}`, handler);
  const ask = (way) => async (request) => {
    const server = await new Promise((done) => {
      const started = app.listen(0, "127.0.0.1", () => done(started));
    });
    try {
      const url = `http://127.0.0.1:${server.address().port}/${pathOf(way)}${new URL(request.url).search}`;
      const body = request.method === "GET" ? undefined : await request.text();
      return await realFetch(url, { method: request.method, headers: request.headers, body, redirect: "manual" });
    } finally {
      server.close();
    }
  };
  return Object.fromEntries(Object.keys({ ...get, ...post }).map((way) => [way, ask(way)]));
}

async function inBetterAuth(plugin) {
  const { betterAuth } = await import("better-auth");
  const { memoryAdapter } = await import("better-auth/adapters/memory");
  const tables = { user: [], session: [], account: [], verification: [] };
  const auth = betterAuth({
    baseURL: SHOP,
    secret: "for tests alone, forty characters or more",
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true },
    plugins: [plugin],
    logger: { log: (level, message, ...more) => said.push([level, message, ...more].map(inWords).join(" ")) },
    telemetry: { enabled: false },
  });
  return (path, given) => {
    const json = { method: "POST", headers: { "content-type": "application/json", origin: SHOP }, body: JSON.stringify(given) };
    return auth.handler(given instanceof Request ? new Request(`${SHOP}/api/auth${path}`, given) : new Request(`${SHOP}/api/auth${path}`, json));
  };
}

const signUp = (handler) => handler("/sign-up/email", { ...CUSTOMER, email: `a${Date.now()}@example.com`, password: "a long password" });

/** What a browser or the vendor sends. */
function requestOf({ adapter, way, product, headers, body }) {
  if (way === "webhook") return new Request(`${SHOP}/webhook`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  if (adapter.startsWith("@polar-sh/")) return new Request(`${SHOP}/checkout?products=${product}`);
  if (way === "static checkout") return new Request(`${SHOP}/checkout?productId=${product}`);
  const given = way === "checkout" ? sessionOf(product) : paymentOf(product);
  return new Request(`${SHOP}/checkout`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(given) });
}

async function answer(job) {
  said = [];
  const heard = [];
  try {
    const ways = await MOUNTED[job.adapter]({ secret: UNUSED, ...job }, async (payload) => heard.push(payload.type));
    if (!ways[job.way]) return notOffered(job.way);
    const got = await ways[job.way](requestOf(job), job);
    const text = await got.text();
    if (job.way === "webhook" ? heard.length === 1 : got.status < 400 && got.status !== 0) {
      return { ok: true, result: { type: heard[0], status: got.status, location: got.headers.get("location"), text } };
    }
    return fault("Refused", `${got.status} ${text}`);
  } catch (error) {
    return fault(error?.constructor?.name ?? "Error", inWords(error));
  }
}

function fault(name, message) {
  const whole = `${message} ${said.join(" ")}`;
  return /unknown event|invalid discriminator/i.test(whole) ? notOffered(whole) : { ok: false, error: { name, message: whole } };
}

await eachJob((job) => jobs.run(job, () => answer(job)));
