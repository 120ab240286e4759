"""What a person finds at an address that makes a session: the checkout, or a page that says why there is none. No script runs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import Polar
from tests.pages.buyer import expect_success, pay
from tests.pages.expecting import expect
from tests.pages.reader import read
from tests.server import RunningServer, running_server


@pytest.fixture
def polar(server: RunningServer, shop: DemoShop) -> Polar:
    return Polar(server, shop)


def link(polar: Polar, *product_ids: str) -> str:
    """The address of a new link."""
    body = {"payment_processor": "stripe", "products": product_ids or [polar.id("one_time")]}
    answer = polar.client.post("/v1/checkout-links/", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


def test_a_buyer_opens_a_link_and_pays(server: RunningServer, polar: Polar) -> None:
    address = link(polar)
    with read(server) as page:
        page.goto(f"{address}?customer_email=ada@example.com&theme=dark&utm_source=mail")
        assert "/checkout/polar_c_" in page.url
        assert page.url.endswith("?theme=dark&utm_source=mail")
        assert page.input_value("#email") == "ada@example.com"
        pay(page)
        expect_success(page)
    paid = polar.client.get("/v1/checkouts/").json()["items"]
    assert [(item["status"], item["metadata"]) for item in paid] == [("succeeded", {"utm_source": "mail"})]


def test_a_link_that_leads_nowhere_says_so_in_words(server: RunningServer, polar: Polar) -> None:
    with read(server) as page:
        page.goto(f"{server.url}/buy/polar_cl_{'0' * 43}")
        expect(page.get_by_role("heading")).to_have_text("This link leads nowhere")
        product = polar.product(prices=[{"amount_type": "fixed", "price_amount": 500}])["id"]
        address = link(polar, product)
        polar.client.patch(f"/v1/products/{product}", json={"visibility": "draft"})
        page.goto(address)
        expect(page.get_by_role("heading")).to_have_text("No longer for sale")
        expect(page.locator("main")).to_contain_text("Demo Shop no longer sells what this link was for.")


def test_every_refusal_has_its_status_and_a_page_of_its_own(polar: Polar) -> None:
    address = link(polar)
    answers = {
        404: httpx2.get(address[:-1] + "!"),
        403: httpx2.get(f"{address}?embed_origin=https://evil.example"),
        422: httpx2.get(f"{address}?product_id=x"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "This checkout cannot be shown inside evil.example" in answers[403].text
    assert polar.client.get("/v1/checkouts/").json()["pagination"]["total_count"] == 0


def test_the_redirect_tells_nobody_where_it_came_from(polar: Polar) -> None:
    answer = httpx2.get(link(polar))
    assert answer.status_code == 307
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert answer.headers["location"].startswith(f"{polar.url}/checkout/polar_c_")


def test_the_address_that_links_had_formerly_still_leads_to_a_session(polar: Polar) -> None:
    address = link(polar)
    former = address.replace("/polar_cl_", "/buy/polar_cl_")
    assert former != address
    for wanted in (address, former):
        answer = httpx2.get(f"{wanted}?utm_source=mail")
        assert answer.status_code == 307, wanted
        assert answer.headers["location"].startswith(f"{polar.url}/checkout/polar_c_")
        assert answer.headers["location"].endswith("?utm_source=mail")


def test_a_slash_behind_an_address_that_leads_to_a_checkout_loses_nobody(polar: Polar) -> None:
    address = link(polar)
    for wanted in (f"{address}/", f"{address.replace('/polar_cl_', '/buy/polar_cl_')}/"):
        answer = httpx2.get(wanted)
        assert answer.status_code == 307, wanted
        page = httpx2.get(f"{answer.headers['location']}/")
        assert page.status_code == 200
        assert "Field Guide" in page.text


def test_who_only_looks_makes_nothing(polar: Polar) -> None:
    address = link(polar)
    assert httpx2.head(address).status_code == 200
    assert httpx2.get(address, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert polar.client.get("/v1/checkouts/").json()["pagination"]["total_count"] == 0


@pytest.fixture(scope="module")
def limited(database_url: str) -> Iterator[RunningServer]:
    with running_server(database_url, with_worker=False, rate_limits=True) as running:
        yield running


def test_one_address_cannot_make_sessions_without_end(limited: RunningServer) -> None:
    polar = Polar(limited, limited.new_shop())
    address = link(polar)
    secret = address.rpartition("/")[2]
    codes = [httpx2.get(address).status_code for _ in range(20)]
    codes += [httpx2.get(f"{limited.url}/v1/checkout-links/{secret}/redirect").status_code for _ in range(10)]
    assert codes == [307] * 30
    refused = httpx2.get(address)
    assert (refused.status_code, "Too many visits" in refused.text) == (429, True)
    assert int(refused.headers["retry-after"]) >= 1
    by_api = httpx2.get(f"{limited.url}/v1/checkout-links/{secret}/redirect")
    assert (by_api.status_code, by_api.content) == (429, b"")


def test_short_addresses_cannot_be_guessed_without_end(limited: RunningServer) -> None:
    codes = [httpx2.get(f"{limited.url}/s/nothing-{at}").status_code for at in range(31)]
    assert codes == [404] * 30 + [429]
