"""What a browser gets: the script of `js.stripe.com`, the frame with the card form, the bank's page for 3-D Secure."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fakes.stripe import objects
from fakes.stripe.books import Books, Thing

STATIC = Path(__file__).parent / "static"


async def script(_: Request) -> Response:
    """`/v3/`: what a page loads in place of Stripe.js."""
    return Response((STATIC / "stripe.js").read_bytes(), media_type="text/javascript")


async def card_frame(_: Request) -> Response:
    """The document of the card form: in an origin of its own, so the page around it cannot read it."""
    return HTMLResponse((STATIC / "card.html").read_text("utf-8"))


async def card_script(_: Request) -> Response:
    """The card form's script."""
    return Response((STATIC / "card.js").read_bytes(), media_type="text/javascript")


def find_intent(books: Books, intent_id: str) -> Thing:
    """An intent of either kind."""
    return books.find("setup_intent" if intent_id.startswith("seti_") else "payment_intent", intent_id)


async def challenge(request: Request) -> Response:
    """The bank's page: approve, fail, or leave without an answer."""
    intent = find_intent(request.app.state.books, request.path_params["intent"])
    amount = f"{intent['amount']} {intent['currency'].upper()}" if "amount" in intent else "saving your card"
    buttons = "".join(
        f'<button name="answer" value="{answer}" id="{answer}">{label}</button> '
        for answer, label in (("approve", "Complete"), ("fail", "Fail"), ("leave", "Go back"))
    )
    title = "3D Secure 2 test page"
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><body><h1>{title}</h1>'
        f'<p>{escape(amount)}</p><form method="post">{buttons}</form></body></html>'
    )


async def answer(request: Request) -> Response:
    """The buyer's answer, and back to the merchant with Stripe's parameters."""
    books: Books = request.app.state.books
    intent = find_intent(books, request.path_params["intent"])
    form = await request.form()
    if form.get("answer") in ("approve", "fail"):
        objects.decide(books, intent, approved=form["answer"] == "approve")
    outcome = "succeeded" if intent["status"] == "succeeded" else "failed"
    added = urlencode(
        {
            intent["object"]: intent["id"],
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": outcome,
        }
    )
    back = intent["_return_url"]
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{added}", status_code=303)
