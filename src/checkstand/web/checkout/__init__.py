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

from fastapi import APIRouter

from checkstand.web import bank
from checkstand.web.checkout import forget, handlers, links, paying, stop

router = APIRouter(include_in_schema=False)

for _prefix in ("/checkout/{secret}", "/session/{secret}"):
    router.add_api_route(_prefix, handlers.show, methods=["GET", "HEAD"])
    router.add_api_route(f"{_prefix}/confirmation", handlers.confirmation, methods=["GET", "HEAD"])
    router.add_api_route(f"{_prefix}/status", handlers.status, methods=["GET"])
    router.add_api_route(f"{_prefix}/update", handlers.update, methods=["POST"])
    router.add_api_route(f"{_prefix}/pay", paying.pay, methods=["POST"])
    router.add_api_route(f"{_prefix}/renew", handlers.renew, methods=["POST"])
    router.add_api_route(f"{_prefix}/forget", forget.forget, methods=["POST"])
    router.add_api_route(f"{_prefix}/stop", stop.stop, methods=["POST"])
    for _step in ("update", "pay", "renew", "forget", "stop"):
        router.add_api_route(f"{_prefix}/{_step}", handlers.to_the_page, methods=["GET", "HEAD"])
router.add_api_route("/buy/{name}", links.buy, methods=["GET", "HEAD"])
router.add_api_route("/s/{code}", links.short, methods=["GET", "HEAD"])
router.include_router(bank.router)

__all__ = ["router"]
