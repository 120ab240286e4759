"""`/v1/customers/`. Members of a customer are in `members.py`, what was saved to pay with in `payment_methods.py`.

An e-mail address belongs to one customer here, whatever the other API allows.

Source: docs/behaviour/polar.md#customers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError
from starlette.responses import Response, StreamingResponse

from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.answers.customer import Customer as CustomerAnswer
from checkstand.dialects.polar.answers.customer import CustomerState
from checkstand.dialects.polar.customers import customer_views
from checkstand.dialects.polar.customers.customer_models import (
    CustomerUpdate,
    CustomerUpdateExternal,
    IndividualCreate,
    TeamCreate,
)
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused, known_fields
from checkstand.domain.customer import Customer
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.customers.save_customer import (
    change_customer,
    create_customer,
    delete_customer,
    read_customer,
    read_customer_by_external_id,
)
from checkstand.http import ignored_fields
from checkstand.parameters import Query
from checkstand.store.people import customers

api = Api("Polar: customers")
READ = ("customers:read", "customers:write")
WRITE = ("customers:write",)
EXPORTED_AT_ONCE = 500


class CustomerListQuery(paging.ListQuery):
    sorting = paging.sorted_by(customers.SORTABLE)
    email = paging.word()
    query = paging.word()
    metadata = paging.pairs()


@api.route("GET", "/customers/", scopes=READ, query=CustomerListQuery, answers=Page[CustomerAnswer])
async def search(call: Call) -> Response:
    """List customers."""
    asked = CustomerListQuery(call)
    window = asked.window()
    wanted = customers.CustomerFilter(email=asked.email, text=asked.query, metadata=asked.metadata)
    page = await asked.found(window, customers.search, wanted)
    return call.json(paging.envelope([customer_views.customer(item) for item in page.items], page, window.limit))


@api.route("POST", "/customers/", scopes=WRITE, body=IndividualCreate | TeamCreate, status=201, answers=CustomerAnswer)
async def create(call: Call) -> Response:
    """Create a customer.

    422 PolarRequestValidationError: the e-mail address or the external ID is taken; a tax ID that is wrong or lacks its country;
    an organization_id beside an organization's token.
    """
    body = _create_body(call)
    if body.organization_id is not None:
        raise Invalid.single(ProblemCode.ORGANIZATION_WITH_TOKEN, "organization_id", given=str(body.organization_id))
    owner = body.owner.meant() if body.owner else None
    made = await create_customer(call.ports, call.organization, body.given(), owner=owner, unique_email=True)
    return call.json(customer_views.customer(made), 201)


def _create_body(call: Call) -> IndividualCreate | TeamCreate:
    """The body by its type; schema errors carry the type, as in the original."""
    if call.data is not None and not isinstance(call.data, dict):
        text = "Input should be a valid dictionary or object to extract fields from"
        item = {"type": "model_attributes_type", "loc": (), "msg": text, "input": call.data}
        raise Refused(errors.schema([item], prefix=("body", "individual")))
    fields = call.fields()
    kind = fields.get("type", "individual")
    if kind not in ("individual", "team"):
        expected = "'individual', 'team'"
        told_by = "_customer_create_type()"
        text = f"Input tag '{kind}' found using {told_by} does not match any of the expected tags: {expected}"
        item = {"type": "union_tag_invalid", "loc": (), "msg": text, "input": fields}
        item["ctx"] = {"discriminator": told_by, "tag": str(kind), "expected_tags": expected}
        raise Refused(errors.schema([item]))
    model = TeamCreate if kind == "team" else IndividualCreate
    try:
        body = model.model_validate(fields)
    except ValidationError as error:
        raise Refused(errors.from_validation(error, prefix=("body", str(kind)))) from error
    call.ignored = ignored_fields(fields, known_fields(model))
    return body


@api.route("GET", "/customers/export", scopes=READ, query=paging.OrganizationQuery, gives="csv")
async def export(call: Call) -> Response:
    """All customers as a CSV file, oldest first."""
    lines = _exported(call, empty=paging.OrganizationQuery(call).is_elsewhere())
    headers = {"Content-Disposition": 'attachment; filename="customers.csv"'}
    return StreamingResponse(lines, media_type="text/csv", headers=headers)


async def _exported(call: Call, *, empty: bool) -> AsyncIterator[str]:
    """The file in parts of bounded size: each is read when the one before was taken."""
    yield customer_views.csv_lines([customer_views.CSV_HEADER])
    last: tuple[datetime, UUID] | None = None
    while not empty:
        part = await customers.after(call.ports.reads, call.organization.id, last, limit=EXPORTED_AT_ONCE)
        if not part:
            return
        yield customer_views.csv_lines(customer_views.csv_row(item) for item in part)
        last = (part[-1].created_at, part[-1].id)


@api.route("GET", "/customers/external/{external_id}", scopes=READ, answers=CustomerAnswer)
async def get_external(call: Call) -> Response:
    """Read a customer by the merchant's own id.

    404 ResourceNotFound: no such customer.
    """
    return call.json(customer_views.customer(await by_external_id(call)))


@api.route("GET", "/customers/external/{external_id}/state", scopes=READ, answers=CustomerState)
async def state_external(call: Call) -> Response:
    """A customer by the merchant's own id and what is active for them.

    404 ResourceNotFound: no such customer.
    """
    return call.json(customer_views.customer_state(await by_external_id(call)))


@api.route(
    "PATCH", "/customers/external/{external_id}", scopes=WRITE, body=CustomerUpdateExternal, answers=CustomerAnswer
)
async def update_external(call: Call) -> Response:
    """Change a customer by the merchant's own id.

    404 ResourceNotFound: no such customer. 422 PolarRequestValidationError: the e-mail address or the external ID is taken; a tax
    ID that is wrong or lacks its country; another external ID; an address that is removed; a team that becomes an individual.
    """
    found = await by_external_id(call)
    return await _update(call, found, call.body(CustomerUpdateExternal))


class CustomerDeleteQuery(Query):
    anonymize = paging.flag()


@api.route("DELETE", "/customers/external/{external_id}", scopes=WRITE, query=CustomerDeleteQuery, status=204)
async def delete_external(call: Call) -> Response:
    """Delete a customer by the merchant's own id.

    404 ResourceNotFound: no such customer.
    """
    return await _delete(call, await by_external_id(call))


@api.route("GET", "/customers/{id}", scopes=READ, answers=CustomerAnswer)
async def get(call: Call) -> Response:
    """Read a customer.

    404 ResourceNotFound: no such customer.
    """
    return call.json(customer_views.customer(await by_id(call)))


@api.route("GET", "/customers/{id}/state", scopes=READ, answers=CustomerState)
async def state(call: Call) -> Response:
    """A customer and what is active for them.

    404 ResourceNotFound: no such customer.
    """
    return call.json(customer_views.customer_state(await by_id(call)))


@api.route("PATCH", "/customers/{id}", scopes=WRITE, body=CustomerUpdate, answers=CustomerAnswer)
async def update(call: Call) -> Response:
    """Change a customer. An individual can become a team; a team stays one.

    404 ResourceNotFound: no such customer. 422 PolarRequestValidationError: the e-mail address or the external ID is taken; a tax
    ID that is wrong or lacks its country; another external ID; an address that is removed; a team that becomes an individual.
    """
    found = await by_id(call)
    return await _update(call, found, call.body(CustomerUpdate))


@api.route("DELETE", "/customers/{id}", scopes=WRITE, query=CustomerDeleteQuery, status=204)
async def delete(call: Call) -> Response:
    """Delete a customer; `anonymize=true` also removes the personal data. Orders are kept.

    404 ResourceNotFound: no such customer.
    """
    return await _delete(call, await by_id(call))


async def _update(call: Call, found: Customer, body: CustomerUpdateExternal) -> Response:
    saved = await change_customer(call.ports, call.organization, found.id, body.given(), unique_email=True)
    return call.json(customer_views.customer(saved))


async def _delete(call: Call, found: Customer) -> Response:
    anonymize = bool(CustomerDeleteQuery(call).anonymize)
    await delete_customer(call.ports, call.organization, found.id, anonymize=anonymize)
    return Response(status_code=204)


async def by_id(call: Call) -> Customer:
    """The customer that the path names. Raises NotFound, Refused (422)."""
    return await read_customer(call.ports, call.organization, call.path_id())


async def by_external_id(call: Call) -> Customer:
    """The customer whose id of the merchant's own is in the path. Raises NotFound."""
    return await read_customer_by_external_id(call.ports, call.organization, path_text(call, "external_id"))


def path_text(call: Call, name: str) -> str:
    """A path parameter that names something by the merchant's own word. Raises NotFound for what no text can hold."""
    text: str = call.request.path_params[name]
    if "\0" in text:
        raise NotFound
    return text
