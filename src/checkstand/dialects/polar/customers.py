"""`/v1/customers/`: reading (polar.md 10.3)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.polar import paging, translate
from checkstand.dialects.polar.call import Api, Call
from checkstand.domain.customer import Customer
from checkstand.domain.errors import NotFound
from checkstand.store import customers

api = Api("Polar: customers")
READ = ("customers:read", "customers:write")


@api.route("GET", "/customers/", scopes=READ)
async def search(call: Call) -> Response:
    """List customers."""
    window = paging.window(call, customers.SORTABLE)
    wanted = customers.CustomerFilter(
        email=paging.text(call, "email"), text=paging.text(call, "query"), metadata=paging.metadata(call)
    )
    if paging.is_elsewhere(call):
        return call.json(paging.NOTHING)
    page = await customers.search(
        call.ports.db,
        call.organization.id,
        wanted,
        sorting=window.sorting,
        offset=window.offset,
        limit=window.limit,
    )
    return call.json(paging.envelope([translate.customer(item) for item in page.items], page, window.limit))


@api.route("GET", "/customers/{id}", scopes=READ)
async def get(call: Call) -> Response:
    """Read a customer."""
    return call.json(translate.customer(await _by_id(call)))


@api.route("GET", "/customers/{id}/state", scopes=READ)
async def state(call: Call) -> Response:
    """A customer and what is active for them."""
    return call.json(translate.customer_state(await _by_id(call)))


@api.route("GET", "/customers/external/{external_id}", scopes=READ)
async def get_external(call: Call) -> Response:
    """Read a customer by the merchant's own id."""
    return call.json(translate.customer(await _by_external_id(call)))


@api.route("GET", "/customers/external/{external_id}/state", scopes=READ)
async def state_external(call: Call) -> Response:
    """A customer by the merchant's own id and what is active for them."""
    return call.json(translate.customer_state(await _by_external_id(call)))


async def _by_id(call: Call) -> Customer:
    found = await customers.by_id(call.ports.db, call.organization.id, call.path_id())
    if found is None:
        raise NotFound
    return found


async def _by_external_id(call: Call) -> Customer:
    external_id: str = call.request.path_params["external_id"]
    if "\0" in external_id:
        raise NotFound
    found = await customers.by_external_id(call.ports.db, call.organization.id, external_id)
    if found is None:
        raise NotFound
    return found
