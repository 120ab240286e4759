// The card frame of the stand-in for Stripe: answers its page's questions with a verdict or a token, never with what was typed.

const value = (id) => document.getElementById(id).value.trim();
const flatten = (data, prefix, into = new URLSearchParams()) => {
  for (const [name, part] of Object.entries(data)) {
    const path = prefix ? `${prefix}[${name}]` : name;
    if (part && typeof part === "object") flatten(part, path, into);
    else if (part !== null && part !== undefined) into.append(path, part);
  }
  return into;
};

function refused(message, code) {
  document.getElementById("error").textContent = message;
  return { error: { type: "validation_error", code, message } };
}

function validate() {
  document.getElementById("error").textContent = "";
  if (value("number").replace(/\D/g, "").length < 12) return refused("Your card number is incomplete.", "incomplete_number");
  if (!/^\d{1,2}\s*\/?\s*\d{2}$/.test(value("expiry"))) return refused("Your card's expiration date is incomplete.", "incomplete_expiry");
  if (!/^\d{3,4}$/.test(value("cvc"))) return refused("Your card's security code is incomplete.", "incomplete_cvc");
  return {};
}

async function token({ key, params }) {
  const [, month, year] = value("expiry").match(/^(\d{1,2})\s*\/?\s*(\d{2})$/);
  const card = { number: value("number").replace(/\D/g, ""), exp_month: month, exp_year: year, cvc: value("cvc") };
  const body = flatten({ ...params, payment_method_data: { ...params.payment_method_data, type: "card", card } });
  const answer = await fetch("/v1/confirmation_tokens", { method: "POST", body, headers: { Authorization: `Bearer ${key}` } });
  const data = await answer.json();
  return answer.ok ? { confirmationToken: data } : refused(data.error.message, data.error.code);
}

function show({ types }) {
  const items = types.map((type) => Object.assign(document.createElement("li"), { textContent: type }));
  document.getElementById("types").replaceChildren(...items);
}

addEventListener("message", async (event) => {
  const { id, question } = event.data;
  if (question === "show") return show(event.data);
  const answer = question === "validate" ? validate() : await token(event.data);
  event.source.postMessage({ id, answer }, event.origin);
});
parent.postMessage({ event: "ready" }, "*");
document.addEventListener("input", () => parent.postMessage({ event: "change" }, "*"));
