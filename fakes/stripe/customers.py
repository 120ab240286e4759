"""Customers and the methods that are kept for them: Stripe's rules of using a payment method again.

* A method that was used without a customer is used up.
* A method that belongs to a customer is used with that customer alone, and no other has it.
* An intent with a customer keeps its method when it succeeds: a setup always, a payment where `setup_future_usage` says so.
* A confirmation token was made for one use: what its form was told it is kept for, the intent must say too.
"""

from __future__ import annotations

from typing import Any

from fakes.stripe.books import Books, Thing
from fakes.stripe.errors import invalid


def check_customer(books: Books, params: dict[str, Any]) -> None:
    """An intent's customer must be there."""
    if params.get("customer"):
        books.find("customer", params["customer"], param="customer")


def check_token(token: Thing, intent: Thing) -> None:
    """What the form was told when the token was made."""
    told = token.get("setup_future_usage")
    if intent["object"] == "payment_intent" and told and told != intent["setup_future_usage"]:
        message = f"The setup_future_usage of the ConfirmationToken ({told}) is not the PaymentIntent's."
        raise invalid(message, param="setup_future_usage")


def check_use(intent: Thing, method: Thing) -> None:
    """Whether a method may be used by an intent."""
    if method["customer"] and method["customer"] != intent["customer"]:
        message = "The provided PaymentMethod belongs to a Customer. You must use it with that customer, by the `customer` parameter."
        raise invalid(message, param="payment_method")
    if not method["customer"] and method.get("_used"):
        message = (
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
            "connected account without Customer attachment, or was detached from a Customer. It may not be used again."
        )
        raise invalid(message, param="payment_method")
    method["_used"] = True


def keep(books: Books, intent: Thing) -> None:
    """What an intent that has succeeded does with its method."""
    is_kept = intent["object"] == "setup_intent" or intent.get("setup_future_usage")
    if not intent["customer"] or not is_kept:
        return
    method = books.find("payment_method", intent["payment_method"])
    if method["customer"] is None:
        method["customer"] = intent["customer"]
        books.tell("payment_method.attached", method)
    if method.get("card", {}).get("last4") == "3155":  # asks for 3-D Secure only until it is set up
        books.behaviours[method["id"]] = "succeed"


def detach(books: Books, method_id: str) -> Thing:
    """Take a method away from its customer, for good."""
    method = books.find("payment_method", method_id)
    if method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid(message)
    method |= {"customer": None, "_used": True}
    books.tell("payment_method.detached", method)
    return method
