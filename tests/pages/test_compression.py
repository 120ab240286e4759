"""Answers are compressed where that helps and gives nothing away: pages, JSON; not where an outsider could guess from the size."""

from __future__ import annotations

import gzip
import re

import httpx2
import pytest

from checkstand.domain.address import Address
from checkstand.testing.demo import DemoShop
from tests.pages.buyer import Buyer, Stand
from tests.pages.visitor import visitor
from tests.server import RunningServer

ACCEPTS = {"Accept-Encoding": "gzip, deflate, br, zstd"}
LARGEST_PAGE = 14_000


def raw(client: httpx2.Client, path: str, **headers: str) -> tuple[str | None, bytes]:
    """How an answer is encoded, and its bytes as they came."""
    with client.stream("GET", path, headers={**ACCEPTS, **headers}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.status_code == 200, path
    assert int(answer.headers["content-length"]) == len(body)
    return answer.headers.get("content-encoding"), body


def _without_seconds(page: bytes) -> bytes:
    """A page without the moment that it was asked for, which its next charge is counted from."""
    return re.sub(rb"T\d\d:\d\d:\d\dZ", b"", page)


def test_a_checkout_page_with_everything_on_it_is_small_on_the_wire(server: RunningServer, shop: DemoShop) -> None:
    stand = Stand(server, shop)
    busy = stand.session(
        "monthly", "trial", "one_time", "pay_what_you_want", buyer=Buyer(address=Address(country="US"))
    )
    cart = stand.cart("one_time", "monthly", buyer=Buyer(address=Address(country="JP")))
    with stand.client() as client:
        for session in (busy, cart):
            encoding, body = raw(client, stand.url(session))
            plain = client.get(stand.url(session), headers={"Accept-Encoding": "identity"})
            assert encoding == "gzip"
            assert _without_seconds(gzip.decompress(body)) == _without_seconds(plain.content)
            assert len(body) <= LARGEST_PAGE
            assert "content-encoding" not in plain.headers


def test_json_is_compressed_from_a_kilobyte_on_for_whoever_takes_it(server: RunningServer, shop: DemoShop) -> None:
    stand = Stand(server, shop)
    session = stand.session("one_time")
    with stand.client(Authorization=f"Bearer {shop.polar_token}") as client:
        for path in (f"/v1/checkouts/{session.id}", f"/v1/checkouts/{session.id}", "/v1/products/", "/openapi.json"):
            encoding, body = raw(client, path)
            assert encoding == "gzip", path
            assert gzip.decompress(body) == client.get(path, headers={"Accept-Encoding": "identity"}).content
        assert raw(client, "/readyz")[0] is None, "it is smaller than a kilobyte"
        assert raw(client, "/v1/products/", **{"Accept-Encoding": "gzip;q=0"})[0] is None
    refused = server.url + "/v1/checkouts/" + "x" * 50
    assert "content-encoding" not in httpx2.get(refused, headers=ACCEPTS).headers


@pytest.mark.parametrize(
    ("path", "encoding"), [("", "gzip"), ("/products", "gzip"), ("/customers?q=ada", None), ("/products?page=1", None)]
)
def test_dashboard_pages_that_repeat_an_address_are_sent_as_they_are(
    server: RunningServer, path: str, encoding: str | None
) -> None:
    person = visitor(server, server.new_shop())
    assert raw(person.client, person.home + path)[0] == encoding


def test_the_page_that_shows_a_token_is_sent_as_it_is(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    person.get("/settings/tokens/new")
    made = person.post(
        "/settings/tokens/new",
        {"name": "app", "kind": "polar", "preset": "checkout", "lifetime": "30", "access": "read"},
    )
    assert "polar_oat_" in made.text
    assert "content-encoding" not in made.headers


def test_the_token_of_the_forms_is_another_text_on_each_page_and_each_works(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    path = f"/products/{person.shop.products['one_time'].id}"
    shown = []
    for _ in range(3):
        person.get(path)
        shown.append(person.hidden["csrf"])
    assert len(set(shown)) == 3
    for token in shown:
        assert person.post(f"{path}/archive", {"csrf": token}).status_code == 303
    assert person.post(f"{path}/archive", {"csrf": shown[0][:-4] + "AAA="}).status_code == 403
