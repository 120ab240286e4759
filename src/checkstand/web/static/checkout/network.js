// The card's network, shown while its number is typed. It is noted at the root, so that a part that is drawn anew shows it too.

import { digits } from "./card.js";
import { byId, form } from "./page.js";

const NETWORKS = [
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
  const number = digits(byId("card_number")?.value ?? "");
  const found = NETWORKS.find(([, begins]) => begins.test(number));
  if (found) document.documentElement.dataset.typed = found[0];
  else delete document.documentElement.dataset.typed;
}

if (form) {
  form.addEventListener("input", (event) => event.target.name === "card_number" && showNetwork());
  document.addEventListener("click", (event) => event.target.closest?.("[data-use]") && showNetwork());
  showNetwork();
}
