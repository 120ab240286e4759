"""Saved payment methods through both APIs and their clients: listed, charged, removed, and never another customer's."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from dodopayments import DodoPayments, NotFoundError
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2026_10 import Polar as Polar_2026_10
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.domain import ids
from checkstand.testing.demo import DemoShop
from tests.dialects.dodo_place import FULL_ADDRESS, DodoShop, cart
from tests.dialects.polar_http import READY, Polar
from tests.dialects.test_polar_contract import assert_fits
from tests.server import RunningServer


def buyer_of_a_trial(dodo: DodoShop) -> str:
    """A customer whose card was kept by a trial."""
    session = dodo.session("T")
    dodo.pay(session)
    return str(dodo.payment_of(session)["customer"]["customer_id"])


def methods(dodo: DodoShop, customer_id: str) -> list[dict[str, Any]]:
    return list(dodo.http.get(f"/customers/{customer_id}/payment-methods").json()["items"])


def charge(dodo: DodoShop, customer_id: str, method_id: object, **more: object) -> httpx2.Response:
    """The merchant charges what a customer saved."""
    return dodo.create(
        product_cart=cart(),
        confirm=True,
        customer={"customer_id": customer_id},
        billing_address=FULL_ADDRESS,
        payment_method_id=method_id,
        **more,
    )


def test_a_trials_card_is_listed_in_the_shape_of_the_dodo_client(dodo: DodoShop) -> None:
    customer_id = buyer_of_a_trial(dodo)
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as sdk:
        (item,) = sdk.customers.retrieve_payment_methods(customer_id).items
        assert item.payment_method_id.startswith("pm_")
        assert (item.payment_method, item.payment_method_type, item.recurring_enabled) == ("card", "credit", True)
        assert item.last_used_at is not None
        assert item.card is not None
        card = item.card
        assert (card.card_network, card.card_type, card.last4_digits) == ("visa", "credit", "4242")
        assert (card.expiry_month, card.expiry_year, card.card_issuing_country) == ("12", "2034", "US")
        sdk.customers.delete_payment_method(item.payment_method_id, customer_id=customer_id)
        assert sdk.customers.retrieve_payment_methods(customer_id).items == []
        with pytest.raises(NotFoundError):
            sdk.customers.delete_payment_method(item.payment_method_id, customer_id=customer_id)


def test_an_id_of_another_customer_organization_or_nobody_is_answered_with_the_same_404(
    dodo: DodoShop, server: RunningServer
) -> None:
    ada = buyer_of_a_trial(dodo)
    ben = str(dodo.http.post("/customers", json={"email": "b@example.com", "name": "B"}).json()["customer_id"])
    other = DodoShop(server, server.new_shop())
    theirs = buyer_of_a_trial(other)
    (adas,), (others,) = methods(dodo, ada), methods(other, theirs)
    answers = [
        dodo.http.delete(f"/customers/{customer}/payment-methods/{method}")
        for customer, method in (
            (ben, adas["payment_method_id"]),
            (ada, others["payment_method_id"]),
            (theirs, others["payment_method_id"]),
            (ada, ids.short_id("pm", uuid4())),
            (ada, "pm_x"),
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["code"]
    assert dodo.http.get(f"/customers/{theirs}/payment-methods").status_code == 404
    assert (len(methods(dodo, ada)), len(methods(other, theirs))) == (1, 1)


def test_removing_needs_the_right_to_write(dodo: DodoShop) -> None:
    customer_id = buyer_of_a_trial(dodo)
    (card,) = methods(dodo, customer_id)
    path = f"/customers/{customer_id}/payment-methods"
    headers = {"Authorization": f"Bearer {dodo.key('customers:read')}"}
    assert dodo.http.get(path, headers=headers).json()["items"] == [card]
    assert dodo.http.delete(f"{path}/{card['payment_method_id']}", headers=headers).status_code == 403
    assert httpx2.delete(f"{dodo.server.url}{path}/{card['payment_method_id']}").status_code == 401
    assert methods(dodo, customer_id) == [card]


def test_a_merchant_charges_a_saved_card_at_once_and_gets_a_payment_in_place_of_a_page(dodo: DodoShop) -> None:
    customer_id = buyer_of_a_trial(dodo)
    (card,) = methods(dodo, customer_id)
    answer = charge(dodo, customer_id, card["payment_method_id"])
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["checkout_url"] is None
    payment = dodo.http.get(f"/payments/{made['payment_id']}").json()
    assert (payment["status"], payment["payment_method_id"]) == ("succeeded", card["payment_method_id"])
    assert payment["customer"]["customer_id"] == customer_id


def test_what_cannot_be_charged_is_refused_and_a_decline_is_told_by_the_payment(dodo: DodoShop) -> None:
    customer_id = buyer_of_a_trial(dodo)
    other = str(dodo.http.post("/customers", json={"email": "b@example.com", "name": "B"}).json()["customer_id"])
    (card,) = methods(dodo, customer_id)
    for customer, method in ((other, card["payment_method_id"]), (customer_id, "pm_x")):
        refused = charge(dodo, customer, method)
        assert (refused.status_code, refused.json()["code"]) == (422, "NOT_FOUND")
    server = dodo.server
    server.value(
        "UPDATE test_gateway_methods SET behaviour = 'decline:insufficient_funds' WHERE organization_id = $1 RETURNING id",
        dodo.demo.organization.id,
    )
    made = charge(dodo, customer_id, card["payment_method_id"]).json()
    payment = dodo.http.get(f"/payments/{made['payment_id']}").json()
    assert (payment["status"], payment["error_code"]) == ("failed", "INSUFFICIENT_FUNDS")


@pytest.mark.parametrize("client", [Polar_2026_04, Polar_2026_10, Polar_2027_01])
def test_the_polar_clients_list_what_a_subscription_kept(client: type, server: RunningServer, shop: DemoShop) -> None:
    http, sdk = Polar(server, shop), client(shop.polar_token, base_url=server.url)
    made = http.create("monthly", external_customer_id="u1").json()
    assert http.confirm(made["client_secret"], **READY).status_code == 200
    customer_id = http.read(made["id"])["customer_id"]
    (item,) = sdk.customers.list_payment_methods(customer_id).items
    assert (item.type, item.processor, item.customer_id) == ("card", "stripe", customer_id)
    card = item.method_metadata
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("visa", "4242", 12, 2034)
    assert [one.id for one in sdk.customers.list_payment_methods_external("u1").items] == [item.id]
    for path in (f"/v1/customers/{customer_id}", "/v1/customers/external/u1"):
        answer = http.client.get(f"{path}/payment-methods", params={"limit": 1})
        assert answer.json()["pagination"] == {"total_count": 1, "max_page": 1}
        name = "external/{external_id}" if "external" in path else "{id}"
        assert_fits(f"/v1/customers/{name}/payment-methods", "get", answer)


def test_a_polar_session_shows_saved_methods_only_where_the_merchant_names_the_customer_and_asks_for_it(
    server: RunningServer, shop: DemoShop
) -> None:
    http = Polar(server, shop)
    first = http.create("monthly", external_customer_id="u1").json()
    assert http.confirm(first["client_secret"], **READY).status_code == 200
    customer_id = http.read(first["id"])["customer_id"]
    wanted: list[tuple[dict[str, object], bool]] = [
        ({"customer_id": customer_id, "show_saved_payment_methods": True}, True),
        ({"external_customer_id": "u1", "show_saved_payment_methods": True}, True),
        ({"customer_id": customer_id}, False),
        ({"customer_email": "ada@example.com", "show_saved_payment_methods": True}, False),
    ]
    for body, is_shown in wanted:
        answer = http.create(**body)
        page = httpx2.get(answer.json()["url"]).text
        assert ("••••\N{NO-BREAK SPACE}4242" in page) is is_shown, body
        assert "checkstand-ignored-fields" not in answer.headers


def test_the_gateways_own_names_are_in_no_answer(dodo: DodoShop) -> None:
    customer_id = buyer_of_a_trial(dodo)
    polar = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    customer = ids.parse_short_id("cus", customer_id)
    said = [
        dodo.http.get(f"/customers/{customer_id}/payment-methods").text,
        dodo.http.get("/payments").text,
        dodo.http.get(f"/v1/customers/{customer}/payment-methods", headers=polar).text,
        dodo.http.get("/v1/payments/", headers=polar).text,
    ]
    assert not [text for text in said if "tpm_" in text or "tcus_" in text]
