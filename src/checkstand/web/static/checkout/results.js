// Pages after paying: they move on by themselves.

import { byId, say } from "./page.js";

const waitingPage = document.querySelector("[data-poll]");
if (waitingPage) {
  const started = Date.now();
  const waits = waitingPage.dataset.page === "action";
  const look = async () => {
    try {
      const answer = await fetch(waitingPage.dataset.poll, { cache: "no-store" });
      const now = await answer.json();
      if (now.status !== "confirmed" || now.requires_action !== waits) return location.replace(now.url);
    } catch {
      // The network may be back at the next look.
    }
    const passed = Date.now() - started;
    const slow = byId("slow");
    if (slow && passed > 60000) say("slow", slow.dataset.text);
    setTimeout(look, passed < 10000 ? 700 : 5000);
  };
  setTimeout(look, 400);
}

const trouble = document.querySelector("[data-looks-again]");
if (trouble) setTimeout(() => location.replace(trouble.dataset.looksAgain), Number(trouble.dataset.seconds) * 1000);

const done = document.querySelector("[data-continue]");
if (done) setTimeout(() => location.assign(done.dataset.continue), Number(done.dataset.wait) * 1000);

// A page that the browser kept for its Back button shows a past that may no longer be: ask again.
addEventListener("pageshow", (event) => event.persisted && location.reload());
