"""Who is calling: a bearer key of either dialect opens its organization (dodo.md 1.2). Nothing else is looked at before."""

from __future__ import annotations

from starlette.requests import Request

from checkstand.domain.organization import Principal
from checkstand.services import client_address, services_of


def bearer(request: Request) -> str | None:
    """The token of the Authorization header; None for another scheme or none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def caller(request: Request) -> Principal | None:
    """The principal of the request's key; None when it is missing, malformed, unknown, expired or revoked."""
    token = bearer(request)
    if token is None:
        return None
    services = services_of(request)
    return await services.authenticator.principal(services.ports, token, address=client_address(request))
