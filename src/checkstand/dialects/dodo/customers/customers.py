"""`/customers`. An e-mail address may belong to several customers here: nothing is refused for being known.

A team, which only the other API makes, may lack an e-mail: its owner's is shown. Store credit is in `wallets.py`, what was
saved to pay with in `payment_methods.py`.

Source: docs/behaviour/dodo.md#customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from starlette.responses import Response

from checkstand.dialects.dodo.answers import customer as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.shown import products as translate
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import Base, Email, Language, Metadata, Text
from checkstand.domain.customer import Customer
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.customers.save_customer import change_customer, create_customer, read_customer
from checkstand.store.people import customers, members

api = Api("Dodo: customers")
READ = ("customers:read", "customers:write")
WRITE = ("customers:write",)


class CustomerFields(Base):
    """What creating and changing share."""

    renamed: ClassVar = {"phone_number": "phone", "preferred_locale": "locale"}
    lasting = frozenset({"email", "name", "metadata"})
    email: Email | None = None
    name: Text = None
    phone_number: Text = None
    metadata: Metadata | None = None
    preferred_locale: Language = None


class CustomerCreateIn(CustomerFields):
    """`POST /customers`."""

    email: Email
    name: str

    def given(self) -> dict[str, object]:
        """The customer's fields; a blank name is none."""
        return {**super().given(), "name": self.name.strip() or None}


class CustomerPatch(CustomerFields):
    """`PATCH /customers/{id}`: absent means unchanged; null clears the phone number and the language."""


@api.route("POST", "/customers", scopes=WRITE, body=CustomerCreateIn, keyed=True, answers=answers.Customer)
async def create(call: Call) -> Response:
    """Create a customer."""
    made = await create_customer(call.ports, call.organization, call.body(CustomerCreateIn).given())
    return call.json(translate.customer(made, call.organization))


class CustomerListQuery(paging.PageQuery):
    email = paging.word()
    name = paging.word()
    created_at_gte = paging.moment()
    created_at_lte = paging.moment()


@api.route("GET", "/customers", scopes=READ, query=CustomerListQuery, answers=Page[answers.Customer])
async def search(call: Call) -> Response:
    """List customers, newest first."""
    asked = CustomerListQuery(call)
    part = asked.window()
    wanted = customers.CustomerFilter(
        email=asked.email,
        name_contains=asked.name,
        created_after=asked.created_at_gte,
        created_before=asked.created_at_lte,
    )
    page = await customers.search(
        call.ports.reads,
        call.organization.id,
        wanted,
        sorting=("-created_at",),
        offset=part.offset,
        limit=part.limit,
    )
    return call.json(paging.envelope(await shown_customers(call, page.items)))


@api.route("GET", "/customers/{id}", scopes=READ, answers=answers.Customer)
async def get(call: Call) -> Response:
    """Read a customer.

    404 NOT_FOUND: no such customer.
    """
    found = await read_customer(call.ports, call.organization, call.path_id(DodoPrefix.CUSTOMER))
    return call.json((await shown_customers(call, [found]))[0])


async def shown_customers(call: Call, found: Sequence[Customer]) -> list[answers.Customer]:
    """Customers on the wire, with the owner's e-mail where one has none of its own."""
    without = [item.id for item in found if item.email is None]
    owners = await members.owner_emails(call.ports.reads, call.organization.id, without) if without else {}
    return [translate.customer(item, call.organization, owner_email=owners.get(item.id)) for item in found]


@api.route("PATCH", "/customers/{id}", scopes=WRITE, body=CustomerPatch, answers=answers.Customer)
async def update(call: Call) -> Response:
    """Change a customer.

    404 NOT_FOUND: no such customer.
    """
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    given = call.body(CustomerPatch).given()
    saved = await change_customer(call.ports, call.organization, customer_id, given)
    return call.json((await shown_customers(call, [saved]))[0])
