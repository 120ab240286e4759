"""The life of a session through the Polar dialect: updates by merchant and buyer, confirm, what is there afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from checkstand.domain.payment import Instrument, decline
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.store import organizations
from checkstand.store.sales.payments import ATTEMPTS
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import BUSINESS, READY, SCHEMA, Polar, assert_refused
from tests.server import RunningServer
from tests.tables import table

MANY = "json-or-python[json=list[{}],python=chain[is-instance[Sequence],function-wrap[sequence_validator()]]]"
INVALID = "Input should be a valid UUID, invalid character: found `{}` at 1"
STATUSES = "Input should be 'open', 'expired', 'confirmed', 'succeeded' or 'failed'"


def later(server: RunningServer, shop: DemoShop, by: timedelta) -> None:
    """Move the shop's clock."""
    services, organization_id = server.services, shop.organization.id

    async def move() -> None:
        await organizations.set_clock(services.ports.db, organization_id, int(by.total_seconds() * 1_000_000))
        await services.ports.cache.changed(services.ports.db, organization_id)

    server.run(move())


# ---------------------------------------------------------------- reading


def test_unknown_secret(polar: Polar) -> None:
    answer = httpx2.get(f"{polar.url}/v1/checkouts/client/polar_c_{'x' * 43}")
    assert (answer.status_code, answer.json()) == (404, {"error": "ResourceNotFound", "detail": "Not found"})


def test_a_session_past_its_time_is_gone_for_the_buyer_and_not_for_the_merchant(
    server: RunningServer, polar: Polar
) -> None:
    made = polar.create().json()
    later(server, polar.shop, timedelta(hours=25))
    answer = httpx2.get(f"{polar.url}/v1/checkouts/client/{made['client_secret']}")
    body = {"error": "ExpiredCheckoutError", "detail": "This checkout session has expired."}
    assert (answer.status_code, answer.json()) == (410, body)
    assert polar.client.get(f"/v1/checkouts/{made['id']}").status_code == 200


def test_the_buyer_sees_no_metadata_and_the_organization_instead(polar: Polar) -> None:
    shown = httpx2.get(f"{polar.url}/v1/checkouts/client/{polar.secret(metadata={'a': 'b'})}").json()
    assert not {"metadata", "customer_metadata", "external_customer_id"} & set(shown)
    assert shown["organization"]["slug"] == polar.shop.organization.slug


def test_a_buyers_endpoint_with_a_merchants_token_works_and_with_a_bad_one_is_401(polar: Polar) -> None:
    path = f"/v1/checkouts/client/{polar.secret()}"
    assert polar.client.get(path).status_code == 200
    bad = polar.client.get(path, headers={"Authorization": "Bearer polar_oat_nope"})
    assert (bad.status_code, bad.json()["error"]) == (401, "invalid_token")
    assert bad.headers["pragma"] == "no-cache"


# ---------------------------------------------------------------- merchant updates


