// Paying: the form is posted once, with the card, after what is under way. A refusal comes back as parts of the page, so that nothing
// typed is lost; else the answer says where to go.
//
// Who does not know whether a payment went through must not pay again: where no answer comes, the page asks until it knows.

import { byId, form, say } from "./page.js";
import { goOn, hasMoved, posted, send, show, stop } from "./update.js";

const LOOKS_AGAIN_MS = 3000;
const NOTHING_SENT = new URLSearchParams();
let isPaying = false;
let held = null;

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

// From the press to the answer nothing else can be pressed or changed.
function setBusy(isBusy) {
  isPaying = isBusy;
  const button = byId("pay-button");
  button.style.inlineSize = isBusy ? `${button.offsetWidth}px` : "";
  if (isBusy) {
    button.dataset.text ??= button.firstElementChild.textContent;
    button.setAttribute("aria-busy", "true");
    button.firstElementChild.textContent = form.dataset.busy;
    say("live", form.dataset.busy);
  } else {
    button.removeAttribute("aria-busy");
    if (button.firstElementChild.textContent === form.dataset.busy) button.firstElementChild.textContent = button.dataset.text;
    delete button.dataset.text;
  }
  for (const part of form.querySelectorAll("#choice-part, #order, #pay-side > :not(#pay-part, #noted, [role=status])")) part.inert = isBusy;
}

// The page is the buyer's again; a token that stood for the card was used up.
function free() {
  setBusy(false);
  goOn();
  form.dispatchEvent(new Event("again"));
}

// What a press came to is the last thing that is said; what the answer itself says of its fields and its total goes before.
function tell() {
  const box = byId("problems");
  if (byId("live").textContent === form.dataset.busy) say("live", box?.innerText.replace(/\s+/g, " ").trim() ?? "");
  box?.focus();
}

const seen = () => ({ shown: form.elements.shown.value, odd_code: form.elements.odd_code?.value || "" });

// A press begins when the finger goes down: what an answer draws before it comes up was not seen. Any other press forgets it.
export const hold = (event) => (held = event.target.closest?.("#pay-button") ? seen() : null);

export async function pay() {
  if (isPaying) return;
  if (!navigator.onLine) return say("connection", form.dataset.offline);
  const pressed = held ?? seen();
  held = null;
  setBusy(true);
  await stop();
  setBusy(true); // an answer that came just now has drawn the button anew
  const steps = [];
  form.dispatchEvent(new CustomEvent("pay", { detail: steps }));
  await Promise.all(steps);
  const body = posted(byId("pay-button"), true);
  if (form.elements.shown.value !== pressed.shown) body.set("unseen", "1"); // drawn after the press
  // What the buyer saw when pressing is what may be charged, and what was warned of: the server compares.
  for (const [name, value] of Object.entries(pressed)) body.set(name, value);
  try {
    await hear(await send(form.action, body), body);
  } catch {
    await findOut("");
  }
}

async function hear(answer, body) {
  if (answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) {
    return location.assign((await answer.json()).url);
  }
  if (answer.status >= 500) return findOut(answer.headers.get("X-Request-Id"));
  if (hasMoved(answer)) return;
  const isShown = await show(answer, body);
  free();
  tell();
  if (!isShown) say("connection", form.dataset.retry);
}

// No answer: the payment may be made or not. Say so, and look until the server knows.
async function findOut(reference) {
  const told = byId("unsure").content.cloneNode(true);
  if (reference) told.querySelector("[data-reference]").append(` ${reference}`);
  else told.querySelector("[data-reference]").remove();
  byId("noted").replaceChildren(told);
  tell();
  for (;;) {
    await sleep(LOOKS_AGAIN_MS);
    try {
      const answer = await fetch(form.dataset.status, { cache: "no-store" });
      if (answer.status === 404) return location.replace(form.dataset.page);
      const { status, url } = await answer.json();
      if (status !== "open") return location.replace(url);
      const shown = { "X-Fragment": "1", "X-Shown": form.elements.shown.value, "X-Told": form.elements.told?.value || "" };
      const page = await fetch(form.dataset.page, { headers: shown, redirect: "manual", cache: "no-store" });
      if (hasMoved(page)) return;
      if (!(await show(page, NOTHING_SENT))) continue;
      free();
      if (!byId("problems")) byId("noted").replaceChildren(byId("unpaid").content.cloneNode(true));
      say("live", byId("problems").innerText.replace(/\s+/g, " ").trim());
      return byId("problems").focus();
    } catch {
      // The network or the server may be back at the next look.
    }
  }
}
