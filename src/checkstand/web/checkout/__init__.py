"""The hosted checkout page: what a buyer sees, from the first look to the merchant's thank-you page.

session.py   one visit: the session behind an address, the token of its forms, the theme
form.py      what was typed, as changes and complaints      change.py    storing them
view.py      the page as data      goods.py    what can be chosen  questions.py  what the merchant asks
summary.py   what it costs         rows.py     row by row          later.py      what is charged later
handlers.py  the addresses         paying.py   the pay button     messages.py   what is wrong, in sentences
results.py   after paying          leaving.py  where the buyer goes then
english.py   every word            places.py   countries, addresses  templates/checkout/  how it looks
saved.py     what was saved    forget.py     taking it away    stop.py    paying another way than at the bank
links.py     the addresses that make a session for whoever opens them
"""

from __future__ import annotations

from checkstand.routing import Routes
from checkstand.web.checkout import forget, handlers, links, paying, stop

routes = Routes()

for _prefix in ("/checkout/{secret}", "/session/{secret}"):
    routes.add(_prefix, handlers.show, "GET", "HEAD")
    routes.add(f"{_prefix}/confirmation", handlers.confirmation, "GET", "HEAD")
    routes.add(f"{_prefix}/status", handlers.status, "GET")
    routes.add(f"{_prefix}/update", handlers.update, "POST")
    routes.add(f"{_prefix}/pay", paying.pay, "POST")
    routes.add(f"{_prefix}/renew", handlers.renew, "POST")
    routes.add(f"{_prefix}/forget", forget.forget, "POST")
    routes.add(f"{_prefix}/stop", stop.stop, "POST")
    for _step in ("update", "pay", "renew", "forget", "stop"):
        routes.add(f"{_prefix}/{_step}", handlers.to_the_page, "GET", "HEAD")
routes.add("/buy/{name}", links.buy, "GET", "HEAD")
routes.add("/s/{code}", links.short, "GET", "HEAD")

__all__ = ["routes"]
