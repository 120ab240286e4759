"""What a purchase leaves behind and tells: its customer and their owner, the count of a discount, payments of every state, labels.

Source: docs/behaviour/polar.md#events, docs/behaviour/polar.md#orders and docs/behaviour/polar.md#payments.
"""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from tests.clients.receiver import Receiver, receiving
from tests.dialects.polar_http import READY, Polar, fixed, seats, units

EVENTS = [
    "checkout.created", "checkout.updated", "checkout.expired", "customer.created", "customer.updated", "member.created",
    "order.created", "order.updated", "order.paid",
]  # fmt: skip


def hear(polar: Polar, receiver: Receiver) -> None:
    body = {"url": receiver.url, "format": "raw", "events": EVENTS}
    assert polar.client.post("/v1/webhooks/endpoints", json=body).status_code == 201


def told(polar: Polar, receiver: Receiver) -> list[dict[str, Any]]:
    """Every event so far, in its order; none of them is told again."""
    assert polar.client.post("/_test/settle").status_code == 200
    found = [hook.event for hook in receiver.hooks]
    receiver.hooks.clear()
    return found


def only_order(polar: Polar, checkout: dict[str, Any]) -> dict[str, Any]:
    (found,) = polar.client.get(f"/v1/orders/?checkout_id={checkout['id']}").json()["items"]
    return dict(found)


def payments(polar: Polar, checkout: dict[str, Any]) -> list[dict[str, Any]]:
    return list(polar.client.get(f"/v1/payments/?checkout_id={checkout['id']}&sorting=created_at").json()["items"])


def resolve(polar: Polar, payment: dict[str, Any], outcome: str) -> None:
    path = f"/_test/payments/{payment['id']}/resolve"
    assert polar.client.post(path, json={"outcome": outcome}).status_code == 200


def test_a_purchase_is_told_from_the_session_to_the_booked_order(polar: Polar) -> None:
    """The session is told as it was confirmed, before the customer whom the purchase makes; the discount counts its redemption."""
    deal = polar.client.post(
        "/v1/discounts/", json={"name": "Deal", "type": "percentage", "basis_points": 2500, "duration": "once"}
    ).json()
    with receiving() as receiver:
        hear(polar, receiver)
        made = polar.create(discount_id=deal["id"]).json()
        assert polar.confirm(made["client_secret"], **READY).status_code == 200
        events = told(polar, receiver)
    kinds = [event["type"] for event in events]
    assert [kind for kind in kinds if not kind.startswith(("customer", "member"))] == [
        "checkout.created", "checkout.updated", "order.created", "order.updated", "order.paid", "checkout.updated",
        "order.updated",
    ]  # fmt: skip
    assert sorted(kind for kind in kinds if kind.startswith(("customer", "member"))) == [
        "customer.created", "member.created"
    ]  # fmt: skip
    sessions = [event["data"] for event in events if event["type"] == "checkout.updated"]
    owner = next(event["data"] for event in events if event["type"] == "member.created")
    assert [(one["status"], one["customer_id"]) for one in sessions] == [
        ("confirmed", None), ("succeeded", owner["customer_id"])
    ]  # fmt: skip
    assert (owner["role"], owner["email"]) == ("owner", READY["customer_email"])
    orders = [event["data"] for event in events if event["type"].startswith("order.")]
    assert [order["discount"]["redemptions_count"] for order in orders] == [1, 1, 1, 1]
    assert only_order(polar, made)["discount"]["redemptions_count"] == 1


def test_a_known_buyer_has_an_owner_already(polar: Polar) -> None:
    with receiving() as receiver:
        hear(polar, receiver)
        for _ in range(2):
            assert polar.confirm(polar.secret(), **READY).status_code == 200
        kinds = [event["type"] for event in told(polar, receiver)]
    assert (kinds.count("customer.created"), kinds.count("member.created"), kinds.count("customer.updated")) == (
        1,
        1,
        1,
    )


def test_a_card_that_is_declined_at_once_leaves_the_session_as_it_was(polar: Polar) -> None:
    declined = {"confirmation_token_id": "ctoken_declined"}
    made = polar.create(customer_email="ada@example.com", customer_billing_address={"country": "FR"}).json()
    assert polar.confirm(made["client_secret"], **declined).status_code == 400
    assert polar.read(made["id"])["modified_at"] is None
    polar.patch(made["client_secret"], customer_name="Ada")
    seen = polar.read(made["id"])["modified_at"]
    assert polar.confirm(made["client_secret"], **declined).status_code == 400
    assert polar.read(made["id"])["modified_at"] == seen
    assert polar.confirm(made["client_secret"], customer_name="Bea", **declined).status_code == 400
    after = polar.read(made["id"])
    assert (after["customer_name"], after["modified_at"] > seen) == ("Bea", True), "what the request changed stays"


