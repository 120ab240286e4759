// What the dashboard adds where scripts run: copying, menus, dialogs, local times. Everything works without it.

import "./typeahead.js";

const root = document.documentElement;
root.classList.add("js");
const toasts = document.getElementById("toasts");

// ---- copying

function toast(text) {
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  toasts.replaceChildren(line);
  setTimeout(() => line.remove(), 6000);
}

// Where the clipboard is not to be had, the text is shown, selected, in a field that can be copied from.
function showForCopying(title, text, comeBackTo) {
  const dialog = document.createElement("dialog");
  dialog.innerHTML = `<form method="dialog" class="confirm"><h1></h1><p>Copying is not allowed here. The text is selected: press Ctrl C or ⌘ C.</p>
    <input class="mono" readonly><div class="confirm-actions"><button class="button button-primary">Close</button></div></form>`;
  const heading = dialog.querySelector("h1");
  heading.id = "copy-title";
  heading.textContent = title;
  dialog.setAttribute("aria-labelledby", "copy-title");
  const field = dialog.querySelector("input");
  field.value = text;
  field.setAttribute("aria-labelledby", "copy-title");
  dialog.addEventListener("close", () => { dialog.remove(); comeBackTo.focus(); });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  field.select();
}

async function copyFrom(button) {
  const comeBackTo = closeMenu() ?? button;
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    showForCopying(button.dataset.title ?? (button.getAttribute("aria-label") || button.textContent.trim()), text, comeBackTo);
    return;
  }
  toast(button.dataset.says);
  comeBackTo.focus();
}

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
for (const field of document.querySelectorAll("[data-select]")) field.addEventListener("focus", () => field.select());

// ---- menus: a disclosure becomes a button with a menu (the ARIA pattern), its items moved to the top layer

let openMenu = null;

function closeMenu() {
  if (!openMenu) return null;
  const { button, items } = openMenu;
  openMenu = null;
  items.hidePopover();
  button.setAttribute("aria-expanded", "false");
  return button;
}

function place(button, items) {
  const at = button.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.right - items.offsetWidth, innerWidth - items.offsetWidth - 8));
  const below = at.bottom + 4;
  const fits = below + items.offsetHeight <= innerHeight - 8;
  items.style.left = `${left}px`;
  items.style.top = `${fits ? below : Math.max(8, at.top - items.offsetHeight - 4)}px`;
}

function showMenu(button, items, which) {
  closeMenu();
  openMenu = { button, items };
  items.showPopover();
  place(button, items);
  button.setAttribute("aria-expanded", "true");
  const all = [...items.querySelectorAll("[role=menuitem]")];
  all.at(which).focus();
}

function moveInMenu(event, items) {
  const all = [...items.querySelectorAll("[role=menuitem]")];
  const now = all.indexOf(document.activeElement);
  const to = { ArrowDown: (now + 1) % all.length, ArrowUp: (now - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) all[to].focus();
  else if (event.key === "Escape") closeMenu().focus();
  else if (event.key === "Tab") { closeMenu().focus(); return; }
  else if (event.key === " " && document.activeElement.tagName === "A") document.activeElement.click();
  else if (/^\p{L}$/u.test(event.key) && !event.ctrlKey && !event.metaKey) {
    const after = [...all.slice(now + 1), ...all.slice(0, now + 1)];
    after.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  } else return;
  event.preventDefault();
}

let menus = 0;
for (const details of document.querySelectorAll("details[data-menu]")) {
  const summary = details.querySelector("summary");
  const items = details.querySelector(".menu-items");
  const button = document.createElement("button");
  button.type = "button";
  button.className = summary.className;
  button.innerHTML = summary.innerHTML;
  items.id = `menu-${++menus}`;
  items.setAttribute("role", "menu");
  items.setAttribute("aria-label", summary.getAttribute("aria-label"));
  items.setAttribute("popover", "manual");
  items.querySelectorAll(".menu-plain").forEach((plain) => plain.remove());
  for (const item of items.children) {
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
  }
  button.setAttribute("aria-label", summary.getAttribute("aria-label"));
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", items.id);
  button.addEventListener("click", () => (openMenu?.button === button ? closeMenu() : showMenu(button, items, 0)));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    showMenu(button, items, event.key === "ArrowDown" ? 0 : -1);
  });
  items.addEventListener("keydown", (event) => moveInMenu(event, items));
  items.addEventListener("mousemove", (event) => event.target.closest("[role=menuitem]")?.focus());
  details.replaceWith(button, items);
}

addEventListener("pointerdown", (event) => {
  if (openMenu && !openMenu.items.contains(event.target) && !openMenu.button.contains(event.target)) closeMenu();
});
for (const moved of ["scroll", "resize"]) {
  addEventListener(moved, () => { if (openMenu) place(openMenu.button, openMenu.items); }, { passive: true });
}

// ---- dialogs: a page that asks "are you sure?" is shown in place

async function confirmIn(link) {
  const comeBackTo = closeMenu() ?? link;
  const answer = await fetch(link.href);
  const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-confirm-body]");
  if (!answer.ok || !part) { location.href = link.href; return; }
  const dialog = document.createElement("dialog");
  dialog.append(document.adoptNode(part));
  const heading = part.querySelector("h1");
  heading.id = "dialog-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.querySelectorAll("[data-close]").forEach((way) => way.addEventListener("click", (event) => { event.preventDefault(); dialog.close(); }));
  dialog.addEventListener("close", () => { dialog.remove(); comeBackTo.focus(); });
  document.body.append(dialog);
  dialog.showModal();
}

