"""Statements and round trips of one request, counted where they are made, in one process with the whole application."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import httpx2

from checkstand.app import PublicUrl, create_app, front, open_services
from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.flows.organizations.tax_registrations import change_registrations
from checkstand.ops.settings import Settings
from checkstand.store.database import Tally, tally
from checkstand.testing.demo import DemoShop, open_demo_shop


def full_cart(demo: DemoShop) -> dict[str, object]:
    """Five lines, a discount code and a place where tax is collected: what a busy create has to work out."""
    wanted = [("one_time", 1), ("one_time", 3), ("monthly", 1), ("pay_what_you_want", 2), ("free", 1)]
    items = [
        {"product_id": short_id(DodoPrefix.PRODUCT, demo.products[name].id), "quantity": quantity}
        for name, quantity in wanted
    ]
    place = {"country": "US", "city": "Seattle", "state": "WA", "street": "305 Harrison St", "zipcode": "98109"}
    return {"product_cart": items, "discount_code": demo.discount.code, "billing_address": place}


async def count(dsn: str, secret_key: str) -> dict[str, Tally]:
    """What a create, a read and a create of a full cart cost when warm. The demo shop is registered for tax from here on."""
    counted: dict[str, Tally] = {}
    settings = Settings(secret_key=secret_key, public_url="http://bench")
    async with open_services(settings, dsn, PublicUrl("http://bench")) as services:
        demo = await open_demo_shop(services.ports, services.authenticator)
        transport = httpx2.ASGITransport(app=front(create_app(services)))
        headers = {"Authorization": f"Bearer {demo.polar_token}"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            body = {"products": [str(demo.products["one_time"].id)], "metadata": {"bench": secrets.token_hex(4)}}

            async def create() -> httpx2.Response:
                return await client.post("/v1/checkouts/", json=body)

            made = (await create()).json()

            async def read() -> httpx2.Response:
                return await client.get(f"/v1/checkouts/{made['id']}")

            await change_registrations(services.ports, demo.organization.id, register=("US-WA",))
            cart_body = full_cart(demo)

            async def cart() -> httpx2.Response:
                return await client.post("/checkouts", json=cart_body)

            await cart()
            steps: dict[str, Callable[[], Awaitable[httpx2.Response]]] = {"create": create, "read": read, "cart": cart}
            for name, step in steps.items():
                counted[name] = Tally()
                token = tally.set(counted[name])
                answer = await step()
                tally.reset(token)
                assert answer.is_success, answer.text
    return counted
