"""What becomes of a charge's money: Stripe keeps its fee, refunds give some back (and may come back themselves), banks dispute it.

The account settles in US dollars and euros. What is charged in another currency is converted at a fixed rate; its fee is in dollars.

    >>> fee_of(1000), fee_of(50)
    (59, 31)
"""

from __future__ import annotations

import time
from typing import Any

from fakes.stripe.books import Books, Thing
from fakes.stripe.errors import invalid

SETTLES_IN = ("usd", "eur")
# US cents for one minor unit.
RATES = {"gbp": 1.25, "jpy": 0.67, "isk": 0.0072, "kwd": 0.325}
HELD = ("needs_response", "under_review", "lost")


def fee_of(amount: int) -> int:
    """2.9 percent and 30 cents, half a cent up."""
    return (amount * 29 + 500) // 1000 + 30


def book(books: Books, charge: Thing) -> None:
    """The charge's balance transaction: what is settled of it."""
    is_own = charge["currency"] in SETTLES_IN
    rate = None if is_own else RATES.get(charge["currency"], 1.0)
    amount = charge["amount"] if rate is None else round(charge["amount"] * rate)
    fee = fee_of(amount)
    made = books.add(
        {
            "id": books.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "created": int(time.time()),
            "currency": charge["currency"] if is_own else "usd",
            "exchange_rate": rate,
            "fee": fee,
            "net": amount - fee,
            "source": charge["id"],
            "status": "pending",
            "type": "charge",
        }
    )
    charge["balance_transaction"] = made["id"]


def book_all(books: Books) -> int:
    """The balance transactions that were put off; Stripe tells of each."""
    late = [one for one in books.all("charge") if one["status"] == "succeeded" and not one["balance_transaction"]]
    for charge in late:
        book(books, charge)
        books.tell("charge.updated", charge)
    return len(late)


def behaviour_after(books: Books, charge: Thing) -> str:
    """What a card that paid does later."""
    kind, _, later = books.behaviours.get(charge["payment_method"], "").partition(":")
    return later if kind == "succeed" else ""


def after_charge(books: Books, charge: Thing) -> None:
    """Some cards dispute what they have just paid."""
    later = behaviour_after(books, charge)
    if later in ("dispute", "inquiry"):
        open_dispute(books, charge, status="needs_response" if later == "dispute" else "warning_needs_response")


# ---------------------------------------------------------------- refunds


def refund(books: Books, params: dict[str, Any]) -> Thing:
    """Give money back, at most what was taken."""
    intent_id, charge_id = params.get("payment_intent"), params.get("charge")
    if intent_id:
        charge_id = books.find("payment_intent", intent_id, param="payment_intent")["latest_charge"]
    if not charge_id:
        raise invalid("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    charge = books.find("charge", charge_id, param="charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = int(params.get("amount", left))
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, param="amount", code="parameter_invalid_integer")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})."
        raise invalid(message, param="amount", code="amount_too_large")
    _count(charge, amount)
    made = books.add(
        {
            "id": books.new_id("re"),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "failure_reason": None,
            "metadata": dict(params.get("metadata", {})),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "status": "pending" if behaviour_after(books, charge) == "refund_pends" else "succeeded",
        }
    )
    books.tell("refund.created", made)
    books.tell("charge.refunded", charge)
    return made


def finish(books: Books, refund: Thing, *, succeeded: bool) -> None:
    """What a bank says of a refund later: it arrived, or it came back."""
    if refund["status"] not in ("pending", "succeeded") or (succeeded and refund["status"] == "succeeded"):
        return
    refund["status"] = "succeeded" if succeeded else "failed"
    if not succeeded:
        refund["failure_reason"] = "expired_or_canceled_card"
        _count(books.find("charge", refund["charge"]), -refund["amount"])
        books.tell("refund.failed", refund)
    books.tell("refund.updated", refund)
    books.tell("charge.refund.updated", refund)


def _count(charge: Thing, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


# ---------------------------------------------------------------- disputes


def open_dispute(books: Books, charge: Thing, amount: int | None = None, *, status: str) -> Thing:
    """A buyer asked the bank for the money; a warning is a question that holds none."""
    made = books.add(
        {
            "id": books.new_id("du"),
            "object": "dispute",
            "amount": amount or charge["amount"],
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": charge["currency"],
            "is_charge_refundable": status.startswith("warning"),
            "livemode": charge["livemode"],
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": status,
        }
    )
    books.tell("charge.dispute.created", made)
    if status in HELD:
        charge["disputed"] = True
        books.tell("charge.dispute.funds_withdrawn", made)
    return made


def move_dispute(books: Books, dispute: Thing, status: str) -> None:
    """The merchant answers, or the bank decides."""
    was_held, dispute["status"] = dispute["status"] in HELD, status
    charge = books.find("charge", dispute["charge"])
    is_end = status in ("won", "lost", "prevented", "warning_closed")
    books.tell(f"charge.dispute.{'closed' if is_end else 'updated'}", dispute)
    if was_held and status not in HELD:
        charge["disputed"] = False
        books.tell("charge.dispute.funds_reinstated", dispute)
    elif not was_held and status in HELD:
        charge["disputed"] = True
        books.tell("charge.dispute.funds_withdrawn", dispute)
