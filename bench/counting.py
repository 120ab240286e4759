"""Statements and round trips of one request, counted where they are made, in one process with the whole application."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import httpx2

from checkstand.app import PublicUrl, create_app, front, open_services
from checkstand.ops.settings import Settings
from checkstand.store.database import Tally, tally
from checkstand.testing.demo import open_demo_shop


async def count(dsn: str, secret_key: str) -> dict[str, Tally]:
    """What a create and a read cost when warm."""
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

            steps: dict[str, Callable[[], Awaitable[httpx2.Response]]] = {"create": create, "read": read}
            for name, step in steps.items():
                counted[name] = Tally()
                token = tally.set(counted[name])
                answer = await step()
                tally.reset(token)
                assert answer.is_success, answer.text
    return counted
