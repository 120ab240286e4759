"""What an open session showed is what its buyer is charged, whatever the merchant changes before they confirm. Plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.dialects.dodo_place import DodoShop
from tests.dialects.polar_http import BUSINESS, READY, Polar, decide
from tests.server import RunningServer

GONE = "Discount is no longer redeemable."
PATH = Callable[[Polar, dict[str, Any]], httpx2.Response]
BUYER = {name: READY[name] for name in ("customer_email", "customer_billing_address")}
TOKEN = {"confirmation_token_id": "ctoken_visa"}


def halved(polar: Polar, **session: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """An open session with half of $10.00 taken off, and the discount."""
    body = {"type": "percentage", "name": "Half", "duration": "once", "basis_points": 5000, "code": "HALF"}
    discount = polar.client.post("/v1/discounts/", json=body).json()
    made = polar.create(discount_id=discount["id"], **BUYER, **session).json()
    assert (made["status"], made["total_amount"]) == ("open", 500)
    return made, discount


def change(**body: object) -> PATH:
    return lambda polar, discount: polar.client.patch(f"/v1/discounts/{discount['id']}", json=body)


def delete(polar: Polar, discount: dict[str, Any]) -> httpx2.Response:
    return polar.client.delete(f"/v1/discounts/{discount['id']}")


def restrict(polar: Polar, discount: dict[str, Any]) -> httpx2.Response:
    return change(products=[polar.id("monthly")])(polar, discount)


def charged(polar: Polar, session: dict[str, Any]) -> list[int]:
    """What was taken for the session, by its payments."""
    payments = polar.client.get(f"/v1/payments/?checkout_id={session['id']}").json()["items"]
    return [payment["amount"] for payment in payments if payment["status"] == "succeeded"]


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        (change(basis_points=1000), True),
        (change(basis_points=9000), True),
        (restrict, True),
        (delete, False),
        (change(ends_at="2020-01-01T00:00:00Z"), False),
        (change(starts_at="2098-01-01T00:00:00Z"), False),
    ],
    ids=["lowered", "raised", "restricted", "deleted", "ended", "put off"],
)
def test_a_discount_that_changes_under_an_open_session_never_raises_the_charge(
    polar: Polar, changes: PATH, is_kept: bool
) -> None:
    session, discount = halved(polar)
    assert changes(polar, discount).status_code in (200, 204)
    assert polar.read(session["id"])["total_amount"] == 500
    answer = polar.confirm(session["client_secret"], **TOKEN)
    if is_kept:
        assert (answer.status_code, answer.json()["total_amount"], charged(polar, session)) == (200, 500, [500])
        return
    item = {"type": "value_error", "loc": ["body", "discount_id"], "msg": GONE, "input": discount["id"]}
    assert (answer.status_code, answer.json()) == (422, {"error": BUSINESS, "detail": [item]})
    assert charged(polar, session) == []
    # The buyer takes it away, sees the full price, and that is what they pay.
    assert polar.patch(session["client_secret"], discount_code=None).json()["total_amount"] == 1000
    assert polar.confirm(session["client_secret"], **TOKEN).json()["total_amount"] == 1000
    assert charged(polar, session) == [1000]


def test_an_update_shows_the_discount_as_it_is_now_and_keeps_a_deleted_one(polar: Polar) -> None:
    session, discount = halved(polar)
    change(basis_points=1000)(polar, discount)
    assert polar.update(session, customer_name="Ada").json()["total_amount"] == 900
    delete(polar, discount)
    shown = polar.update(session, customer_name="Ada L.").json()
    assert (shown["total_amount"], shown["discount"]["id"]) == (900, discount["id"])


def test_a_tax_that_begins_after_the_total_was_shown_is_asked_about_once_and_then_paid(
    server: RunningServer, polar: Polar
) -> None:
    session = polar.create(**BUYER).json()
    assert session["total_amount"] == 1000
    decide(server, polar.shop, tax_registrations=("DE",), default_tax_behavior="exclusive")
    answer = polar.confirm(session["client_secret"], **TOKEN)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        [
            {
                "type": "value_error",
                "loc": ["body", "total_amount"],
                "msg": "The total is $11.90 now. Nothing was charged: confirm again to pay it.",
                "input": 1190,
            }
        ],
    )
    shown = polar.read(session["id"])
    assert (shown["status"], shown["total_amount"], charged(polar, session)) == ("open", 1190, [])
    assert polar.confirm(session["client_secret"], **TOKEN).status_code == 200
    assert charged(polar, session) == [1190]


def test_an_address_in_the_confirming_request_may_add_its_tax_but_covers_no_other_change(
    server: RunningServer, polar: Polar
) -> None:
    decide(server, polar.shop, tax_registrations=("DE",), default_tax_behavior="exclusive")
    session = polar.create(customer_email="ada@example.com").json()
    assert (session["total_amount"], session["tax_amount"]) == (1000, None)
    assert polar.confirm(session["client_secret"], **READY).json()["total_amount"] == 1190
    assert charged(polar, session) == [1190]
    known = polar.create(**BUYER).json()
    assert known["total_amount"] == 1190
    decide(server, polar.shop, default_tax_behavior="inclusive")
    answer = polar.confirm(known["client_secret"], **{**READY, "customer_billing_address": {"country": "FR"}})
    assert (answer.status_code, answer.json()["detail"][0]["input"]) == (422, 1000)
    assert charged(polar, known) == []


def test_a_dodo_session_keeps_its_rate_and_its_discount_until_it_is_paid(server: RunningServer, dodo: DodoShop) -> None:
    made = dodo.http.post("/discounts", json={"type": "percentage", "amount": 5000, "code": "HALF"}).json()
    session = dodo.session(discount_code="HALF", billing_address={"country": "US"}, customer={"email": "a@example.com"})
    assert dodo.http.patch(f"/discounts/{made['discount_id']}", json={"amount": 1000}).status_code == 200
    dodo.pay(session)
    assert dodo.payment_of(session)["total_amount"] == 500
