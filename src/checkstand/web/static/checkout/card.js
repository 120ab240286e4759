// Card fields: shaped while they are typed. Digits of any script are digits (a Japanese keyboard writes １２３).

const plain = (text) => text.normalize("NFKC");
export const digits = (text) => plain(text).replace(/\D/g, "");

const BRANDS = [
  [/^4/, "Visa"],
  [/^(5[1-5]|2[2-7])/, "Mastercard"],
  [/^3[47]/, "Amex"],
  [/^(60|65)/, "RuPay"],
];
export const brandOf = (number) => (BRANDS.find(([start]) => start.test(number)) || [])[1] || "";

function shapeNumber(text) {
  const known = digits(text).slice(0, 19);
  const groups = brandOf(known) === "Amex" ? /^(\d{0,4})(\d{0,6})(\d{0,5})/ : /(\d{1,4})/g;
  const found = brandOf(known) === "Amex" ? known.match(groups).slice(1) : known.match(groups) || [];
  return found.filter(Boolean).join(" ");
}

function shapeExpiry(text, removing) {
  let known = digits(text);
  if (/^[2-9]/.test(known)) known = `0${known}`;
  const year = known.slice(2, known.slice(2, 4) === "20" ? 6 : 4);
  if (known.length < 2 || (known.length === 2 && removing)) return known;
  return `${known.slice(0, 2)}/${year}`;
}

const SHAPES = { card_number: shapeNumber, card_exp: shapeExpiry, card_cvc: plain };

// The check digit rule of ISO/IEC 7812.
function isNumber(text) {
  const known = [...digits(text)].reverse().map(Number);
  const sum = known.reduce((total, value, at) => total + (at % 2 ? (value * 2 > 9 ? value * 2 - 9 : value * 2) : value), 0);
  return known.length >= 12 && sum % 10 === 0;
}

// What is wrong with a card field that was left; '' where nothing is, or nothing was typed. Which cards are taken the server says.
export function flawOf(field, number) {
  if (!field.value || !field.dataset.wrong) return "";
  if (field.name === "card_number") return isNumber(field.value) ? "" : field.dataset.wrong;
  if (field.name === "card_cvc") {
    const length = brandOf(digits(number)) === "Amex" ? 4 : 3;
    return digits(field.value).length === length ? "" : field.dataset.wrong;
  }
  const [, month, year] = digits(field.value).match(/^(0[1-9]|1[0-2])(?:20)?(\d\d)$/) || [];
  if (!month) return field.dataset.wrong;
  return `20${year}-${month}` < field.dataset.month ? field.dataset.past : "";
}

export function reshape(field, removing) {
  const shape = SHAPES[field.name];
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
