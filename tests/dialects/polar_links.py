"""What the tests of checkout links share: making links, opening them as a buyer does, and reading what came of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from checkstand.domain.organization import OrganizationSettings
from checkstand.store import organizations
from tests.dialects.polar_http import Polar
from tests.server import RunningServer

PATH = "/v1/checkout-links/"
UNKNOWN = "992fae2a-2a17-4b7a-8d9e-e287cf90131b"
NEVER_MADE = "polar_cl_" + "0" * 43
SEATS = {
    "amount_type": "seat_based",
    "seat_tiers": {"tiers": [{"min_seats": 2, "max_seats": 10, "price_per_seat": 500}]},
}
UNITS = {"amount_type": "unit_based", "tiers": {"tiers": [{"bound": 50, "unit_amount": 20}]}}


def create(polar: Polar, *labels: str, **body: object) -> httpx2.Response:
    products = [polar.id(label) for label in labels or ("one_time",)]
    return polar.client.post(PATH, json={"payment_processor": "stripe", "products": products, **body})


def made(polar: Polar, *labels: str, **body: object) -> dict[str, Any]:
    answer = create(polar, *labels, **body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def on(polar: Polar, *product_ids: str, **body: object) -> dict[str, Any]:
    """A link on products that the test made."""
    return made(polar, products=list(product_ids), **body)


def seat_product(polar: Polar, **tier: int) -> str:
    whole = {"min_seats": 2, "max_seats": 10, "price_per_seat": 500, **tier}
    price = {"amount_type": "seat_based", "seat_tiers": {"tiers": [whole]}}
    return str(polar.product(name="Team plan", prices=[price])["id"])


def archive(polar: Polar, product_id: str) -> None:
    answer = polar.client.patch(f"/v1/products/{product_id}", json={"is_archived": True})
    assert answer.status_code == 200, answer.text


def go(polar: Polar, link: dict[str, Any], query: str = "") -> httpx2.Response:
    """Open the link as a buyer's browser does, without a token."""
    return httpx2.get(f"{polar.url}{PATH}{link['client_secret']}/redirect{query}")


def visited(polar: Polar, link: dict[str, Any], query: str = "") -> dict[str, Any]:
    """The session that a visit made, as the merchant sees it."""
    answer = go(polar, link, query)
    assert answer.status_code == 307, answer.text
    secret = urlsplit(answer.headers["location"]).path.removeprefix("/checkout/")
    found = polar.client.get(f"/v1/checkouts/client/{secret}").json()
    return polar.read(found["id"])


def forwarded(answer: httpx2.Response) -> dict[str, list[str]]:
    return parse_qs(urlsplit(answer.headers["location"]).query)


def allow_hosts(polar: Polar, server: RunningServer, *hosts: str) -> None:
    services, organization_id = server.services, polar.shop.organization.id
    settings = OrganizationSettings(embed_hosts=hosts)
    now = services.ports.real_now()
    server.run(organizations.save_settings(services.ports.db, organization_id, settings, now=now))
    server.run(services.ports.cache.changed(services.ports.db, organization_id))
