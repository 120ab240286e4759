// What every part of the script asks of the page.

export const byId = (id) => document.getElementById(id);
export const form = byId("checkout");

export const isCard = (name) => name.startsWith("card_") || name.startsWith("bank_");
export const isBox = (field) => field.type === "radio" || field.type === "checkbox";
export const isText = (field) => field.matches("input:not([type=radio],[type=checkbox],[type=hidden]), textarea");

export function say(id, text) {
  const place = byId(id);
  if (place && place.textContent !== text) place.textContent = text;
}