def test_of_another_organization(server: RunningServer, polar: Polar) -> None:
    stranger = Polar(server, server.new_shop())
    checkout_id = polar.create().json()["id"]
    for answer in (
        stranger.client.get(f"/v1/checkouts/{checkout_id}"),
        stranger.client.patch(f"/v1/checkouts/{checkout_id}", json={"metadata": {}}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "ResourceNotFound")


def test_a_product_that_is_not_offered(polar: Polar) -> None:
    made = polar.create().json()
    answer = polar.client.patch(f"/v1/checkouts/{made['id']}", json={"product_id": polar.id("free")})
    assert_refused(
        answer, BUSINESS, ["body", "product_id"], "value_error", "Product is not available in this checkout."
    )
    assert polar.read(made["id"]) == made


@pytest.mark.parametrize("amount", [10, 25, 49])
def test_the_gap_below_the_smallest_charge(polar: Polar, amount: int) -> None:
    product = polar.product(prices=[{"amount_type": "custom", "minimum_amount": 0, "preset_amount": 0}])
    made = polar.create(products=[product["id"]]).json()
    answer = polar.client.patch(f"/v1/checkouts/{made['id']}", json={"amount": amount})
    assert_refused(answer, BUSINESS, ["body", "amount"], "invalid_amount", "Amount must be 0 or at least $0.50.")
    assert polar.read(made["id"])["modified_at"] is None


def test_the_country_of_a_stored_tax_id(polar: Polar) -> None:
    made = polar.create(customer_tax_id="FR61954506077", customer_billing_address={"country": "FR"}).json()
    answer = polar.client.patch(
        f"/v1/checkouts/{made['id']}", json={"customer_billing_address": {"country": "US", "state": "NY"}}
    )
    assert_refused(answer, BUSINESS, ["body", "customer_tax_id"], "value_error", "Invalid tax ID.")
    assert polar.read(made["id"]) == made


def test_clearing_what_businesses_have(polar: Polar) -> None:
    made = polar.create(
        customer_tax_id="FR61954506077", customer_billing_address={"country": "FR"}, customer_billing_name="ACME"
    ).json()
    body = {"customer_billing_address": {"country": "US", "state": "NY"}, "customer_tax_id": None}
    cleared = polar.client.patch(f"/v1/checkouts/{made['id']}", json=body).json()
    assert (cleared["customer_tax_id"], cleared["customer_billing_address"]["state"]) == (None, "US-NY")
    body = {"is_business_customer": False, "customer_billing_name": "Other"}
    assert polar.client.patch(f"/v1/checkouts/{made['id']}", json=body).json()["customer_billing_name"] is None


def test_an_amount_on_a_fixed_price_is_ignored(polar: Polar) -> None:
    made = polar.create().json()
    changed = polar.client.patch(f"/v1/checkouts/{made['id']}", json={"amount": 1})
    assert (changed.status_code, changed.json()["amount"]) == (200, 1000)


def test_metadata_is_replaced_kept_or_refused(polar: Polar) -> None:
    path = f"/v1/checkouts/{polar.create(metadata={'a': 'b'}).json()['id']}"
    assert polar.client.patch(path, json={}).json()["metadata"] == {"a": "b"}
    assert polar.client.patch(path, json={"metadata": {}}).json()["metadata"] == {}
    assert_refused(polar.client.patch(path, json={"metadata": None}), SCHEMA, ["body", "metadata"], "dict_type")


def test_null_means_unchanged_where_it_could_mean_nothing_else(polar: Polar) -> None:
    made = polar.create(require_billing_address=True).json()
    body = dict.fromkeys(
        ("seats", "units", "allow_discount_codes", "require_billing_address", "is_business_customer", "amount")
    )
    changed = polar.client.patch(f"/v1/checkouts/{made['id']}", json=body)
    assert changed.status_code == 200
    assert (changed.json()["require_billing_address"], changed.json()["amount"]) == (True, 1000)


def test_switching_between_offered_products(polar: Polar) -> None:
    wanted = [polar.id("one_time"), polar.id("monthly")]
    made = polar.create(products=wanted).json()
    changed = polar.patch(made["client_secret"], product_id=wanted[1]).json()
    assert (changed["product_id"], changed["amount"], changed["product"]["name"]) == (wanted[1], 2000, "Studio Monthly")
    assert changed["is_payment_setup_required"] is True


def test_a_currency_that_the_product_lacks(polar: Polar) -> None:
    made = polar.create().json()
    answer = polar.client.patch(f"/v1/checkouts/{made['id']}", json={"currency": "eur"})
    assert_refused(
        answer, BUSINESS, ["body", "currency"], "value_error", "Product is not available in the specified currency."
    )
    assert polar.read(made["id"]) == made


# ---------------------------------------------------------------- buyer updates


def test_fields_that_only_merchants_may_set_are_ignored_and_named(polar: Polar) -> None:
    answer = polar.patch(polar.secret(), metadata={"a": 1}, success_url="https://evil.example/")
    assert answer.status_code == 200
    assert answer.headers["checkstand-ignored-fields"] == "metadata, success_url"
    assert "evil" not in answer.json()["success_url"]


def test_discount_codes(polar: Polar) -> None:
    secret = polar.secret()
    unknown = polar.patch(secret, discount_code="NOPE")
    assert_refused(unknown, BUSINESS, ["body", "discount_code"], "value_error", "Discount does not exist.")
    assert unknown.json()["detail"][0]["input"] is None
    applied = polar.patch(secret, discount_code="\t welcome20 ").json()
    assert (applied["discount_amount"], applied["total_amount"]) == (200, 800)
    removed = polar.patch(secret, discount_code=None).json()
    assert (removed["discount"], removed["total_amount"]) == (None, 1000)


def test_upi_asks_for_the_whole_address(polar: Polar) -> None:
    secret = polar.secret()
    for method, mode in (("upi", "required"), ("card", "disabled")):
        fields = polar.patch(secret, payment_method_type=method).json()["billing_address_fields"]
        assert (fields["line1"], fields["city"], fields["postal_code"]) == (mode, mode, mode)


def test_a_buyer_may_give_up_the_trial_but_not_ask_for_one(polar: Polar) -> None:
    secret = polar.secret("trial")
    assert polar.patch(secret, allow_trial=False).json()["active_trial_interval"] is None
    assert_refused(
        polar.patch(secret, allow_trial=True),
        SCHEMA,
        ["body", "allow_trial"],
        "literal_error",
        "Input should be False",
    )


# ---------------------------------------------------------------- confirm


def paths(answer: httpx2.Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {".".join(map(str, item["loc"][1:])) for item in answer.json()["detail"]}


def test_with_nothing(polar: Polar) -> None:
    address = {"customer_billing_address", "customer_billing_address.country"}
    assert paths(polar.confirm(polar.secret())) == {"customer_email", "confirmation_token_id", *address}


def test_parts_of_an_address(polar: Polar) -> None:
    secret = polar.secret()
    us = polar.confirm(secret, **{**READY, "customer_billing_address": {"country": "US"}})
    assert paths(us) == {f"customer_billing_address.{part}" for part in ("state", "line1", "city", "postal_code")}
    canada = polar.confirm(secret, **{**READY, "customer_billing_address": {"country": "CA"}})
    assert paths(canada) == {"customer_billing_address.state"}


def test_a_second_confirm_is_refused(polar: Polar) -> None:
    made = polar.create().json()
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    again = polar.confirm(made["client_secret"], **READY)
    body = {"error": "NotOpenCheckout", "detail": f"Checkout {made['id']} is not open: succeeded"}
    assert (again.status_code, again.json()) == (403, body)


def test_an_external_id_that_is_somebody_elses(polar: Polar) -> None:
    assert polar.confirm(polar.secret(external_customer_id="u1"), **READY).status_code == 200
    # The first buyer's session was open before the id was known, so it is not linked to that customer.
    other = polar.confirm(polar.secret(), **{**READY, "customer_email": "eve@example.com"})
    assert other.status_code == 200
    linked = polar.create(external_customer_id="u1").json()
    assert linked["customer_email"] == "ada@example.com"


def test_the_email_of_a_known_customer_finds_them_and_sets_no_external_id(polar: Polar) -> None:
    polar.confirm(polar.secret(), **READY)
    polar.confirm(polar.secret(external_customer_id="u9"), **{**READY, "customer_email": "ADA@example.com"})
    listed = polar.client.get("/v1/customers/").json()
    assert listed["pagination"]["total_count"] == 1
    assert listed["items"][0]["external_id"] is None


def test_a_price_archived_meanwhile(polar: Polar) -> None:
    product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 900}])
    secret = polar.secret(products=[product["id"]])
    new = [{"amount_type": "fixed", "price_amount": 800}]
    assert polar.client.patch(f"/v1/products/{product['id']}", json={"prices": new}).status_code == 200
    answer = polar.confirm(secret, **READY)
    assert_refused(answer, BUSINESS, ["body", "product_price_id"], "value_error", "Price is archived.")


