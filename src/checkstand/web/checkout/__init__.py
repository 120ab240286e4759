"""The hosted checkout page: what a buyer sees, from the first look to the merchant's thank-you page.

words/    every word, by key and language
session/  a visit: the session behind an address, the token of its forms, how often it may be tried, where it leads in the end
form/     what was posted: read field by field, what is wrong with it, and storing what is right
view/     the page as data: what can be chosen, what it costs, what is asked and what is wrong, in sentences
pages/    the handlers, and how they answer: the page itself, the pay button, the results, links that make sessions

Each folder uses only those above it. How all of it looks is in `templates/checkout/`.
"""

from __future__ import annotations

from checkstand.domain.profile import all_profiles
from checkstand.routing import Routes
from checkstand.web.checkout.pages import forget, handlers, links, paying, stop

routes = Routes()

for _path in dict.fromkeys(profile.page.path for profile in all_profiles()):
    _prefix = f"{_path}/{{secret}}"
    for _end in ("", "/"):  # a slash that a mail program or a person puts behind an address
        routes.add(f"{_prefix}{_end}", handlers.show, "GET", "HEAD")
    routes.add(f"{_prefix}/confirmation", handlers.confirmation, "GET", "HEAD")
    routes.add(f"{_prefix}/status", handlers.status, "GET")
    routes.add(f"{_prefix}/update", handlers.update, "POST")
    routes.add(f"{_prefix}/pay", paying.pay, "POST")
    routes.add(f"{_prefix}/renew", handlers.renew, "POST")
    routes.add(f"{_prefix}/forget", forget.forget, "POST")
    routes.add(f"{_prefix}/stop", stop.stop, "POST")
    for _step in ("update", "pay", "renew", "forget", "stop"):
        routes.add(f"{_prefix}/{_step}", handlers.to_the_page, "GET", "HEAD")
for _end in ("", "/"):
    routes.add(f"/buy/{{name}}{_end}", links.buy, "GET", "HEAD")
    routes.add(f"/s/{{code}}{_end}", links.short, "GET", "HEAD")

__all__ = ["routes"]
