// A stand-in for Stripe.js: the parts that a page with the Payment Element calls. The card form lives in a frame of this script's
// origin; what is typed there never reaches the page, only a confirmation token does.

(() => {
  const origin = new URL(document.currentScript.src).origin;
  let count = 0;

  // What the account has switched on, as its dashboard would say. The page may leave out some of it and add nothing.
  const ACCOUNT = ("card upi apple_pay google_pay amazon_pay cashapp affirm klarna afterpay_clearpay ideal bancontact eps p24 " +
    "multibanco sepa_debit us_bank_account").split(" ");
  const WALLETS = { applePay: "apple_pay", googlePay: "google_pay" };

  const fault = (message) => {
    throw new Error(`Stripe.js stand-in: ${message}`);
  };

  class PaymentElement {
    constructor(owner, options) {
      this.owner = owner;
      this.options = { ...options };
      this.listeners = {};
      this.name = `__stand_in_stripe_frame${++count}`;
      this.waiting = new Map();
    }

    mount(target) {
      const place = typeof target === "string" ? document.querySelector(target) : target;
      if (!place) fault("mount() found no such element");
      this.frame = document.createElement("iframe");
      this.frame.name = this.name;
      this.frame.title = "Secure payment input frame";
      this.frame.src = `${origin}/v3/card`;
      Object.assign(this.frame.style, { border: "0", width: "100%", height: "11rem" });
      this.frame.setAttribute("allow", "payment *; publickey-credentials-get *");
      place.replaceChildren(this.frame);
      addEventListener("message", (event) => {
        if (event.origin !== origin || event.source !== this.frame.contentWindow) return;
        if (event.data.event === "ready") this.show();
        if (event.data.event) return (this.listeners[event.data.event] || []).forEach((call) => call(event.data));
        this.waiting.get(event.data.id)?.(event.data.answer);
        this.waiting.delete(event.data.id);
      });
    }

    on(name, call) {
      (this.listeners[name] ||= []).push(call);
      return this;
    }

    update(options) {
      Object.assign(this.options, options);
      this.show();
    }

    // The frame lists what may be paid with, so that a test can read it there.
    show() {
      const wallets = Object.entries(this.options.wallets || {});
      for (const [name, value] of wallets) {
        if (!(name in WALLETS) || !["auto", "never"].includes(value)) fault(`wallets.${name} cannot be ${value}`);
      }
      const hidden = wallets.filter(([, value]) => value === "never").map(([name]) => WALLETS[name]);
      const without = [...(this.owner.options.excludedPaymentMethodTypes || []), ...hidden];
      this.frame?.contentWindow?.postMessage({ question: "show", types: ACCOUNT.filter((type) => !without.includes(type)) }, origin);
    }

    focus() {
      this.frame.focus();
    }

    unmount() {
      this.frame?.remove();
    }

    ask(question, data) {
      const id = ++count;
      return new Promise((resolve) => {
        this.waiting.set(id, resolve);
        this.frame.contentWindow.postMessage({ id, question, ...data }, origin);
      });
    }
  }

  class Elements {
    constructor(key, options) {
      this.key = key;
      this.check(options);
      this.options = { ...options };
    }

    check(options) {
      if (options.mode && !["payment", "setup", "subscription"].includes(options.mode)) fault(`unknown mode ${options.mode}`);
      if (options.mode === "payment" && !(Number.isInteger(options.amount) && options.amount > 0)) fault("amount must be a positive integer");
      for (const type of options.excludedPaymentMethodTypes || []) {
        if (Object.values(WALLETS).includes(type)) fault(`${type} is a wallet and no payment method type`);
        if (!ACCOUNT.includes(type)) fault(`unknown payment method type ${type}`);
      }
      if (options.currency && options.currency !== options.currency.toLowerCase()) fault("currency must be lower case");
    }

    create(kind, options = {}) {
      if (kind !== "payment") fault(`no element ${kind}`);
      return (this.element = new PaymentElement(this, options));
    }

    getElement() {
      return this.element || null;
    }

    update(options) {
      this.check({ ...this.options, ...options });
      Object.assign(this.options, options);
      this.element?.show();
    }

    async submit() {
      this.submitted = true;
      return this.element.ask("validate", {});
    }
  }

  window.Stripe = (key) => {
    if (!/^pk_(test|live)_/.test(key)) fault(`Invalid API Key provided: ${key}`);
    return {
      elements: (options = {}) => new Elements(key, options),
      createConfirmationToken: async ({ elements, params = {} }) => {
        if (!elements.submitted) fault("call elements.submit() before stripe.createConfirmationToken()");
        return elements.element.ask("token", { key, params: { ...params, setup_future_usage: elements.options.setupFutureUsage } });
      },
      handleNextAction: async () => fault("handleNextAction() is not imitated: next actions are redirects"),
    };
  };
})();