def test_a_valid_payment(polar: Polar) -> None:
    made = polar.create(external_customer_id="u7", customer_metadata={"plan": "gold"}, metadata={"cart": "c-1"}).json()
    answer = polar.confirm(made["client_secret"], **READY)
    shown = answer.json()
    assert (answer.status_code, shown["status"]) == (200, "confirmed")
    assert shown["payment_processor_metadata"]["intent_status"] == "succeeded"
    assert polar.read(made["id"])["status"] == "succeeded"
    customer = polar.client.get("/v1/customers/external/u7").json()
    assert (customer["email"], customer["metadata"]) == ("ada@example.com", {"plan": "gold"})
    order = polar.client.get("/v1/orders/", params={"checkout_id": made["id"]}).json()["items"][0]
    assert (order["total_amount"], order["metadata"], order["billing_reason"]) == (1000, {"cart": "c-1"}, "purchase")
    assert order["customer"]["external_id"] == "u7"


def test_a_free_product_needs_an_email_and_no_card(polar: Polar) -> None:
    made = polar.create("free").json()
    assert paths(polar.confirm(made["client_secret"])) == {"customer_email"}
    assert polar.confirm(made["client_secret"], customer_email="a@example.com").status_code == 200
    assert polar.read(made["id"])["status"] == "succeeded"
    assert polar.client.get("/v1/payments/").json()["items"] == []


