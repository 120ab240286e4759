// Days and times in the buyer's own zone; without a script they are said in UTC.

import { form } from "./page.js";

const ZONED = {
  day: { dateStyle: "long" },
  moment: { dateStyle: "long", timeStyle: "short" },
};

function inOwnZone(within) {
  for (const time of within.querySelectorAll("time[data-zoned]")) {
    const shape = new Intl.DateTimeFormat(time.lang, ZONED[time.dataset.zoned]);
    time.textContent = shape.format(new Date(time.dateTime));
  }
}

inOwnZone(document);
form?.addEventListener("parts", () => inOwnZone(form));
