"""Dodo's static payment links and short links: what an address fills in, and where it leads.

Source: docs/behaviour/dodo.md#payment-links and docs/behaviour/dodo.md#additions-to-the-contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from dodopayments import ConflictError, DodoPayments, NotFoundError

from checkstand.domain import ids
from checkstand.domain.checkout import Checkout
from tests.dialects.dodo_place import DodoShop
from tests.dialects.polar_http import decide
from tests.tables import table


@pytest.fixture
def client(dodo: DodoShop) -> Iterator[DodoPayments]:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url, max_retries=0) as client:
        yield client


def opened(dodo: DodoShop, name: str = "P", **query: str) -> httpx2.Response:
    """Open a product's static link as a buyer's browser does."""
    return httpx2.get(f"{dodo.server.url}/buy/{dodo.id(name)}", params=query)


def session_of(dodo: DodoShop, answer: httpx2.Response) -> Checkout:
    assert answer.status_code == 303, answer.text
    path = urlsplit(answer.headers["location"]).path
    assert path.startswith("/session/cks_")
    found: Checkout = dodo.stored(path.removeprefix("/session/"))
    return found


def visited(dodo: DodoShop, name: str = "P", **query: str) -> Checkout:
    return session_of(dodo, opened(dodo, name, **query))


def test_a_static_link_makes_a_session_and_leads_to_its_page(dodo: DodoShop) -> None:
    answer = opened(dodo)
    assert answer.headers["location"].startswith(f"{dodo.server.url}/session/cks_")
    session = session_of(dodo, answer)
    assert (session.dialect, session.quote.total_minor, session.lines[0].quantity) == ("dodo", 1000, 1)
    assert session.options.require_name
    session_id = ids.short_id("cks", session.id)
    dodo.pay(session_id)
    assert dodo.http.get(f"/checkouts/{session_id}").json()["payment_status"] == "succeeded"


def test_everything_that_a_link_can_fill_in(dodo: DodoShop) -> None:
    decide(dodo.server, dodo.demo, redirect_hosts=("shop.example",))
    session = visited(
        dodo,
        quantity="3",
        redirect_url="https://shop.example/thanks",
        firstName="Ada",
        lastName="Byron",
        fullName="Somebody Else",
        email="ada@example.com",
        country="us",
        addressLine="1 Main St",
        city="Albany",
        state="New York",
        zipCode="12207",
        showDiscounts="false",
        showCurrencySelector="false",
        metadata_campaign="may",
        metadata_ref="r-1",
    )
    buyer, address = session.buyer, session.buyer.address
    assert (buyer.name, buyer.email, buyer.ip_address) == ("Ada Byron", "ada@example.com", "127.0.0.1")
    assert address is not None
    assert (address.country, address.line1, address.city) == ("US", "1 Main St", "Albany")
    assert (address.state, address.postal_code) == ("US-NY", "12207")
    assert session.lines[0].quantity == 3
    assert session.redirects.success_url == "https://shop.example/thanks"
    assert (session.options.allow_discount_codes, session.options.allow_currency_selection) == (False, False)
    assert session.metadata == {"campaign": "may", "ref": "r-1"}


def test_a_full_name_needs_no_parts_and_no_email(dodo: DodoShop) -> None:
    assert visited(dodo, fullName=" Ada Byron ").buyer.name == "Ada Byron"
    assert visited(dodo).options.allow_discount_codes


def test_a_field_is_locked_only_with_a_value_for_it(dodo: DodoShop) -> None:
    session = visited(
        dodo,
        email="ada@example.com",
        disableEmail="true",
        firstName="Ada",
        disableFirstName="true",
        disableCity="true",
        country="DE",
        disableCountry="false",
        zipCode="07743",
        disableZipCode="true",
    )
    assert session.carried["locked_fields"] == ["name", "email", "postal_code"]
    assert visited(dodo, email="nonsense", disableEmail="true").carried["locked_fields"] == []


def test_a_link_leads_only_to_hosts_that_the_shop_lists(dodo: DodoShop) -> None:
    def ends_at(url: str) -> str | None:
        return visited(dodo, redirect_url=url).redirects.success_url

    decide(dodo.server, dodo.demo, website="https://www.shop.example/about")
    followed = [
        "https://pay.shop.example/ok?a=1",
        "https://www.shop.example/",
        "myapp://done/ok",
        "http://localhost:3000/ok",
    ]
    assert [ends_at(url) for url in followed] == [None, followed[1], None, followed[3]]
    decide(dodo.server, dodo.demo, redirect_hosts=("*.shop.example", "myapp://done"))
    assert [ends_at(url) for url in followed] == followed
    for elsewhere in (
        "https://elsewhere.example/",
        "https://shop.example.elsewhere.example/",
        "https://pay.shop.example@elsewhere.example/",
        "http://pay.shop.example/",
        "https://localhost.elsewhere.example/",
        "otherapp://done",
    ):
        assert ends_at(elsewhere) is None
    named = dodo.http.post(
        f"/products/{dodo.id('P')}/short_links", json={"static_checkout_params": {"quantity": "2"}}
    ).json()["short_url"]
    answer = httpx2.get(named, params={"redirect_url": "https://elsewhere.example/"}, follow_redirects=False)
    on = httpx2.get(dodo.server.url + answer.headers["location"])
    assert session_of(dodo, on).redirects.success_url is None


@table(
    "query",
    [
        {"quantity": "many"},
        {"quantity": "-1"},
        {"quantity": "99999999999"},
        {"email": "nonsense"},
        {"country": "XX"},
        {"city": "Jena"},
        {"redirect_url": "javascript:alert(1)"},
        {"paymentCurrency": "XXX"},
        {"paymentAmount": "77"},
        {"metadata_": "x"},
        {"metadata_a b": "x"},
        {"email": "a\0b@example.com"},
        {"fullName": "a\0b"},
    ],
)
def test_what_makes_no_sense_is_left_out(dodo: DodoShop, query: dict[str, str]) -> None:
    session = visited(dodo, **query)
    assert (session.quote.total_minor, session.lines[0].quantity) == (1000, 1)
    assert (session.buyer.email, session.buyer.address, session.buyer.name) == (None, None, None)
    assert (session.redirects.success_url, session.metadata) == (None, {})


def test_an_amount_counts_where_the_buyer_names_it(dodo: DodoShop) -> None:
    assert visited(dodo, "W", paymentAmount="2500").quote.total_minor == 2500
    assert visited(dodo, "W").quote.total_minor == 1500
    assert visited(dodo, "W", paymentAmount="1").quote.total_minor == 1500


def test_a_currency_is_charged_by_conversion(dodo: DodoShop) -> None:
    session = visited(dodo, paymentCurrency="eur")
    assert (session.currency, session.price_currency) == ("EUR", "USD")


def test_what_the_page_knows_of_looks_goes_on_to_it(dodo: DodoShop) -> None:
    answer = opened(dodo, theme="dark", quantity="2", metadata_a="b", disableEmail="true", showTimer="false")
    assert urlsplit(answer.headers["location"]).query == "theme=dark&showTimer=false"


def test_an_archived_product_has_a_page_that_says_so(dodo: DodoShop) -> None:
    assert dodo.http.delete(f"/products/{dodo.id('P')}").status_code == 200
    answer = opened(dodo)
    assert (answer.status_code, answer.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert "No longer for sale" in answer.text
    assert dodo.demo.organization.name in answer.text


def test_a_link_to_nothing_says_nothing_of_any_shop(dodo: DodoShop) -> None:
    unknown = ids.short_id("pdt", ids.uuid4_from(bytes))
    body = {"name": "Support", "price": 500, "currency": "USD", "tax_category": "saas"}
    addon = ids.parse_short_id("adn", dodo.http.post("/addons", json=body).json()["id"])
    assert addon is not None
    for name in (unknown, "pdt_x", "something", ids.short_id("pdt", addon)):
        answer = httpx2.get(f"{dodo.server.url}/buy/{name}")
        assert answer.status_code == 404
        assert dodo.demo.organization.name not in answer.text


def test_who_only_looks_makes_no_session(dodo: DodoShop) -> None:
    url = f"{dodo.server.url}/buy/{dodo.id('P')}"
    before = dodo.row_counts()["checkouts"]
    assert httpx2.head(url).status_code == 200
    assert httpx2.get(url, headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert dodo.row_counts()["checkouts"] == before


def test_short_links_are_made_and_listed_through_the_official_client(client: DodoPayments, dodo: DodoShop) -> None:
    slug = f"spring-{dodo.demo.organization.slug}"
    made = client.products.short_links.create(
        dodo.id("P"), slug=slug, static_checkout_params={"quantity": "2", "email": "ada@example.com"}
    )
    assert made.short_url == f"{dodo.server.url}/s/{slug}"
    assert made.full_url == f"{dodo.server.url}/buy/{dodo.id('P')}?quantity=2&email=ada%40example.com"
    other = client.products.short_links.create(dodo.id("S"), slug=f"{slug}-2")
    listed = client.products.short_links.list()
    assert [item.short_url for item in listed.items] == [other.short_url, made.short_url]
    only = client.products.short_links.list(product_id=dodo.id("P")).items
    assert [(item.product_id, item.full_url) for item in only] == [(dodo.id("P"), made.full_url)]
    assert only[0].created_at is not None
    assert client.products.short_links.list(product_id="pdt_x").items == []
    assert client.products.short_links.list(page_number=1, page_size=1).items[0].short_url == made.short_url


def test_a_short_link_leads_to_a_session_and_what_it_fixes_stays(dodo: DodoShop) -> None:
    slug = f"deal-{dodo.demo.organization.slug}"
    body = {"slug": slug, "static_checkout_params": {"quantity": "2"}}
    assert dodo.http.post(f"/products/{dodo.id('P')}/short_links", json=body).status_code == 200
    first = httpx2.get(f"{dodo.server.url}/s/{slug}?quantity=9&email=ada@example.com")
    assert first.status_code == 303
    session = session_of(dodo, httpx2.get(dodo.server.url + first.headers["location"]))
    assert (session.lines[0].quantity, session.buyer.email) == (2, "ada@example.com")


def test_a_slug_is_taken_once_on_the_whole_server(client: DodoPayments, dodo: DodoShop) -> None:
    slug = f"only-{dodo.demo.organization.slug}"
    client.products.short_links.create(dodo.id("P"), slug=slug)
    other = DodoShop(dodo.server, dodo.server.new_shop())
    body = {"slug": slug}
    answer = other.http.post(f"/products/{other.id('P')}/short_links", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "SHORT_LINK_SLUG_ALREADY_EXISTS")
    assert answer.headers["x-should-retry"] == "false"
    with pytest.raises(ConflictError):
        client.products.short_links.create(dodo.id("P"), slug=slug)


def test_a_short_link_without_a_slug_gets_a_code(dodo: DodoShop) -> None:
    answer = dodo.http.post(f"/products/{dodo.id('P')}/short_links", json={})
    code = answer.json()["short_url"].rpartition("/")[2]
    assert len(code) == 12
    assert code.isalnum()


@table("slug", ["", "a b", "a/b", "ü", "a" * 101, 5])
def test_a_slug_that_no_address_can_have_is_refused(dodo: DodoShop, slug: object) -> None:
    answer = dodo.http.post(f"/products/{dodo.id('P')}/short_links", json={"slug": slug})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY")


def test_a_short_link_to_no_product_is_404(client: DodoPayments, dodo: DodoShop) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    with pytest.raises(NotFoundError):
        client.products.short_links.create(other.id("P"), slug="mine")
    assert client.products.short_links.list().items == []


def test_a_session_s_address_is_short_when_asked_for(dodo: DodoShop) -> None:
    body: dict[str, Any] = {"product_cart": [{"product_id": "P", "quantity": 1}], "short_link": True}
    made = dodo.create(**body).json()
    assert urlsplit(made["checkout_url"]).path.startswith("/s/")
    answer = httpx2.get(f"{made['checkout_url']}?{urlencode({'theme': 'dark'})}")
    assert answer.headers["location"] == f"/session/{made['session_id']}?theme=dark"
    listed = dodo.http.get("/products/short_links").json()["items"]
    assert listed == []
    plain = dodo.create(**{**body, "short_link": False}).json()
    assert plain["checkout_url"] == f"{dodo.server.url}/session/{plain['session_id']}"
