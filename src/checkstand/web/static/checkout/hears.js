// What the form hears: typing, choosing, leaving a field, Enter, the buttons, the network.

import { flawOf, reshape } from "./card.js";
import { byId, form, isBox, isCard, isText, mark, say } from "./page.js";
import { hold, pay } from "./pay.js";
import { stays, wentOn } from "./swap.js";
import { now, soon, update } from "./update.js";

// A change of one of these says nothing until a button is pressed.
const QUIET = ["discount_code", "method", "upi_id", "keep"];
const AFTER_TEXT_MS = 300;
// Choosing by keys passes through other choices: the one that counts is where the keys rest, or what is left.
const AFTER_KEYS_MS = 600;
let keyedIn = null;

export function clearError(field) {
  if (field.getAttribute("aria-invalid") === "true") mark(field, "");
}

function changed(event) {
  const field = event.target;
  if (!field.name || isCard(field.name) || QUIET.includes(field.name)) return;
  soon(field === keyedIn ? AFTER_KEYS_MS : isText(field) ? AFTER_TEXT_MS : 0);
}

function leave(event) {
  const field = event.target;
  if (field.name && isCard(field.name)) return checkCard(field);
  if (field.localName !== "select") return;
  keyedIn = null;
  wentOn(field, event.relatedTarget);
  now();
}

// Never sent for a check: the browser looks at it alone.
function checkCard(field) {
  const flaw = flawOf(field, byId("card_number")?.value || "");
  if (!flaw || byId(`${field.id}-error`)) return;
  mark(field, flaw);
  say("live", flaw);
}

// A list with a choice in it and a box that is ticked are done; a text that is asked for is where somebody types next.
const isDone = (field) => !field.required || (isBox(field) ? field.checked : !isText(field) && field.value !== "");

// Enter moves on; it applies the code in the discount field, and pays from the last text that must be filled in.
function pressEnter(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.isComposing || !field.matches("input, select") || isBox(field)) return;
  event.preventDefault();
  if (field.name === "discount_code") return update(field.parentElement.querySelector("button"));
  if (!byId("pay-side").contains(field)) return update();
  const inputs = byId("pay-side").querySelectorAll("input:not([type=hidden], [type=radio]), select, textarea");
  const fields = [...inputs].filter((one) => one.offsetParent);
  const rest = fields.slice(fields.indexOf(field) + 1);
  if (!rest.every(isDone)) return rest[0].focus();
  form.requestSubmit(byId("pay-button"));
}

function submitted(event) {
  const by = event.submitter;
  if (by?.name === "forget") return;
  event.preventDefault();
  if (by && by.name === "do" && by.value !== "pay") update(by);
  else pay();
}

// From a sentence at the top to its field, even where that is folded away.
function follow(event) {
  const link = event.target.closest("#problems a");
  const target = link && byId(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  (target.matches("fieldset") ? target.querySelector("input") : target).focus();
}

if (form) {
  form.addEventListener("submit", submitted);
  form.addEventListener("keydown", (event) => {
    stays();
    if (event.target.localName === "select") keyedIn = event.target;
    pressEnter(event);
  });
  form.addEventListener("pointerdown", () => (keyedIn = null));
  for (const press of ["pointerdown", "pointercancel", "keydown"]) addEventListener(press, hold, true);
  form.addEventListener("input", (event) => {
    clearError(event.target);
    if (!event.isComposing) reshape(event.target, event.inputType?.startsWith("delete"));
  });
  form.addEventListener("compositionend", (event) => reshape(event.target, false));
  form.addEventListener("change", changed);
  form.addEventListener("focusout", leave);
  form.addEventListener("click", follow);
  byId("problems")?.focus();
  // A page that answered a post has the post's address; loading it again should not ask to send the form again.
  if (/\/(pay|update)$/.test(location.pathname)) history.replaceState(null, "", form.dataset.page);
  addEventListener("offline", () => say("connection", form.dataset.offline));
  addEventListener("online", () => {
    say("connection", "");
    update();
  });
}
