"""Plain HTTP to the Polar dialect, for tests that look at bytes and not at an SDK's objects."""

from __future__ import annotations

from typing import Any

import httpx2

from checkstand.testing.demo import DemoShop
from tests.server import RunningServer

BUSINESS = "PolarRequestValidationError"
SCHEMA = "RequestValidationError"
READY = {
    "customer_email": "ada@example.com",
    "customer_billing_address": {"country": "DE"},
    "confirmation_token_id": "ctoken_visa",
}


class Polar:
    """Plain HTTP with a shop's token."""

    def __init__(self, server: RunningServer, shop: DemoShop) -> None:
        self.client = httpx2.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {shop.polar_token}"}, timeout=10
        )
        self.shop = shop
        self.url = server.url

    def id(self, label: str) -> str:
        return str(self.shop.products[label].id)

    def create(self, label: str = "one_time", **body: object) -> httpx2.Response:
        return self.client.post("/v1/checkouts/", json={"products": [self.id(label)], **body})

    def product(self, **body: object) -> dict[str, Any]:
        answer = self.client.post("/v1/products/", json={"name": "Thing", **body})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def secret(self, label: str = "one_time", **body: object) -> str:
        """The client secret of a new session."""
        return str(self.create(label, **body).json()["client_secret"])

    def read(self, checkout_id: str) -> dict[str, Any]:
        return dict(self.client.get(f"/v1/checkouts/{checkout_id}").json())

    def patch(self, secret: str, **body: object) -> httpx2.Response:
        """The buyer's update."""
        return httpx2.patch(f"{self.url}/v1/checkouts/client/{secret}", json=body)

    def confirm(self, secret: str, **body: object) -> httpx2.Response:
        return httpx2.post(f"{self.url}/v1/checkouts/client/{secret}/confirm", json=body, timeout=30)


def refused(answer: httpx2.Response, error: str, where: list[object], kind: str, text: str | None = None) -> None:
    """The answer is a 422 of this family with exactly one item."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (422, error), answer.text
    items = [item for item in body["detail"] if item["loc"] == where]
    assert items, f"nothing at {where}: {body['detail']}"
    assert items[0]["type"] == kind
    if text is not None:
        assert items[0]["msg"] == text
    if error == BUSINESS:
        assert set(items[0]) - {"hint"} == {"type", "loc", "msg", "input"}
