"""Plain HTTP to the Polar dialect, for tests that look at bytes and not at an SDK's objects."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2

from checkstand.domain.meter import Aggregation, Meter
from checkstand.store import organizations
from checkstand.store.catalogue.meters import METERS
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
        return httpx2.patch(f"{self.url}/v1/checkouts/client/{secret}", json=body, timeout=30)

    def confirm(self, secret: str, **body: object) -> httpx2.Response:
        return httpx2.post(f"{self.url}/v1/checkouts/client/{secret}/confirm", json=body, timeout=30)

    def selling(self, *prices: dict[str, Any], every: str | None = None, **body: object) -> str:
        """The id of a new product with these prices, billed once or every such interval."""
        return str(self.product(prices=prices, recurring_interval=every, **body)["id"])

    def update(self, checkout: dict[str, Any], **body: object) -> httpx2.Response:
        """The merchant's update."""
        return self.client.patch(f"/v1/checkouts/{checkout['id']}", json=body)

    def sold(self, *product_ids: str, **body: object) -> dict[str, Any]:
        """A new session of these products."""
        answer = self.create(products=list(product_ids), **body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def decide(server: RunningServer, shop: DemoShop, **settings: object) -> None:
    """Change what the shop's organization decided about its checkouts."""
    services = server.services
    ports, organization_id = services.ports, shop.organization.id

    async def save() -> None:
        current = await organizations.by_id(ports.db, organization_id)
        assert current is not None
        changed = replace(current.settings, **settings)  # type: ignore[arg-type]
        await organizations.save_settings(ports.db, organization_id, changed, now=ports.real_now())
        await ports.cache.changed(ports.db, organization_id)

    server.run(save())


def metering(server: RunningServer, shop: DemoShop, name: str = "Requests") -> str:
    """The id of a new meter."""
    ports = server.services.ports
    now = ports.real_now()
    meter = Meter(
        id=uuid4(),
        organization_id=shop.organization.id,
        name=name,
        event_name="request",
        measurement_unit="requests",
        aggregation=Aggregation(type="count"),
        created_at=now,
        modified_at=now,
    )
    server.run(METERS.insert(ports.db, meter))
    return str(meter.id)


def fixed(amount: int, **more: object) -> dict[str, Any]:
    """A price of a set amount."""
    return {"amount_type": "fixed", "price_amount": amount, **more}


def seats(*tiers: tuple[int, int | None, int], kind: str = "volume", **more: object) -> dict[str, Any]:
    """A price by seat: tiers of the first, the last and the price of one."""
    listed = [{"min_seats": low, "max_seats": high, "price_per_seat": each} for low, high, each in tiers]
    return {"amount_type": "seat_based", "seat_tiers": {"seat_tier_type": kind, "tiers": listed}, **more}


def units(*tiers: tuple[int | None, int], kind: str = "volume", **more: object) -> dict[str, Any]:
    """A price by unit: tiers of the last and the price of one."""
    listed = [{"bound": bound, "unit_amount": each} for bound, each in tiers]
    return {"amount_type": "unit_based", "tiers": {"type": kind, "tiers": listed}, **more}


def metered(meter_id: str, unit_amount: str = "0.25", **more: object) -> dict[str, Any]:
    """A price for each unit that a meter counts."""
    return {"amount_type": "metered_unit", "meter_id": meter_id, "unit_amount": unit_amount, **more}


AS_SENT = "<what was sent there>"
"""Stands for the value that the request has at the item's place, with what reading it may add (defaults)."""


def assert_wrong(answer: httpx2.Response, *items: tuple[list[object], str, str, object]) -> None:
    """The answer is a 422 of a business rule with exactly these items: where below the body, type, message, input."""
    expected = [
        {"type": kind, "loc": ["body", *where], "msg": text, "input": given} for where, kind, text, given in items
    ]
    body = answer.json()
    for item, told in zip(expected, body.get("detail", ()), strict=False):
        if item["input"] == AS_SENT:
            sent: Any = json.loads(answer.request.content)
            for part in told["loc"][1:]:
                sent = sent[part]
            assert _holds(told["input"], sent), (told["input"], sent)
            item["input"] = told["input"]
    assert (answer.status_code, body) == (422, {"error": BUSINESS, "detail": expected})


def _holds(told: object, sent: object) -> bool:
    """Whether a value has all of another; numbers may be written as text."""
    if isinstance(sent, dict):
        return isinstance(told, dict) and all(key in told and _holds(told[key], value) for key, value in sent.items())
    if isinstance(sent, list):
        return isinstance(told, list) and len(told) == len(sent) and all(map(_holds, told, sent))
    return str(told) == str(sent)


def assert_refused(
    answer: httpx2.Response, error: str, where: list[object], kind: str, text: str | None = None
) -> None:
    """The answer is a 422 of this family, and the item at `where` is of this kind and text."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (422, error), answer.text
    items = [item for item in body["detail"] if item["loc"] == where]
    assert items, f"nothing at {where}: {body['detail']}"
    assert items[0]["type"] == kind
    if text is not None:
        assert items[0]["msg"] == text
    if error == BUSINESS:
        assert set(items[0]) - {"hint"} == {"type", "loc", "msg", "input"}
