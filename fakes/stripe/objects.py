"""Intents and what follows from confirming them: the rules of payment, without HTTP.

Confirming uses a payment method, which decides the outcome. A refusal leaves the intent in `requires_payment_method` with its reason,
answers 402, and tells `payment_intent.payment_failed`; money moves only with a charge that succeeded.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any

from fakes.stripe import customers, returns
from fakes.stripe.books import Books, Thing
from fakes.stripe.cards import METHODS, TestCard, decline_error
from fakes.stripe.errors import Refused, invalid, missing


def payment_method(books: Books, name: str, billing: dict[str, Any] | None = None) -> Thing:
    """A payment method for one of Stripe's test names (`pm_card_visa`)."""
    card = METHODS.get(name)
    if card is None:
        raise missing("PaymentMethod", name, "payment_method")
    details = {"address": None, "email": None, "name": None, "phone": None, **(billing or {})}
    thing: Thing = {
        "id": books.new_id("pm"),
        "object": "payment_method",
        "type": "us_bank_account" if card.brand == "bank" else "card",
        "billing_details": details,
        "created": int(time.time()),
        "customer": None,
        "livemode": False,
        "metadata": {},
    }
    thing[thing["type"]] = _details(card)
    books.behaviours[thing["id"]] = card.behaviour
    return books.add(thing)


def _details(card: TestCard) -> Thing:
    fingerprint = hashlib.sha256(card.number.encode()).hexdigest()[:16]
    if card.brand == "bank":
        return {"bank_name": "STRIPE TEST BANK", "last4": card.number[-4:], "fingerprint": fingerprint}
    return {
        "brand": card.brand,
        "display_brand": card.brand,
        "country": card.country,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": fingerprint,
        "funding": card.funding,
        "last4": card.number[-4:],
    }


def confirmation_token(books: Books, name: str, billing: dict[str, Any] | None, return_url: str | None) -> Thing:
    """A token that stands for typed details: usable once, for twelve hours."""
    method = payment_method(books, name, billing)
    now = int(time.time())
    return books.add(
        {
            "id": books.new_id("ctoken"),
            "object": "confirmation_token",
            "created": now,
            "expires_at": now + 43_200,
            "livemode": False,
            "payment_intent": None,
            "setup_intent": None,
            "payment_method_preview": {key: value for key, value in method.items() if key != "id"},
            "return_url": return_url,
            "use_stripe_sdk": True,
            "_method": method["id"],
        }
    )


def new_intent(books: Books, kind: str, params: dict[str, Any], *, livemode: bool) -> Thing:
    """An intent that nobody has confirmed yet. `kind`: `payment_intent` or `setup_intent`."""
    thing: Thing = {
        "id": books.new_id("pi" if kind == "payment_intent" else "seti"),
        "object": kind,
        "created": int(time.time()),
        "customer": params.get("customer"),
        "cancellation_reason": None,
        "description": params.get("description"),
        "last_payment_error" if kind == "payment_intent" else "last_setup_error": None,
        "livemode": livemode,
        "metadata": dict(params.get("metadata", {})),
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "_return_url": params.get("return_url"),
    }
    thing["client_secret"] = f"{thing['id']}_secret_{secrets.token_hex(8)}"
    if kind == "payment_intent":
        if not str(params.get("amount", "")).isdigit() or int(params["amount"]) < 1:
            raise invalid(
                "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
            )
        thing |= {
            "amount": int(params["amount"]),
            "amount_received": 0,
            "currency": str(params.get("currency", "")).lower(),
            "latest_charge": None,
            "setup_future_usage": params.get("setup_future_usage"),
        }
        _check_amount(thing["amount"], thing["currency"])
    if params.get("payment_method") and params.get("confirm") != "true":
        thing |= {"payment_method": method_for(books, params, thing)["id"], "status": "requires_confirmation"}
    books.add(thing)
    books.tell(f"{kind}.created", thing)
    return thing


def _check_amount(amount: int, currency: str) -> None:
    if len(currency) != 3:
        raise invalid(f"Invalid currency: {currency}", param="currency")
    step = {"isk": 100, "ugx": 100, "bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10}.get(currency, 1)
    if amount % step:
        raise invalid(f"Invalid integer: {amount} is not a multiple of {step} for {currency}.", param="amount")
    if currency in ("usd", "eur") and amount < 50:
        raise invalid("Amount must be at least 50 cents.", param="amount", code="amount_too_small")


def method_for(books: Books, params: dict[str, Any], intent: Thing) -> Thing:
    """The payment method that a confirmation names. A confirmation token is used up by it."""
    token_id = params.get("confirmation_token")
    if token_id:
        token = books.find("confirmation_token", token_id, param="confirmation_token")
        if token["payment_intent"] or token["setup_intent"]:
            raise invalid(
                "The provided ConfirmationToken has already been used.",
                param="confirmation_token",
                code="confirmation_token_already_used",
            )
        customers.check_token(token, intent)
        token[intent["object"]] = intent["id"]
        return books.find("payment_method", token["_method"])
    name = params.get("payment_method") or intent["payment_method"]
    if not name:
        raise invalid("You cannot confirm this intent because it's missing a payment method.", param="payment_method")
    return (
        payment_method(books, name) if name in METHODS else books.find("payment_method", name, param="payment_method")
    )


def confirm(books: Books, intent: Thing, params: dict[str, Any]) -> None:
    """Use a payment method. Raises Refused (402) for a decline, after it was booked."""
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise invalid(f"This intent's status is {intent['status']}.", code=f"{intent['object']}_unexpected_state")
    method = method_for(books, params, intent)
    customers.check_use(intent, method)
    intent["payment_method"] = method["id"]
    intent["_return_url"] = params.get("return_url") or intent["_return_url"]
    behaviour = books.behaviours[method["id"]]
    kind, _, reason = behaviour.partition(":")
    if kind == "challenge":
        if not intent["_return_url"]:
            raise invalid("A return_url must be specified to confirm this intent.", param="return_url")
        intent["status"] = "requires_action"
        page_url = f"{books.url}/_fake/3ds/{intent['id']}"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": page_url, "return_url": intent["_return_url"]},
        }
        books.tell(f"{intent['object']}.requires_action", intent)
    elif kind == "process":
        intent["status"] = "processing"
        books.tell(f"{intent['object']}.processing", intent)
    elif kind == "decline":
        raise refuse(books, intent, decline_error(reason))
    else:
        succeed(books, intent)


