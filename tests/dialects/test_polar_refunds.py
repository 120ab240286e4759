"""Refunds through the Polar API: amounts, statuses, refusals, lists, and what the merchant's webhooks tell."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_04.errors import RefundedAlready
from polar.v2026_04.webhooks import validate_event
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.flows.organizations.authenticate import create_token
from tests.clients.receiver import receiving
from tests.dialects.polar_http import READY, SCHEMA, Polar, assert_refused, assert_wrong, decide
from tests.dialects.test_polar_contract import assert_fits, assert_matches
from tests.server import RunningServer
from tests.shared_folder import contract


def bought(polar: Polar, label: str = "one_time", **body: object) -> dict[str, Any]:
    """A paid order."""
    made = polar.create(label, **body).json()
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    return order(polar, polar.client.get(f"/v1/orders/?checkout_id={made['id']}").json()["items"][0]["id"])


def key_for(polar: Polar, server: RunningServer, *scopes: str) -> dict[str, str]:
    """The header of a new token that may do this much."""
    services, organization_id = server.services, polar.shop.organization.id
    made = create_token(
        services.ports, services.authenticator, organization_id, name="some", dialect="polar", scopes=scopes
    )
    return {"Authorization": f"Bearer {server.run(made)[1]}"}


def order(polar: Polar, order_id: str) -> dict[str, Any]:
    return dict(polar.client.get(f"/v1/orders/{order_id}").json())


def refund(polar: Polar, order_id: str, amount: int, **body: object) -> httpx2.Response:
    asked = {"order_id": order_id, "amount": amount, "reason": "customer_request", **body}
    return polar.client.post("/v1/refunds/", json=asked)


def money(shown: dict[str, Any]) -> tuple[object, ...]:
    names = ("status", "refunded_amount", "refunded_tax_amount", "refundable_amount", "refundable_tax_amount")
    return tuple(shown[name] for name in names)


def test_a_part_and_then_the_rest_give_back_exactly_net_and_tax(polar: Polar, server: RunningServer) -> None:
    decide(server, polar.shop, tax_registrations=("DE",), default_tax_behavior="exclusive")
    paid = bought(polar)
    assert (paid["net_amount"], paid["tax_amount"], *money(paid)) == (1000, 190, "paid", 0, 0, 1000, 190)
    answer = refund(polar, paid["id"], 333, comment="Too small", metadata={"ticket": 7})
    part = answer.json()
    assert_fits("/v1/refunds/", "post", answer)
    assert (answer.status_code, part["status"], part["amount"], part["tax_amount"]) == (201, "succeeded", 333, 63)
    assert (part["currency"], part["reason"], part["metadata"]) == ("usd", "customer_request", {"ticket": 7})
    assert (part["order_id"], part["customer_id"]) == (paid["id"], paid["customer_id"])
    assert money(order(polar, paid["id"])) == ("partially_refunded", 333, 63, 667, 127)
    assert_wrong(
        refund(polar, paid["id"], 668), (["amount"], "value_error", "Refund amount exceeds refundable amount", 668)
    )
    assert refund(polar, paid["id"], 667).json()["tax_amount"] == 127
    whole = order(polar, paid["id"])
    assert (whole["paid"], *money(whole)) == (True, "refunded", 1000, 190, 0, 0)
    again = refund(polar, paid["id"], 1)
    assert (again.status_code, again.json()) == (
        403,
        {"error": "RefundedAlready", "detail": f"Order is already fully refunded: {paid['id']}"},
    )
    assert_fits("/v1/refunds/", "post", again)


def test_an_order_tells_of_its_buyer_in_public_by_the_first_letter_alone(polar: Polar) -> None:
    assert bought(polar, customer_name="Ada")["user"]["public_name"] == "A"
    session = polar.create().json()
    assert polar.confirm(session["client_secret"], **{**READY, "customer_email": "bob@example.com"}).status_code == 200
    order_of = polar.client.get(f"/v1/orders/?checkout_id={session['id']}").json()["items"][0]
    assert order_of["user"]["public_name"] == "b"


def test_orders_are_read_with_their_own_scope_alone(polar: Polar, server: RunningServer) -> None:
    paid = bought(polar)
    for scopes, status in ((["orders:write"], 403), (["orders:read"], 200)):
        key = key_for(polar, server, *scopes)
        assert polar.client.get(f"/v1/orders/{paid['id']}", headers=key).status_code == status


def test_what_was_due_of_an_order_is_its_total_paid_and_given_back_or_not(polar: Polar) -> None:
    paid = bought(polar)
    assert (paid["total_amount"], paid["due_amount"]) == (1000, 1000)
    assert refund(polar, paid["id"], 1000).status_code == 201
    assert order(polar, paid["id"])["due_amount"] == 1000


def test_what_cannot_be_refunded_is_refused_by_field(polar: Polar, server: RunningServer) -> None:
    free, unknown = bought(polar, "free"), str(uuid4())
    assert_wrong(
        refund(polar, free["id"], 1), (["amount"], "value_error", "Refund amount exceeds refundable amount", 1)
    )
    assert_wrong(refund(polar, unknown, 1), (["order_id"], "value_error", "Order not found", unknown))
    other = Polar(server, server.new_shop())
    paid = bought(polar)
    assert_wrong(refund(other, paid["id"], 1), (["order_id"], "value_error", "Order not found", paid["id"]))
    assert_refused(refund(polar, paid["id"], 0), SCHEMA, ["body", "amount"], "greater_than")
    assert_refused(refund(polar, paid["id"], 1, reason="dispute_prevention"), SCHEMA, ["body", "reason"], "enum")
    assert money(order(polar, paid["id"])) == ("paid", 0, 0, 1000, 0)


def test_a_refund_of_a_subscriptions_order_cannot_end_its_benefits(polar: Polar) -> None:
    paid = bought(polar, "monthly")
    answer = refund(polar, paid["id"], 500, revoke_benefits=True)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "RevokeSubscriptionBenefitsProhibited",
        "detail": "Subscription benefits can only be revoked upon cancellation",
    }
    assert refund(polar, paid["id"], 500).status_code == 201


def test_a_disputed_payment_is_not_refunded_until_the_dispute_is_won(polar: Polar) -> None:
    paid = bought(polar)
    assert polar.client.post(f"/_test/payments/{paid['id']}/dispute", json={}).status_code == 200
    answer = refund(polar, paid["id"], 100)
    assert (answer.status_code, answer.json()["error"]) == (403, "RefundDisputedPayment")
    assert polar.client.post(f"/_test/payments/{paid['id']}/dispute", json={"outcome": "won"}).status_code == 200
    assert refund(polar, paid["id"], 100).status_code == 201


def test_the_list_can_be_narrowed_and_sorted(polar: Polar) -> None:
    one, two = bought(polar, external_customer_id="u1"), bought(polar)
    small = refund(polar, one["id"], 100).json()["id"]
    large = refund(polar, two["id"], 900).json()["id"]

    def listed(query: str = "") -> list[str]:
        answer = polar.client.get(f"/v1/refunds/?{query}")
        assert_fits("/v1/refunds/", "get", answer)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert listed() == [large, small]
    assert listed("sorting=amount") == [small, large]
    assert listed(f"order_id={one['id']}") == [small]
    assert listed(f"id={large}") == [large]
    assert set(listed(f"id={large}&id={small}")) == {large, small}
    assert listed("external_customer_id=u1") == [large, small], "the same e-mail address is the same customer"
    assert listed("external_customer_id=u2") == []
    assert (listed("succeeded=true"), listed("succeeded=false")) == ([large, small], [])
    assert listed(f"customer_id={uuid4()}") == listed(f"subscription_id={uuid4()}") == []
    assert listed(f"organization_id={uuid4()}") == []
    assert listed("limit=1&page=2") == [small]


def test_a_repeated_request_under_one_key_refunds_once(polar: Polar) -> None:
    paid = bought(polar)
    asked = {"order_id": paid["id"], "amount": 100, "reason": "other"}
    key = {"Idempotency-Key": str(uuid4())}
    first, second = (polar.client.post("/v1/refunds/", json=asked, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert money(order(polar, paid["id"]))[1] == 100


def test_a_token_that_may_only_read_refunds_cannot_make_one(polar: Polar, server: RunningServer) -> None:
    paid, reader = bought(polar), key_for(polar, server, "refunds:read")
    asked = {"order_id": paid["id"], "amount": 1, "reason": "other"}
    assert httpx2.get(f"{polar.url}/v1/refunds/", headers=reader).status_code == 200
    assert httpx2.post(f"{polar.url}/v1/refunds/", json=asked, headers=reader).status_code == 403


@pytest.mark.parametrize("client", [Polar_2026_04, Polar_2026_10, Polar_2027_01], ids=["2026-04", "2026-10", "2027-01"])
def test_the_official_clients_refund_and_list_typed(client: type, polar: Polar) -> None:
    sdk = client(polar.shop.polar_token, base_url=polar.url)
    paid = bought(polar)
    made = sdk.refunds.create(order_id=paid["id"], reason="duplicate", amount=400, metadata={"a": "b"})
    assert (made.amount, made.status, made.reason) == (400, "succeeded", "duplicate")
    assert [item.id for item in sdk.refunds.list(order_id=paid["id"], succeeded=True).items] == [made.id]
    assert sdk.orders.get(paid["id"]).status == "partially_refunded"
    sdk.refunds.create(order_id=paid["id"], reason="other", amount=600)
    with pytest.raises(Exception, match="fully refunded") as again:
        sdk.refunds.create(order_id=paid["id"], reason="other", amount=1)
    assert type(again.value).__name__ == RefundedAlready.__name__


def test_webhooks_tell_of_the_refund_and_of_the_order_as_they_were(polar: Polar) -> None:
    events = ["refund.created", "refund.updated", "order.refunded", "order.updated"]
    paid = bought(polar)
    with receiving() as receiver:
        body = {"url": receiver.url, "format": "raw", "events": events}
        secret = polar.client.post("/v1/webhooks/endpoints", json=body).json()["secret"]
        assert refund(polar, paid["id"], 300).status_code == 201
        assert refund(polar, paid["id"], 700).status_code == 201
        assert polar.client.post("/_test/settle").status_code == 200
        hooks = list(receiver.hooks)
    told = [hook.event for hook in hooks]
    order_of_one = ["refund.created", "order.updated", "order.refunded", "refund.updated"]
    assert [event["type"] for event in told] == order_of_one * 2
    assert [(event["data"]["amount"], event["data"]["status"]) for event in told if "refund." in event["type"]] == [
        (300, "succeeded"),
        (300, "succeeded"),
        (700, "succeeded"),
        (700, "succeeded"),
    ]
    assert [money(event["data"])[:2] for event in told if event["type"] == "order.refunded"] == [
        ("partially_refunded", 300),
        ("refunded", 1000),
    ]
    assert {event["data"]["receipt_number"] for event in told if event["type"] == "order.updated"} != {None}
    for hook in hooks:
        loaded = validate_event(hook.body.encode(), hook.headers, secret)
        assert loaded.type == hook.event["type"]
        if contract("polar.json"):
            name = "Refund" if loaded.type.startswith("refund") else "Order"
            assert_matches({"$ref": f"#/components/schemas/{name}"}, hook.event["data"])
