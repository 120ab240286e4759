"""`/customers` (dodo.md 5.3). An e-mail address may belong to several customers here: nothing is refused for being known."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from checkstand.dialects.dodo import paging, translate
from checkstand.dialects.dodo.call import Api, Call
from checkstand.dialects.dodo.models import Base, Email, Language, Metadata, Text
from checkstand.domain.customer import Customer
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.save_customer import change_customer, create_customer, read_customer
from checkstand.store import customers

api = Api("Dodo: customers")
READ = ("customers:read", "customers:write")
WRITE = ("customers:write",)


class CustomerCreateIn(Base):
    """`POST /customers`."""

    email: Email
    name: str
    phone_number: Text = None
    metadata: Metadata | None = None
    preferred_locale: Language = None


class CustomerPatch(Base):
    """`PATCH /customers/{id}`: absent means unchanged; null clears the phone number and the language."""

    email: Email | None = None
    name: Text = None
    phone_number: Text = None
    metadata: Metadata | None = None
    preferred_locale: Language = None


@api.route("POST", "/customers", scopes=WRITE, body=CustomerCreateIn, keyed=True)
async def create(call: Call) -> Response:
    """Create a customer."""
    body = call.body(CustomerCreateIn)
    draft = Customer(
        id=call.ports.new_id(),
        organization_id=call.organization.id,
        email=body.email,
        name=body.name.strip() or None,
        phone=body.phone_number,
        locale=body.preferred_locale,
        metadata=body.metadata or {},
        created_at=call.ports.now(call.organization),
    )
    made = await create_customer(call.ports, call.organization, draft)
    return call.json(translate.customer(made, call.organization))


@api.route("GET", "/customers", scopes=READ)
async def search(call: Call) -> Response:
    """List customers, newest first."""
    part = paging.window(call)
    wanted = customers.CustomerFilter(
        email=paging.text(call, "email"),
        name_contains=paging.text(call, "name"),
        created_after=paging.time(call, "created_at_gte"),
        created_before=paging.time(call, "created_at_lte"),
    )
    page = await customers.search(
        call.ports.db,
        call.organization.id,
        wanted,
        sorting=("-created_at",),
        offset=part.offset,
        limit=part.limit,
    )
    return call.json(paging.envelope([translate.customer(item, call.organization) for item in page.items]))


@api.route("GET", "/customers/{id}", scopes=READ)
async def get(call: Call) -> Response:
    """Read a customer."""
    found = await read_customer(call.ports, call.organization, call.path_id(DodoPrefix.CUSTOMER))
    return call.json(translate.customer(found, call.organization))


@api.route("PATCH", "/customers/{id}", scopes=WRITE, body=CustomerPatch)
async def update(call: Call) -> Response:
    """Change a customer."""
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    body = call.body(CustomerPatch)
    found = await read_customer(call.ports, call.organization, customer_id)
    changed = replace(
        found,
        email=body.email or found.email,
        name=body.name or found.name,
        phone=body.phone_number if body.gave("phone_number") else found.phone,
        locale=body.preferred_locale if body.gave("preferred_locale") else found.locale,
        metadata=found.metadata if body.metadata is None else body.metadata,
    )
    saved = await change_customer(call.ports, call.organization, changed)
    return call.json(translate.customer(saved, call.organization))