def succeed(books: Books, intent: Thing) -> None:
    """The money is there, or the method is saved."""
    intent |= {"status": "succeeded", "next_action": None}
    customers.keep(books, intent)
    if intent["object"] == "payment_intent":
        intent["last_payment_error"] = None
        charge = _charge(books, intent, None)
        intent["amount_received"] = intent["amount"]
        if not books.books_fees_later:
            returns.book(books, charge)
        books.tell("charge.succeeded", charge)
    books.tell(f"{intent['object']}.succeeded", intent)
    if intent["object"] == "payment_intent":
        returns.after_charge(books, charge)


def refuse(books: Books, intent: Thing, error: dict[str, Any]) -> Refused:
    """Book a refusal; the exception to raise where a request waits for it."""
    intent |= {"status": "requires_payment_method", "next_action": None}
    is_payment = intent["object"] == "payment_intent"
    method = books.find("payment_method", intent["payment_method"])
    more: dict[str, Any] = {"payment_method": method}
    if is_payment and error["type"] == "card_error":
        charge = _charge(books, intent, error)
        more["charge"] = charge["id"]
        books.tell("charge.failed", charge)
    intent["last_payment_error" if is_payment else "last_setup_error"] = {**error, **more}
    books.tell("payment_intent.payment_failed" if is_payment else "setup_intent.setup_failed", intent)
    message, kind = error["message"], error["type"]
    rest = {key: value for key, value in error.items() if key not in ("type", "message", "code")}
    shown = {**rest, **more, intent["object"]: public(intent)}
    return Refused(402, kind, message, code=error["code"], is_result=True, **shown)


def cancel(books: Books, intent: Thing, reason: str | None) -> None:
    """Close an intent that has not succeeded."""
    if intent["status"] in ("succeeded", "canceled", "processing"):
        message = f"You cannot cancel this intent because it has a status of {intent['status']}."
        raise invalid(message, code=f"{intent['object']}_unexpected_state")
    intent |= {
        "status": "canceled",
        "next_action": None,
        "cancellation_reason": reason,
        "canceled_at": int(time.time()),
    }
    books.tell(f"{intent['object']}.canceled", intent)


def decide(books: Books, intent: Thing, *, approved: bool) -> None:
    """The buyer's answer to a challenge, or the end of a delayed payment."""
    if intent["status"] not in ("requires_action", "processing"):
        return
    after = books.behaviours[intent["payment_method"]].partition(":")[2]
    if approved and not after:
        succeed(books, intent)
    elif approved:
        refuse(books, intent, decline_error(after))
    else:
        error = {
            "type": "invalid_request_error",
            "code": f"{intent['object']}_authentication_failure",
            "message": "The provided PaymentMethod has failed authentication.",
        }
        refuse(books, intent, error)


def _charge(books: Books, intent: Thing, error: dict[str, Any] | None) -> Thing:
    method = books.find("payment_method", intent["payment_method"])
    charge: Thing = {
        "id": books.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if error else intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": error is None,
        "created": int(time.time()),
        "currency": intent["currency"],
        "disputed": False,
        "failure_code": error["code"] if error else None,
        "failure_message": error["message"] if error else None,
        "livemode": intent["livemode"],
        "metadata": dict(intent["metadata"]),
        "paid": error is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: dict(method[method["type"]])},
        "refunded": False,
        "status": "failed" if error else "succeeded",
    }
    intent["latest_charge"] = charge["id"]
    return books.add(charge)


def public(thing: Thing) -> Thing:
    """An object without what only the stand-in knows."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def shown(books: Books, thing: Thing, expand: list[str]) -> Thing:
    """An object as an answer has it, with the named references replaced by what they refer to: `latest_charge.balance_transaction`."""
    answer = public(thing)
    for path in expand:
        name, _, rest = path.partition(".")
        value = answer.get(name)
        if isinstance(value, str):
            value = books.find({"latest_charge": "charge"}.get(name, name), value)
        if isinstance(value, dict):
            answer[name] = shown(books, value, [rest] if rest else [])
    return answer
