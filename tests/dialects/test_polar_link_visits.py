"""Opening a checkout link: the session that comes of it, and what the address may add.

Source: docs/behaviour/polar.md#checkout-links.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from checkstand.domain.checkout import Buyer, Checkout
from checkstand.flows.links.open_link import LinkVisit, find_link, open_link
from tests.dialects.polar_http import BUSINESS, SCHEMA, Polar, assert_refused
from tests.dialects.polar_links import (
    NEVER_MADE,
    PATH,
    allow_hosts,
    archive,
    forwarded,
    go,
    made,
    on,
    seat_product,
    visited,
)
from tests.server import RunningServer
from tests.tables import table


def test_a_visit_makes_a_session_of_its_own_each_time(polar: Polar) -> None:
    link = made(
        polar,
        "monthly",
        "one_time",
        allow_discount_codes=False,
        require_billing_address=True,
        return_url="https://shop.example/back",
        metadata={"campaign": "spring"},
    )
    first, second = visited(polar, link), visited(polar, link)
    assert first["id"] != second["id"]
    assert (first["allow_discount_codes"], first["require_billing_address"]) == (False, True)
    assert (first["return_url"], first["metadata"]) == ("https://shop.example/back", {"campaign": "spring"})
    assert [item["id"] for item in first["products"]] == [polar.id("monthly"), polar.id("one_time")]
    assert (first["product_id"], first["customer_id"]) == (polar.id("monthly"), None)
    assert first["customer_ip_address"] == "127.0.0.1"
    assert go(polar, link).headers["location"].startswith(f"{polar.url}/checkout/polar_c_")


def test_an_unknown_or_mistyped_link_is_404(polar: Polar) -> None:
    for secret in (NEVER_MADE, "polar_cl_x", "nonsense"):
        answer = httpx2.get(f"{polar.url}{PATH}{secret}/redirect")
        assert (answer.status_code, answer.json()["error"]) == (404, "ResourceNotFound")


def test_who_only_looks_makes_no_session(polar: Polar) -> None:
    link = made(polar)
    url = f"{polar.url}{PATH}{link['client_secret']}/redirect"
    for header in ({"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        assert httpx2.get(url, headers=header).status_code == 503
    assert httpx2.head(url).status_code == 405
    assert polar.client.get("/v1/checkouts/").json()["pagination"]["total_count"] == 0


def test_archiving_the_last_product_deletes_the_link(polar: Polar) -> None:
    product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 500}])["id"]
    link = on(polar, product)
    archive(polar, product)
    assert go(polar, link).status_code == 404
    assert polar.client.get(f"{PATH}{link['id']}").status_code == 404


def test_only_drafts_left_is_said_in_a_422(polar: Polar) -> None:
    product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 500}])["id"]
    link = on(polar, product)
    assert polar.client.patch(f"/v1/products/{product}", json={"visibility": "draft"}).status_code == 200
    assert_refused(go(polar, link), BUSINESS, ["body", "products"], "value_error", "No valid products.")


def test_the_others_are_offered_when_some_are_archived(polar: Polar) -> None:
    product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 500}])["id"]
    link = on(polar, product, polar.id("one_time"))
    archive(polar, product)
    shown = polar.client.get(f"{PATH}{link['id']}").json()
    assert [item["id"] for item in shown["products"]] == [polar.id("one_time")]
    assert shown["modified_at"] is None
    assert [item["id"] for item in visited(polar, link)["products"]] == [polar.id("one_time")]


@table("origin", ["*", "null", "shop.example", "", "https://", "http://[::1"])
def test_what_is_no_origin_is_none(polar: Polar, origin: str) -> None:
    link = made(polar)
    answer = go(polar, link, f"?embed_origin={origin}")
    assert forwarded(answer) == {}
    secret = urlsplit(answer.headers["location"]).path.removeprefix("/checkout/")
    assert polar.client.get(f"/v1/checkouts/client/{secret}").json()["embed_origin"] is None


def test_an_allowed_origin_is_reduced(polar: Polar, server: RunningServer) -> None:
    allow_hosts(polar, server, "example.com")
    session = visited(polar, made(polar), "?embed_origin=https://Example.com:443/")
    assert session["embed_origin"] == "https://example.com"


def test_an_origin_that_is_not_listed_is_refused(polar: Polar, server: RunningServer) -> None:
    allow_hosts(polar, server, "example.com")
    answer = go(polar, made(polar), "?embed_origin=https://evil.example/x")
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "EmbedHostNotAllowed",
        "detail": "https://evil.example is not allowed to embed this checkout.",
    }
    assert polar.client.get("/v1/checkouts/").json()["pagination"]["total_count"] == 0


def test_an_amount_of_nothing_is_honoured_where_it_is_allowed(polar: Polar) -> None:
    price = {"amount_type": "custom", "minimum_amount": 0, "preset_amount": 700}
    link = on(polar, polar.product(prices=[price])["id"])
    assert visited(polar, link)["amount"] == 700
    assert visited(polar, link, "?amount=0")["amount"] == 0
    assert visited(polar, link, "?amount=950.9")["amount"] == 950
    for wrong in ("much", "-5", "1e999999999", "NaN", "10", ""):
        assert visited(polar, link, f"?amount={wrong}")["amount"] == 700


def test_a_seat_lock_holds_while_the_tiers_allow_it(polar: Polar) -> None:
    product = seat_product(polar)
    link = on(polar, product, seats=5)
    session = visited(polar, link)
    assert (session["seats"], session["min_seats"], session["max_seats"], session["amount"]) == (5, 5, 5, 2500)
    smaller = {"seat_tiers": {"tiers": [{"min_seats": 2, "max_seats": 4, "price_per_seat": 500}]}}
    prices = [{"amount_type": "seat_based", **smaller}]
    assert polar.client.patch(f"/v1/products/{product}", json={"prices": prices}).status_code == 200
    session = visited(polar, link)
    assert (session["seats"], session["min_seats"], session["max_seats"]) == (2, None, None)


def test_a_bad_email_and_a_bad_code_are_ignored(polar: Polar) -> None:
    link = made(polar, discount_id=str(polar.shop.discount.id))
    session = visited(polar, link, "?customer_email=nonsense&discount_code=NOSUCHCODE")
    assert (session["customer_email"], session["discount"]["code"]) == (None, "WELCOME20")


def test_a_code_in_the_address_wins_even_where_the_buyer_may_type_none(polar: Polar) -> None:
    body = {"type": "percentage", "basis_points": 5000, "name": "Half", "duration": "once", "code": "HALF"}
    assert polar.client.post("/v1/discounts/", json=body).status_code == 201
    link = made(polar, discount_id=str(polar.shop.discount.id), allow_discount_codes=False)
    session = visited(polar, link, "?discount_code=%20half%20&customer_email=ada@example.com&customer_name=Ada")
    assert (session["discount"]["code"], session["discount_amount"]) == ("HALF", 500)
    assert (session["customer_email"], session["customer_name"]) == ("ada@example.com", "Ada")


def test_where_a_visitor_came_from_is_kept_unless_the_link_says_it(polar: Polar) -> None:
    link = made(polar, metadata={"utm_source": "own"})
    query = "?reference_id=r1&utm_campaign=may&utm_source=theirs&theme=dark&customer_name=Ada&locale=de&amount=5"
    assert visited(polar, link, query)["metadata"] == {
        "utm_source": "own",
        "reference_id": "r1",
        "utm_campaign": "may",
    }
    assert forwarded(go(polar, link, query)) == {
        "reference_id": ["r1"],
        "utm_campaign": ["may"],
        "utm_source": ["theirs"],
        "theme": ["dark"],
    }


def test_answers_to_the_product_s_questions_are_kept_and_others_go_on(polar: Polar) -> None:
    field = {"type": "text", "slug": "company", "name": "Company", "properties": {"max_length": 10}}
    field_id = polar.client.post("/v1/custom-fields/", json=field).json()["id"]
    product = polar.product(
        prices=[{"amount_type": "fixed", "price_amount": 500}],
        attached_custom_fields=[{"custom_field_id": field_id, "required": True}],
    )["id"]
    link = on(polar, product)
    query = "?custom_field_data.company=Acme&custom_field_data.nothing=x"
    assert visited(polar, link, query)["custom_field_data"] == {"company": "Acme"}
    assert forwarded(go(polar, link, query)) == {"custom_field_data.nothing": ["x"]}
    too_long = "?custom_field_data.company=far-too-long-a-name"
    assert visited(polar, link, too_long)["custom_field_data"] == {}
    assert forwarded(go(polar, link, too_long)) == {"custom_field_data.company": ["far-too-long-a-name"]}


def test_a_limit_of_a_thousand_is_a_hundred(polar: Polar) -> None:
    answer = polar.client.get(f"{PATH}?limit=1000")
    assert (answer.status_code, answer.json()["pagination"]) == (200, {"total_count": 0, "max_page": 0})


def test_a_product_in_the_address_is_chosen_when_the_link_has_it(polar: Polar) -> None:
    link = made(polar, "monthly", "one_time")
    assert visited(polar, link, f"?product_id={polar.id('one_time')}")["product_id"] == polar.id("one_time")
    assert visited(polar, link, f"?product_id={polar.id('free')}")["product_id"] == polar.id("monthly")
    assert visited(polar, link, f"?product_id={uuid4()}")["product_id"] == polar.id("monthly")
    assert_refused(go(polar, link, "?product_id=x"), SCHEMA, ["query", "product_id"], "uuid_parsing")


def test_a_nul_in_the_address_is_left_out(polar: Polar) -> None:
    session = visited(polar, made(polar), "?customer_name=a%00b&reference_id=%00&custom_field_data.x=%00")
    assert (session["customer_name"], session["metadata"]) == (None, {})


def test_a_visitor_s_country_decides_the_currency(server: RunningServer, polar: Polar) -> None:
    prices = [
        {"amount_type": "fixed", "price_amount": 500, "price_currency": code, "tax_behavior": "exclusive"}
        for code in ("usd", "eur")
    ]
    link = on(polar, polar.product(prices=prices)["id"])
    ports = server.services.ports

    async def visit_from(address: str) -> Checkout:
        organization, found = await find_link(ports, link["client_secret"])
        return await open_link(ports, organization, found, LinkVisit(buyer=Buyer(ip_address=address)), dialect="polar")

    german, local = server.run(visit_from("193.99.144.80")), server.run(visit_from("192.168.0.1"))
    assert (german.currency, local.currency) == ("EUR", "USD")
    assert german.buyer.address is not None
    assert (german.buyer.address.country, local.buyer.address) == ("DE", None)
