// Changes follow at once: the form (never the card) is posted, and the parts of the page that came back replace those that are there.
// The browser computes no price.

import { byId, form, isCard, mark, say } from "./page.js";
import { swap } from "./swap.js";

let running = null;
let waiting = 0;
let stopped = false;
// Whether something was sent whose answer is not on the page: what the session comes to then is not what the page shows.
let unseen = false;

export function posted(submitter, withCard) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (withCard || !isCard(name)) data.append(name, value);
  if (submitter) data.append(submitter.name, submitter.value);
  data.append("marked", marked().map((field) => field.id).join(" "));
  if (byId("problems")?.dataset.kind === "error") data.append("listed", "1");
  if (unseen) data.append("unseen", "1");
  return data;
}

const marked = () => [...form.querySelectorAll("[aria-invalid]")];
const errors = () => new Map([...form.querySelectorAll(".field .error, #email-suggestion")].map((one) => [one.id, one.textContent.trim()]));

export const send = (url, body, signal) =>
  fetch(url, { method: "POST", body, headers: { "X-Fragment": "1" }, redirect: "manual", cache: "no-store", signal });

// Whether the session has gone on to another page. Its own address knows which.
export function hasMoved(answer) {
  const moved = answer.type === "opaqueredirect" || [403, 404, 410].includes(answer.status);
  if (moved) location.replace(form.dataset.page);
  return moved;
}

// Parts of the page that the server sent, put in their places. False when the answer has none: the server is in trouble.
export async function show(answer, sent) {
  if (answer.headers.get("X-Fragment") !== "1") return false;
  const html = await answer.text();
  unseen = false;
  const before = byId("pay-part").dataset.announce;
  const told = errors();
  const isPress = sent.get("do") === "pay";
  // What was said of the card stays: no update has seen it.
  const ofCard = sent.has("card_number") ? [] : marked().filter((field) => isCard(field.name)).map((field) => field.id);
  swap(new DOMParser().parseFromString(html, "text/html"), sent);
  for (const id of ofCard) if (byId(id)) mark(byId(id), told.get(`${id}-error`));
  const after = byId("pay-part").dataset.announce;
  const fresh = [...errors()].filter(([id, text]) => isPress || told.get(id) !== text).map(([, text]) => text);
  if (after && before !== after) fresh.unshift(after);
  if (fresh.length) say("live", fresh.join(" "));
  form.dispatchEvent(new Event("parts"));
  return true;
}

export function update(submitter) {
  clearTimeout(waiting);
  waiting = 0;
  if (stopped) return;
  running?.abort();
  const mine = (running = new AbortController());
  mine.done = run(mine, submitter);
}

async function run(mine, submitter) {
  const sent = posted(submitter);
  unseen = true;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await send(form.dataset.update, sent, mine.signal);
    if (mine.signal.aborted || hasMoved(answer)) return;
    say("connection", (await show(answer, sent)) ? "" : form.dataset.retry);
  } catch (problem) {
    if (problem.name !== "AbortError") say("connection", navigator.onLine ? form.dataset.retry : form.dataset.offline);
  } finally {
    if (running === mine) {
      running = null;
      form.removeAttribute("aria-busy");
    }
  }
}

export function soon(delay) {
  clearTimeout(waiting);
  waiting = setTimeout(update, delay);
}

// A change that waits for its moment, at once.
export const now = () => waiting && update();

// No further update starts; the one under way is heard out, so that it cannot cross what comes next.
export async function stop() {
  clearTimeout(waiting);
  waiting = 0;
  stopped = true;
  await running?.done;
}

export const goOn = () => (stopped = false);