addEventListener("click", (event) => {
  const copying = event.target.closest?.("[data-copy]");
  if (copying) { copyFrom(copying); return; }
  const asking = event.target.closest?.("a[data-confirm]");
  if (asking && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    confirmIn(asking).catch(() => { location.href = asking.href; });
  } else if (event.target.closest?.("[role=menuitem]")) closeMenu();
});

for (const drawer of document.querySelectorAll("details[data-drawer]")) {
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drawer.open) { drawer.open = false; drawer.querySelector("summary").focus(); }
  });
}

// ---- times in the reader's zone, on hover; the relative text needs no zone

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.title = full.format(at);
  if ("clock" in time.dataset) time.textContent = clock.format(at);
}

// ---- forms

document.querySelector("[data-focus]")?.focus();

for (const form of document.querySelectorAll("form[data-guard]")) {
  let changed = form.querySelector("[aria-invalid]") !== null;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// What was typed in a form outlives the session: it is kept in this tab until the server took the form, and comes back after
// signing in again. No hidden field is kept but what the form was shown with; files cannot be.

const DRAFT = "checkstand-draft";

function readDraft() {
  try { return JSON.parse(sessionStorage.getItem(DRAFT)); } catch { return null; }
}

function writeDraft(draft) {
  try {
    if (draft) sessionStorage.setItem(DRAFT, JSON.stringify(draft));
    else sessionStorage.removeItem(DRAFT);
  } catch { /* storage is full or not allowed: the form still works */ }
}

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && (field.type !== "hidden" || field.name === "shown")
    && !["submit", "button", "file", "password"].includes(field.type));
}

function keepDraft(form) {
  const values = fieldsOf(form).map((field) => [field.name, field.value, field.checked ?? false]);
  const files = [...form.querySelectorAll("input[type=file]")].some((field) => field.value);
  writeDraft({ page: location.pathname, action: form.getAttribute("action"), values, files, lost: false });
}

// Rows that a button added are not in the form as it is opened.
function addRows(form, wanted) {
  for (const rows of form.querySelectorAll(".price-rows")) {
    const first = rows.querySelector(".price-row");
    const name = first.querySelector("select").name;
    for (let have = rows.querySelectorAll(".price-row").length; have < wanted.filter(([it]) => it === name).length; have++) {
      const row = first.cloneNode(true);
      row.setAttribute("aria-label", row.getAttribute("aria-label").replace("1", have + 1));
      row.querySelectorAll("[id]").forEach((it) => { it.id = it.id.replace(/-0/, `-${have}`); });
      row.querySelectorAll("label").forEach((it) => { it.htmlFor = it.htmlFor.replace(/-0$/, `-${have}`); });
      [...rows.querySelectorAll(".price-row")].at(-1).after(row);
    }
  }
}

function restoreDraft(form, draft) {
  addRows(form, draft.values);
  const waiting = new Map();
  for (const [name, value, checked] of draft.values) waiting.set(name, [...(waiting.get(name) ?? []), [value, checked]]);
  for (const field of fieldsOf(form)) {
    const typed = waiting.get(field.name);
    if (!typed?.length) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = typed.some(([value, checked]) => checked && value === field.value);
    } else [field.value] = typed.shift();
  }
  const note = document.createElement("div");
  note.className = "banner banner-amber";
  note.setAttribute("role", "status");
  note.tabIndex = -1;
  const text = document.createElement("p");
  text.textContent = "This was not saved yet: your session had ended. What you typed is back." + (draft.files ? " Choose the file again." : "");
  note.append(text);
  form.prepend(note);
  note.focus();
  form.dispatchEvent(new Event("input"));
}

const draft = readDraft();
if (document.querySelector("[data-form-lost]")) {
  if (draft) {
    writeDraft({ ...draft, lost: true });
    document.querySelector("[data-form-lost]").hidden = false;
  }
} else if (draft && !draft.lost) writeDraft(null);
for (const form of document.querySelectorAll("form[data-guard], form[data-draft]")) {
  if (draft?.lost && draft.page === location.pathname && draft.action === form.getAttribute("action")) {
    writeDraft(null);
    restoreDraft(form, draft);
  }
  form.addEventListener("submit", () => keepDraft(form));
}

// A notice is told once: a reload or a shared address should not repeat it.
if (document.querySelector("[data-notice]")) {
  const address = new URL(location.href);
  address.searchParams.delete("notice");
  history.replaceState(null, "", address);
}

// ---- a secret leaves the page with the reader, even where the browser keeps the page for going back

// Reloading, or coming back here, then asks for the list instead of sending the form again.
const shown = document.querySelector("[data-secret]");
if (shown) history.replaceState(null, "", shown.dataset.then);

addEventListener("pagehide", () => {
  const secret = document.querySelector("[data-secret]");
  if (!secret) return;
  const gone = document.createElement("div");
  gone.className = "panel empty";
  gone.innerHTML = "<h2>The token is not shown again</h2><p>If it was not copied, revoke it and make another one.</p>";
  secret.replaceWith(gone);
});