def test_a_code_in_the_confirm_body_is_applied_before_charging(polar: Polar) -> None:
    made = polar.create().json()
    assert polar.confirm(made["client_secret"], discount_code="WELCOME20", **READY).status_code == 200
    payment = polar.client.get("/v1/payments/", params={"checkout_id": made["id"]}).json()["items"][0]
    assert (payment["amount"], payment["status"], payment["method_metadata"]) == (
        800,
        "succeeded",
        {"brand": "visa", "last4": "4242"},
    )


def test_a_trial_saves_the_card_and_its_order_is_all_zero(polar: Polar) -> None:
    made = polar.create("trial").json()
    assert polar.confirm(made["client_secret"], **READY).status_code == 200
    order = polar.client.get("/v1/orders/").json()["items"][0]
    assert (order["total_amount"], order["billing_reason"]) == (0, "subscription_create")
    label = order["items"][0]["label"]
    assert re.fullmatch(
        r"Trial period for Studio with Trial \([A-Z][a-z]{2} \d{1,2}, \d{4} - [A-Z][a-z]{2} \d{1,2}, \d{4}\)", label
    )
    assert (order["items"][0]["product_price_id"], order["description"]) == (None, "Studio with Trial")
    assert order["product_price"]["id"] == order["product_price_id"], "clients before 0.31 need a price there"


@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        ("ctoken_declined", "generic_decline", "Your card was declined."),
        ("ctoken_insufficient_funds", "insufficient_funds", "Your card has insufficient funds."),
        ("ctoken_expired", "expired_card", "Your card has expired."),
        ("ctoken_of_nobody", "unknown_token", "The payment details were not recognised."),
    ],
)
def test_a_decline_leaves_the_session_open_and_can_be_paid_after(
    polar: Polar, token: str, code: str, said: str
) -> None:
    made = polar.create().json()
    answer = polar.confirm(made["client_secret"], **{**READY, "confirmation_token_id": token})
    assert (answer.status_code, answer.json()["error"]) == (400, "PaymentError")
    told = f"The payment failed: {said} Please try again with a different payment method."
    assert answer.json()["detail"] == told
    assert answer.json()["decline_code"] == code
    assert polar.read(made["id"])["status"] == "open"
    assert polar.client.get("/v1/customers/").json()["items"] == []
    failed = polar.client.get("/v1/payments/", params={"status": "failed"}).json()["items"]
    assert [item["decline_reason"] for item in failed] == [code]
    assert polar.confirm(made["client_secret"], **READY).status_code == 200


def test_a_card_of_which_the_gateway_told_nothing_is_listed_as_an_unknown_one(
    server: RunningServer, polar: Polar
) -> None:
    made = polar.create().json()
    polar.confirm(made["client_secret"], **{**READY, "confirmation_token_id": "ctoken_3ds"})
    listed = polar.client.get("/v1/payments/", params={"checkout_id": made["id"]}).json()["items"][0]
    ports = server.services.ports
    attempt = server.run(ATTEMPTS.by_id(ports.db, polar.shop.organization.id, UUID(listed["id"])))
    assert attempt is not None
    untold = decline("generic_decline", instrument=Instrument(method="card"))
    server.run(settle_payment(ports, attempt, untold))
    payment = polar.client.get(f"/v1/payments/{listed['id']}").json()
    assert (payment["status"], payment["method"]) == ("failed", "card")
    assert payment["method_metadata"] == {"brand": "unknown", "last4": "0000"}


def test_three_d_secure_waits_for_the_buyer_at_the_bank(polar: Polar) -> None:
    made = polar.create().json()
    answer = polar.confirm(made["client_secret"], **{**READY, "confirmation_token_id": "ctoken_3ds"}).json()
    intent = answer["payment_processor_metadata"]
    assert (answer["status"], intent["intent_status"]) == ("confirmed", "requires_action")
    assert intent["next_action_url"].startswith(f"{polar.url}/bank/")
    assert polar.read(made["id"])["status"] == "confirmed"
    assert polar.client.get("/v1/orders/").json()["items"] == []