def test_a_payment_has_a_trigger_with_its_verdict_and_an_order_once_it_is_paid(polar: Polar) -> None:
    made = polar.create().json()
    assert (
        polar.confirm(made["client_secret"], **{**READY, "confirmation_token_id": "ctoken_declined"}).status_code == 400
    )
    assert polar.confirm(made["client_secret"], **{**READY, "confirmation_token_id": "ctoken_processing"}).is_success
    states = [(one["status"], one["trigger"], one["order_id"]) for one in payments(polar, made)]
    assert states == [("failed", "purchase", None), ("pending", None, None)]
    resolve(polar, payments(polar, made)[1], "succeeded")
    order_id = only_order(polar, made)["id"]
    states = [(one["status"], one["trigger"], one["order_id"]) for one in payments(polar, made)]
    assert states == [("failed", "purchase", None), ("succeeded", "purchase", order_id)]
    assert {one["method_metadata"]["last4"] for one in payments(polar, made)} == {"4242"}


def test_a_payment_that_fails_later_lacks_funds_unless_the_test_says_otherwise(polar: Polar) -> None:
    made = polar.create().json()
    polar.confirm(made["client_secret"], **{**READY, "confirmation_token_id": "ctoken_processing"})
    resolve(polar, payments(polar, made)[0], "failed")
    assert payments(polar, made)[0]["decline_reason"] == "insufficient_funds"
    assert polar.read(made["id"])["customer_id"] is not None, "who tried to pay stays known"


def test_what_was_bought_is_named_with_its_count(polar: Polar) -> None:
    calls = {"en": {"one": "call", "other": "calls"}}
    team, solo = polar.selling(fixed(500), seats((1, None, 300))), polar.selling(seats((1, None, 0)))
    plain = polar.selling(units((None, 20)), every="month")
    named = polar.selling({**units((None, 20)), "unit_label": calls}, every="month", name="Calls")
    cases: dict[tuple[str, str], list[str]] = {
        (team, "seats"): ["Thing", "Thing (3 seats)"],
        (solo, "seats"): ["Thing (3 seats)"],
        (plain, "units"): ["Thing (3 units)"],
        (named, "units"): ["Calls (3 calls)"],
    }
    found = {}
    for number, (product, noun) in enumerate(cases):
        made = polar.sold(product, **{noun: 3})
        answer = polar.confirm(made["client_secret"], **{**READY, "customer_email": f"buyer{number}@example.com"})
        assert answer.status_code == 200, answer.text
        order = only_order(polar, made)
        found[product, noun] = [item["label"] for item in order["items"]]
        assert order["description"] == order["product"]["name"]
        assert order["customer"]["type"] == ("team" if noun == "seats" else "individual")
    assert found == cases


def test_one_seat_is_a_seat_and_makes_a_team_that_is_told(polar: Polar) -> None:
    with receiving() as receiver:
        hear(polar, receiver)
        made = polar.sold(polar.selling(seats((1, None, 0))))
        assert polar.confirm(made["client_secret"], customer_email="ada@example.com").status_code == 200
        events = told(polar, receiver)
    types = [(event["type"], event["data"]["type"]) for event in events if event["type"].startswith("customer.")]
    assert types == [("customer.created", "individual"), ("customer.updated", "team")]
    assert only_order(polar, made)["items"][0]["label"] == "Thing (1 seat)"


def test_a_paid_session_is_gone_for_clients_when_its_time_is_over_and_our_page_still_shows_it(polar: Polar) -> None:
    made = polar.create().json()
    polar.confirm(made["client_secret"], **READY)
    assert polar.client.post("/_test/clock", json={"advance": "PT25H"}).status_code == 200
    path = f"{polar.url}/v1/checkouts/client/{made['client_secret']}"
    late = [
        httpx2.get(path),
        polar.patch(made["client_secret"], customer_name="x"),
        polar.confirm(made["client_secret"]),
    ]
    assert [answer.status_code for answer in late] == [410, 410, 410]
    assert polar.patch(made["client_secret"], customer_email="x").status_code == 422, "a wrong body is told first"
    assert polar.read(made["id"])["status"] == "succeeded"
    page = httpx2.get(f"{polar.url}/checkout/{made['client_secret']}/confirmation", follow_redirects=True)
    assert page.status_code == 200


@pytest.mark.parametrize("code", ["", "  ", "\t"])
def test_a_blank_discount_code_is_a_code_that_nobody_has(polar: Polar, code: str) -> None:
    made = polar.create(discount_id=str(polar.shop.discount.id)).json()
    answer = polar.patch(made["client_secret"], discount_code=code)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "discount_code"])
    assert re.match("Discount does not exist", answer.json()["detail"][0]["msg"])
    assert polar.read(made["id"])["discount_id"] == str(polar.shop.discount.id)
    assert polar.patch(made["client_secret"], discount_code=None).json()["discount_id"] is None
