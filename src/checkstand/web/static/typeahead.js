// Letters typed on a closed list choose in it by all that was typed, so that "usa" is the United States and not what begins with "u":
// by the beginning of a name, its code, a later word of it, or what else it is called (`data-also`). Where nothing fits, the list keeps
// what it had before. All other keys, and a list that is open, are the browser's.

const PAUSE_MS = 1000;
const SILENT = ["Shift", "CapsLock", "AltGraph", "Dead"];
const LETTERS = { ø: "o", ł: "l", đ: "d", ð: "d", ı: "i", æ: "ae", œ: "oe", ß: "ss", "&": " and " };
const typing = { list: null, letters: "", before: "", at: 0 };

export const folded = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[øłđðıæœß&]/g, (letter) => LETTERS[letter])
    .replace(/[.'’]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(/^ |^the /, "")
    .replace(/\bsaint\b/g, "st");

// Each way in which an option can be meant, the surest first.
const WAYS = [
  (typed, { also }) => also.includes(typed),
  (typed, { name }) => name.startsWith(typed),
  (typed, { code }) => code === typed,
  (typed, { name }) => name.includes(` ${typed}`),
  (typed, { also }) => also.some((word) => word.startsWith(typed)),
];

function meant(list, letters) {
  const typed = folded(letters);
  if (!typed) return null;
  const options = [...list.options].filter((one) => one.value && !one.disabled);
  // One letter, again and again, goes from one name that begins with it to the next, as browsers do.
  if ([...typed].every((letter) => letter === typed[0])) {
    const from = options.indexOf(list.selectedOptions[0]) + 1;
    const next = [...options.slice(from), ...options.slice(0, from)].find((one) => folded(one.text).startsWith(typed[0]));
    if (next || typed.length === 1) return next;
  }
  const known = options.map((one) => ({
    one,
    name: folded(one.text),
    code: folded(one.value),
    also: (one.dataset.also ?? "").split("|").map(folded),
  }));
  for (const isMeant of WAYS) {
    const found = known.find((option) => isMeant(typed, option));
    if (found) return found.one;
  }
  return null;
}

const isOpen = (list) => CSS.supports("selector(:open)") && list.matches(":open");
const isCommand = (event) =>
  !event.getModifierState("AltGraph") && (event.ctrlKey || event.metaKey || (event.altKey && event.key < "\x7f"));

// Space is part of a name that goes on behind it; behind a whole one, and at first, it opens the list.
const opens = (list, letters) => !letters || (meant(list, letters) && !meant(list, `${letters} `));

function typeAhead(event) {
  const list = event.target;
  if (!list.matches?.("select:not([multiple])") || SILENT.includes(event.key) || event.isComposing) return;
  const goesOn = typing.list === list && event.timeStamp - typing.at < PAUSE_MS && typing.letters;
  if ([...event.key].length !== 1 || isCommand(event) || isOpen(list) || (event.key === " " && opens(list, goesOn || ""))) {
    typing.list = null;
    return;
  }
  event.preventDefault();
  if (!goesOn) Object.assign(typing, { list, letters: "", before: list.value });
  typing.letters += event.key;
  typing.at = event.timeStamp;
  const value = meant(list, typing.letters)?.value ?? typing.before;
  if (list.value === value) return;
  list.value = value;
  for (const name of ["input", "change"]) list.dispatchEvent(new Event(name, { bubbles: true }));
}

document.addEventListener("keydown", typeAhead);
