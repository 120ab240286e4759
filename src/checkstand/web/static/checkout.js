// The checkout page's script: one module, no state of its own. Everything works without it; with it, totals follow at once and a
// refused payment leaves everything where it is. The server sends what is imported here as one file (`static_files.py`).

import "./checkout/hears.js";
import "./typeahead.js";
import "./checkout/test-cards.js";
import "./checkout/results.js";
import "./checkout/days.js";
import "./checkout/network.js";
