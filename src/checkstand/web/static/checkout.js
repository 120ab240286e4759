// The checkout page's script: one module, no state of its own. Everything works without it; with it, totals follow at once.
//
// A change posts the form (never the card) to the server and swaps the parts that came back. The browser computes no price.

const form = document.getElementById("checkout");
const byId = (id) => document.getElementById(id);
const say = (id, text) => {
  const place = byId(id);
  if (place && place.textContent !== text) place.textContent = text;
};

/* ---- updates ---- */

let running = null;
let waiting = 0;
let leaving = false;

const isCard = (name) => name.startsWith("card_") || name.startsWith("bank_");
const isBox = (field) => field.type === "radio" || field.type === "checkbox";
const isText = (field) => field.matches("input:not([type=radio],[type=checkbox],[type=hidden]), textarea");

function posted(submitter) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (!isCard(name)) data.append(name, value);
  if (submitter) data.append(submitter.name, submitter.value);
  return data;
}

async function update(submitter) {
  if (leaving) return;
  clearTimeout(waiting);
  running?.abort();
  const mine = (running = new AbortController());
  const sent = posted(submitter);
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.update, {
      method: "POST",
      body: sent,
      headers: { "X-Fragment": "1" },
      signal: mine.signal,
    });
    if (answer.redirected) return location.assign(answer.url);
    if (answer.status === 404 || answer.status === 410 || answer.status === 403) return location.reload();
    const html = await answer.text();
    if (mine.signal.aborted) return;
    swap(new DOMParser().parseFromString(html, "text/html"), sent);
    say("connection", "");
  } catch (problem) {
    if (problem.name !== "AbortError") say("connection", form.dataset.retry);
  } finally {
    if (running === mine) form.removeAttribute("aria-busy");
  }
}

function swap(fresh, sent) {
  const before = byId("pay-part").dataset.announce;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    for (const fallback of part.querySelectorAll("noscript")) fallback.remove();
    const old = byId(part.id);
    if (old && !sameMarkup(old, part)) replace(old, document.adoptNode(part), sent);
  }
  const after = byId("pay-part").dataset.announce;
  if (before !== after) say("live", after);
  form.dispatchEvent(new Event("parts"));
}

function sameMarkup(old, part) {
  const copy = old.cloneNode(true);
  for (const fallback of copy.querySelectorAll("noscript")) fallback.remove();
  const plain = (node) => node.outerHTML.replace(/\s+/g, " ");
  return plain(copy) === plain(part);
}

// Keeps what was typed since the request left, the focus, the caret and what was unfolded.
function replace(old, part, sent) {
  const active = document.activeElement;
  const focused = old.contains(active) ? active : null;
  // Dates, e-mail addresses and the like have no caret that can be put back.
  const caret = focused && isText(focused) && focused.selectionStart !== null ? [focused.selectionStart, focused.selectionEnd] : null;
  const typed = new Map();
  for (const field of old.querySelectorAll("input, select, textarea")) if (field.id) typed.set(field.id, field);
  const open = new Map([...old.querySelectorAll("details[id]")].map((item) => [item.id, item.open]));
  old.replaceWith(part);
  for (const field of part.querySelectorAll("input, select, textarea")) {
    const was = typed.get(field.id);
    if (!was || was.type !== field.type || field.type === "hidden") continue;
    if (isBox(field)) {
      const before = sent.getAll(field.name).includes(was.value);
      if (was.value === field.value && was.checked !== before) field.checked = was.checked;
    } else if (isCard(field.name) || was.value !== sent.get(field.name)) field.value = was.value;
  }
  for (const item of part.querySelectorAll("details[id]")) if (open.get(item.id)) item.open = true;
  const again = focused && byId(focused.id);
  if (!again || again === focused) return;
  again.focus({ preventScroll: true });
  if (caret && isText(again)) again.setSelectionRange(...caret);
}

function soon(delay) {
  clearTimeout(waiting);
  waiting = setTimeout(update, delay);
}

/* ---- card fields ---- */

