// Test mode: each card's number can be copied, or filled in where the form is ours.

import { clearError } from "./hears.js";
import { byId } from "./page.js";

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
