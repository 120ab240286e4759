// From the page that is there to the page that the server answered, in place: only what differs is touched.
//
// A control that is on both stays the same element, so nothing is lost of what a browser keeps in it: focus, caret, an open list, the
// letters that were just typed to find a country, a word half composed. What was typed since the request left stays as well.

import { byId, form, isBox, isCard } from "./page.js";

const CONTROLS = "input[id]:not([type=hidden]), select[id], textarea[id]";
// What people unfold, and what the script itself wrote, is no business of the server's.
const OURS = new Set(["open", "style", "inert"]);

// `sent`: the fields as they were posted for this answer.
export function swap(fresh, sent) {
  const focused = document.activeElement;
  const order = [...form.elements];
  const caret = caretOf(focused);
  for (const part of fresh.querySelectorAll("[data-part]")) {
    for (const fallback of part.querySelectorAll("noscript")) fallback.remove();
    const old = byId(part.id);
    if (!old) continue;
    const values = valuesFor(part, sent);
    become(old, document.adoptNode(part));
    for (const [id, value] of values) setValue(byId(id), value);
  }
  keepFocus(focused, order, caret);
  offerWhatCame();
}

/* ---- values ---- */

// What each field of a fresh part shall hold: what was typed since the request left, else what the server says.
function valuesFor(part, sent) {
  const values = new Map();
  for (const field of part.querySelectorAll(CONTROLS)) {
    const was = byId(field.id);
    if (!was || was.type !== field.type) continue;
    if (isBox(field)) {
      const changed = was.checked !== sent.getAll(field.name).includes(was.value);
      values.set(field.id, was.value === field.value && changed ? was.checked : field.checked);
    } else {
      const typed = isCard(field.name) || was.value !== sent.get(field.name);
      values.set(field.id, typed ? was.value : field.value);
    }
  }
  return values;
}

function setValue(field, value) {
  const name = isBox(field) ? "checked" : "value";
  if (field[name] !== value) field[name] = value;
}

const isState = (node, name) =>
  name === "selected" || (node.matches(CONTROLS) && (name === "checked" || (name === "value" && !isBox(node))));

/* ---- elements ---- */

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
const withId = (node) => [node, ...node.querySelectorAll("[id]")].filter((one) => one.id);

function become(old, fresh) {
  copyAttributes(old, fresh);
  const left = new Set(old.childNodes);
  const isLeft = (node) => node?.parentNode === old;
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    if (at && !isLeft(at)) at = [...left].find(isLeft) ?? null;
    const match = counterpart(wanted, [...left].filter(isLeft));
    if (!match) {
      old.insertBefore(wanted, at);
      if (isElement(wanted)) bringControls(wanted);
      continue;
    }
    left.delete(match);
    if (match === at) at = at.nextSibling;
    else move(old, match, at);
    if (isElement(match)) become(match, wanted);
    else if (match.data !== wanted.data) match.data = wanted.data;
  }
  for (const gone of left) if (isLeft(gone)) gone.remove();
}

function copyAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isState(old, name)) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !OURS.has(name) && !isState(old, name)) old.removeAttribute(name);
  }
}

// The node that stands for a fresh one: the same id, else most ids in common, else the next of its kind without any.
function counterpart(wanted, candidates) {
  const alike = candidates.filter((old) => old.nodeName === wanted.nodeName && old.type === wanted.type);
  if (!isElement(wanted)) return alike[0];
  const ids = withId(wanted).map((one) => one.id);
  const look = wanted.getAttribute("class");
  if (!ids.length) return alike.find((old) => old.getAttribute("class") === look && !withId(old).length);
  let best;
  let most = 0;
  for (const old of alike) {
    if (wanted.id && old.id && old.id !== wanted.id) continue;
    const common = withId(old).filter((one) => ids.includes(one.id)).length;
    if (common > most) [best, most] = [old, common];
  }
  return best;
}

// Where the page is built in another way (one method to pay becomes several), its controls move house as they are.
function bringControls(fresh) {
  const inside = fresh.matches(CONTROLS) ? [fresh] : fresh.querySelectorAll(CONTROLS);
  for (const control of inside) {
    const same = document.querySelectorAll(`${control.localName}#${CSS.escape(control.id)}`);
    const old = [...same].find((one) => one !== control && one.type === control.type);
    if (!old) continue;
    move(control.parentNode, old, control);
    become(old, control);
    control.remove();
  }
}

// Newer browsers move an element with its focus and all; in older ones `keepFocus` gives it back.
function move(parent, node, before) {
  if (parent.moveBefore) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

/* ---- focus ---- */

// Dates, e-mail addresses and the like have no caret that can be put back.
const caretOf = (field) => (typeof field?.selectionStart === "number" ? [field.selectionStart, field.selectionEnd] : null);
const isReachable = (control) => control.isConnected && control.type !== "hidden" && control.tabIndex >= 0 && control.offsetParent;

// A control that is gone leaves its focus to what has its name now, else to its neighbour.
function keepFocus(focused, order, caret) {
  if (document.activeElement === focused || !(order.includes(focused) || form.contains(focused))) return;
  const place = order.indexOf(focused);
  const heir = focused.id && byId(focused.id);
  const near = [heir, ...order.slice(place + 1), ...order.slice(0, Math.max(place, 0)).reverse()];
  const next = near.find((control) => control && isReachable(control));
  next?.focus({ preventScroll: true });
  if (caret && next === focused) next.setSelectionRange(...caret);
}

let departure = null;

// Somebody chose and went on by Tab before the answer was there.
export function wentOn(from, to) {
  departure = { from, to, order: [...form.elements] };
}

export const stays = () => (departure = null);

// The answer brought fields right after the one that was left (a country's street): that is where the Tab led to.
function offerWhatCame() {
  const was = departure;
  departure = null;
  if (!was?.to || document.activeElement !== was.to) return;
  const now = [...form.elements].filter(isReachable);
  const next = now[now.indexOf(was.from) + 1];
  const isForward = was.from.compareDocumentPosition(was.to) & Node.DOCUMENT_POSITION_FOLLOWING;
  if (isForward && next && next !== was.to && !was.order.includes(next)) next.focus();
}