const digits = (text) => text.replace(/\D/g, "");
const BRANDS = [
  [/^4/, "Visa"],
  [/^(5[1-5]|2[2-7])/, "Mastercard"],
  [/^3[47]/, "Amex"],
  [/^(60|65)/, "RuPay"],
];
const brandOf = (number) => (BRANDS.find(([start]) => start.test(number)) || [])[1] || "";

function shapeNumber(text) {
  const plain = digits(text).slice(0, 19);
  const groups = brandOf(plain) === "Amex" ? /^(\d{0,4})(\d{0,6})(\d{0,5})/ : /(\d{1,4})/g;
  const found = brandOf(plain) === "Amex" ? plain.match(groups).slice(1) : plain.match(groups) || [];
  return found.filter(Boolean).join(" ");
}

function shapeExpiry(text, removing) {
  let plain = digits(text);
  if (/^[2-9]/.test(plain)) plain = `0${plain}`;
  const year = plain.slice(2, plain.slice(2, 4) === "20" ? 6 : 4);
  if (plain.length < 2 || (plain.length === 2 && removing)) return plain;
  return `${plain.slice(0, 2)}/${year}`;
}

function reshape(field, removing) {
  const shape = { card_number: shapeNumber, card_exp: shapeExpiry }[field.name];
  if (!shape) return;
  const before = digits(field.value.slice(0, field.selectionStart)).length;
  const atEnd = field.selectionStart === field.value.length;
  const shaped = shape(field.value, removing);
  if (shaped === field.value) return;
  field.value = shaped;
  let at = 0;
  for (let seen = 0; at < shaped.length && seen < before; at++) if (/\d/.test(shaped[at])) seen++;
  if (atEnd) at = shaped.length;
  if (document.activeElement === field) field.setSelectionRange(at, at);
}

/* ---- what the form hears ---- */

function clearError(field) {
  if (field.getAttribute("aria-invalid") !== "true") return;
  field.removeAttribute("aria-invalid");
  byId(`${field.id}-error`)?.remove();
}

// Enter moves on; it applies the code in the discount field, and pays from the last card field or address field.
function pressEnter(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.isComposing || !field.matches("input, select") || isBox(field)) return;
  event.preventDefault();
  if (field.name === "discount_code") return update(field.parentElement.querySelector("button"));
  if (!byId("pay-side").contains(field)) return update();
  const inputs = byId("pay-side").querySelectorAll("input:not([type=hidden], [type=radio]), select, textarea");
  const fields = [...inputs].filter((one) => one.offsetParent);
  const next = fields[fields.indexOf(field) + 1];
  if (next) return next.focus();
  form.requestSubmit(byId("pay-button"));
}

function submitted(event) {
  const by = event.submitter;
  if (by?.name === "forget") return;
  if (by && by.name === "do" && by.value !== "pay") {
    event.preventDefault();
    return update(by);
  }
  if (leaving) return event.preventDefault();
  leaving = true;
  clearTimeout(waiting);
  running?.abort();
  const button = byId("pay-button");
  button.style.inlineSize = `${button.offsetWidth}px`;
  button.setAttribute("aria-busy", "true");
  button.firstElementChild.textContent = form.dataset.busy;
  say("live", form.dataset.busy);
  // After the browser has read the form: nothing else can be pressed or changed while the answer is on its way.
  setTimeout(() => form.querySelectorAll(".order-side, #pay-side > :not(#pay-part)").forEach((part) => (part.inert = true)));
}

if (form) {
  form.addEventListener("submit", submitted);
  form.addEventListener("keydown", pressEnter);
  form.addEventListener("input", (event) => {
    clearError(event.target);
    reshape(event.target, event.inputType?.startsWith("delete"));
  });
  form.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.name || isCard(field.name) || ["discount_code", "method", "upi_id", "keep"].includes(field.name)) return;
    soon(isText(field) ? 300 : 0);
  });
  form.addEventListener("click", (event) => {
    const link = event.target.closest("#problems a");
    const target = link && byId(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    (target.matches("fieldset") ? target.querySelector("input") : target).focus();
  });
  byId("problems")?.focus();
  // A page that answered a post has the post's address; loading it again should not ask to send the form again.
  if (/\/(pay|update)$/.test(location.pathname)) history.replaceState(null, "", form.dataset.page);
  addEventListener("offline", () => say("connection", form.dataset.offline));
  addEventListener("online", () => {
    say("connection", "");
    update();
  });
}