def test_a_late_confirm_is_410_and_charges_nothing(server: RunningServer, polar: Polar) -> None:
    secret = polar.secret()
    later(server, polar.shop, timedelta(hours=24, seconds=1))
    assert polar.confirm(secret, **READY).status_code == 410
    assert polar.client.get("/v1/payments/").json()["items"] == []


# ---------------------------------------------------------------- lists


def test_paging_and_sorting(polar: Polar) -> None:
    polar.create()
    listed = polar.client.get("/v1/checkouts/", params={"limit": 1000}).json()
    assert listed["pagination"] == {"total_count": 1, "max_page": 1}
    assert_refused(polar.client.get("/v1/checkouts/?page=0"), SCHEMA, ["query", "page"], "greater_than")
    assert_refused(polar.client.get("/v1/checkouts/?sorting=foo"), SCHEMA, ["query", "sorting", 0], "enum")
    far = polar.client.get("/v1/checkouts/", params={"page": 10**15}).json()
    assert far == {"items": [], "pagination": {"total_count": 1, "max_page": 1}}


def test_filters_narrow_a_list(polar: Polar) -> None:
    paid = polar.create(external_customer_id="u1", customer_email="Grace@example.com").json()
    polar.confirm(paid["client_secret"], **READY)
    polar.create("monthly")
    path = "/v1/checkouts/"
    for params in (
        {"status": "succeeded"},
        {"product_id": polar.id("one_time")},
        {"external_customer_id": "u1"},
        {"query": "ada@"},
        {"status": ["succeeded", "failed"]},
    ):
        found = polar.client.get(path, params=params).json()
        assert [item["id"] for item in found["items"]] == [paid["id"]], params
    assert polar.client.get(path, params={"organization_id": str(uuid4())}).json()["items"] == []


@table(
    ("query", "first", "second"),
    [
        (
            "product_id=x&product_id=y",
            ("uuid_type", ["uuid"], "UUID input should be a string, bytes or UUID object", ["x", "y"]),
            ("uuid_parsing", [MANY.format("uuid"), 0], INVALID.format("x"), "x"),
        ),
        (
            "status=open&status=odd",
            ("enum", ["str-enum[CheckoutStatus]"], STATUSES, ["open", "odd"]),
            ("enum", [MANY.format("str-enum[CheckoutStatus]"), 1], STATUSES, "odd"),
        ),
    ],
)
def test_a_filter_of_one_value_or_several_is_refused_as_both(
    polar: Polar, query: str, first: tuple[object, ...], second: tuple[object, ...]
) -> None:
    answer = polar.client.get(f"/v1/checkouts/?{query}")
    assert answer.status_code == 422
    name = query.partition("=")[0]
    told = [(one["type"], one["loc"], one["msg"], one["input"]) for one in answer.json()["detail"][:2]]
    assert told == [(kind, ["query", name, *where], said, given) for kind, where, said, given in (first, second)]


def test_an_unknown_version(polar: Polar) -> None:
    answer = polar.client.get("/v1/checkouts/", headers={"Polar-Version": "2020-01"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert "polar-version" not in answer.headers
    assert (
        polar.client.get("/v1/checkouts/", headers={"Polar-Version": "2026-10"}).headers["polar-version"] == "2026-10"
    )


def test_a_test_card_never_pays_a_live_organization_and_free_products_can_be_had(
    server: RunningServer, polar: Polar
) -> None:
    paid, free = polar.secret(), polar.secret("free")
    db, organization_id = server.services.ports.db, polar.shop.organization.id
    server.run(db.execute("UPDATE organizations SET mode = 'live' WHERE id = $1", organization_id))
    server.services.ports.cache.forget(organization_id)
    refused_confirm = polar.confirm(paid, **READY)
    body = {"error": "PaymentNotReady", "detail": "Organization is not ready to accept payments"}
    assert (refused_confirm.status_code, refused_confirm.json()) == (403, body)
    assert server.value("SELECT count(*) FROM orders WHERE organization_id = $1", organization_id) == 0
    assert polar.confirm(free, customer_email="a@example.com").status_code == 200
