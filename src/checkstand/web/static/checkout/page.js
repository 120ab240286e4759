// What every part of the script asks of the page.

export const byId = (id) => document.getElementById(id);
export const form = byId("checkout");

export const isCard = (name) => name.startsWith("card_") || name.startsWith("bank_");
export const isBox = (field) => field.type === "radio" || field.type === "checkbox";
export const isText = (field) => field.matches("input:not([type=radio],[type=checkbox],[type=hidden]), textarea");

// What is wrong with a field, beside it; '' when nothing is any more.
export function mark(field, text) {
  byId(`${field.id}-error`)?.remove();
  if (!text) return field.removeAttribute("aria-invalid");
  const error = document.createElement("p");
  Object.assign(error, { className: "error", id: `${field.id}-error` });
  const icon = byId("alert-icon").content.cloneNode(true);
  const words = document.createElement("span");
  words.textContent = text;
  error.append(icon, words);
  field.closest(".field").append(error);
  field.setAttribute("aria-invalid", "true");
  const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== error.id);
  field.setAttribute("aria-describedby", [error.id, ...others].join(" "));
}

export function say(id, text) {
  const place = byId(id);
  if (place && place.textContent !== text) place.textContent = text;
}