/* ---- test cards ---- */

for (const button of document.querySelectorAll("[data-copy], [data-use]")) {
  if (button.dataset.copy && !navigator.clipboard) continue;
  if (button.dataset.use && !byId("card_number")) continue;
  button.hidden = false;
  button.addEventListener("click", () => (button.dataset.use ? useCard(button.dataset.use) : copyCard(button)));
}

function useCard(number) {
  const put = (id, value) => {
    const field = byId(id);
    if (!field) return;
    field.value = value;
    clearError(field);
  };
  const card = byId("method-card");
  if (card) card.checked = true;
  put("card_number", number);
  put("card_exp", "12/34");
  put("card_cvc", number.startsWith("37") ? "1234" : "123");
  byId("test-cards").open = false;
  byId("card_number").focus();
}

async function copyCard(button) {
  const text = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return;
  }
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = text), 1500);
}

/* ---- result pages ---- */

const waitingPage = document.querySelector("[data-poll]");
if (waitingPage) {
  const started = Date.now();
  const waits = waitingPage.dataset.page === "action";
  const look = async () => {
    try {
      const answer = await fetch(waitingPage.dataset.poll, { cache: "no-store" });
      const now = await answer.json();
      if (now.status !== "confirmed" || now.requires_action !== waits) return location.replace(now.url);
    } catch {
      // The network may be back at the next look.
    }
    const passed = Date.now() - started;
    const slow = byId("slow");
    if (slow && passed > 60000) say("slow", slow.dataset.text);
    setTimeout(look, passed < 10000 ? 700 : 5000);
  };
  setTimeout(look, 400);
}

const done = document.querySelector("[data-continue]");
if (done) setTimeout(() => location.assign(done.dataset.continue), Number(done.dataset.wait) * 1000);

// A page that the browser kept for its Back button shows a past that may no longer be: ask again.
addEventListener("pageshow", (event) => event.persisted && location.reload());

/* ---- days and times in the buyer's own zone; without a script they are said in UTC ---- */

const zoned = {
  day: { dateStyle: "long" },
  moment: { dateStyle: "long", timeStyle: "short" },
};

function inOwnZone(within) {
  for (const time of within.querySelectorAll("time[data-zoned]")) {
    const shape = new Intl.DateTimeFormat(time.lang, zoned[time.dataset.zoned]);
    time.textContent = shape.format(new Date(time.dateTime));
  }
}

inOwnZone(document);
if (form) {
  const added = (records) => records.flatMap((record) => [...record.addedNodes]);
  const look = (records) => {
    added(records).forEach((node) => node.nodeType === Node.ELEMENT_NODE && inOwnZone(node));
    showNetwork();
  };
  new MutationObserver(look).observe(form, { childList: true, subtree: true });
}

/* ---- the card's network, while its number is typed ---- */

const networks = [
  ["visa", /^4/],
  ["mastercard", /^(?:5[1-5]|22[2-9]|2[3-6]|27[0-2])/],
  ["amex", /^3[47]/],
  ["discover", /^6(?:011|4[4-9]|5)/],
  ["rupay", /^(?:60|81|82|508)/],
  ["unionpay", /^62/],
  ["diners", /^3(?:0[0-5]|095|6|8|9)/],
  ["jcb", /^35(?:2[89]|[3-8])/],
];

function showNetwork() {
  const number = byId("card_number")?.value.replace(/\D/g, "");
  if (number === undefined) return;
  const found = networks.find(([, begins]) => begins.test(number))?.[0];
  for (const mark of document.querySelectorAll("#network > [data-network]")) {
    const { network } = mark.dataset;
    mark.toggleAttribute("hidden", found ? network !== found : !("default" in mark.dataset));
    mark.classList.toggle("is-typed", network === found);
  }
}

if (form) {
  form.addEventListener("input", (event) => event.target.name === "card_number" && showNetwork());
  document.addEventListener("click", (event) => event.target.closest?.("[data-use]") && showNetwork());
  showNetwork();
}
