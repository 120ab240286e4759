// The card form of a checkout page that pays through Stripe. Stripe's script draws it in frames of Stripe's own origin; all that this
// module ever holds is a confirmation token, which the page's form carries to the server.

const byId = (id) => document.getElementById(id);
const form = byId("checkout");
const place = byId("payment-frame");
const problem = byId("payment-frame-error");
const token = byId("confirmation_token");
const flaw = byId("frame_problem");
let stripe = null;
let elements = null;
const WALLETS = { apple_pay: "applePay", google_pay: "googlePay" };

function wanted() {
  const settings = byId("frame-settings")?.dataset;
  if (!settings) return null;
  const amount = Number(settings.amount);
  const excludedPaymentMethodTypes = settings.without.split(" ").filter((name) => name && !(name in WALLETS));
  // What the method is kept for has to be what the server asks for when it charges.
  const kept = settings.again ? "off_session" : byId("keep")?.checked ? "on_session" : null;
  const kind = amount > 0 ? { mode: "payment", amount, setupFutureUsage: kept } : { mode: "setup" };
  return { ...kind, currency: settings.currency, excludedPaymentMethodTypes };
}

// What was saved needs no form of Stripe's.
const isSaved = () => Boolean(form.querySelector(".saved input:checked"));

// Wallets that pay with a card are no types of their own: the element shows them unless it is told not to.
function wallets() {
  const without = byId("frame-settings").dataset.without.split(" ");
  return Object.fromEntries(Object.entries(WALLETS).map(([name, key]) => [key, without.includes(name) ? "never" : "auto"]));
}

// Nothing to pay: no form. It comes, goes and changes with the order; what was typed stays.
function follow() {
  const options = wanted();
  place.hidden = !options || isSaved();
  byId("keep-part").hidden = place.hidden;
  if (place.hidden || !stripe) return;
  if (elements) {
    elements.update(options);
    return elements.getElement("payment")?.update({ wallets: wallets() });
  }
  const theme = document.documentElement.dataset.theme;
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  elements = stripe.elements({ ...options, appearance: { theme: dark ? "night" : "stripe" } });
  const element = elements.create("payment", { fields: { billingDetails: { name: "never", email: "never", address: "never" } }, wallets: wallets() });
  element.on("loaderror", () => say(place.dataset.failed));
  element.mount(place);
}

function say(text) {
  problem.textContent = text || "";
  if (text) problem.focus();
}

// The name, e-mail address and place that our own fields ask for go with the token, so that Stripe's need not ask again.
function billing() {
  const value = (name) => form.elements[name]?.value?.trim() || "";
  const names = ["line1", "line2", "city", "state", "postal_code", "country"];
  const address = Object.fromEntries(names.map((name) => [name, value(name)]));
  return { name: value("name"), email: value("email") || byId("frame-settings").dataset.email, address };
}

async function tokenOf() {
  const checked = await elements.submit();
  if (checked.error) throw checked.error;
  const params = { payment_method_data: { billing_details: billing() }, return_url: place.dataset.return };
  const made = await stripe.createConfirmationToken({ elements, params });
  if (made.error) throw made.error;
  return made.confirmationToken.id;
}

// Pay waits for this. What Stripe finds wrong goes to the server instead of a token, so that all problems are told together.
async function tokenize() {
  if (!wanted() || isSaved()) return;
  if (!elements) return void (flaw.value = place.dataset.failed);
  try {
    token.value = await tokenOf();
  } catch (error) {
    flaw.value = error.message || place.dataset.failed;
  }
}

// A token pays once; what was typed in the frame is there for the next one.
function again() {
  problem.textContent = flaw.value;
  token.value = "";
  flaw.value = "";
}

if (place) {
  // Deferred scripts run in the order of the page: Stripe's has run by now, or could not be loaded.
  if (window.Stripe) stripe = window.Stripe(place.dataset.key);
  else if (wanted() && !isSaved()) say(place.dataset.failed);
  follow();
  form.addEventListener("parts", follow);
  form.addEventListener("change", (event) => ["method", "keep"].includes(event.target.name) && follow());
  form.addEventListener("pay", (event) => {
    again();
    event.detail.push(tokenize());
  });
  form.addEventListener("again", again);
  // The sentence at the top leads into the frame.
  form.addEventListener("click", (event) => event.target.closest("#problems a[href='#payment-frame']") && elements?.getElement("payment")?.focus());
}
