"""`/v1/discounts/`. A discount that was redeemed once keeps its worth.

Source: docs/behaviour/polar.md#discounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from checkstand.dialects.polar.answers import discount as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.catalogue import discount_models as models
from checkstand.dialects.polar.catalogue.discount_models import (
    DiscountCreate,
    DiscountFixedCreate,
    DiscountPercentageCreate,
    DiscountUpdate,
)
from checkstand.dialects.polar.shown import discounts as translate_discounts
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused
from checkstand.domain.catalog import Product
from checkstand.domain.discount import Discount
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import POLAR
from checkstand.flows.catalogue.save_discount import (
    change_discount,
    create_discount,
    delete_discount,
    missing_products,
    read_discount,
)
from checkstand.http import ignored_fields
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.products import PRODUCTS

api = Api("Polar: discounts")
READ = ("discounts:read", "discounts:write")
WRITE = ("discounts:write",)
_MOMENT: TypeAdapter[datetime | None] = TypeAdapter(datetime | None)


@api.route("POST", "/discounts/", scopes=WRITE, body=DiscountCreate, status=201, answers=answers.Discount)
async def create(call: Call) -> Response:
    """Create a discount.

    422 PolarRequestValidationError: the code is taken; an unknown product; an amount that cannot be charged in its currency;
    starts_at after ends_at; an organization_id beside an organization's token.
    """
    body = _body(call)
    problems = await _unknown_products(call, body.products or ())
    if body.organization_id is not None:
        problems.append(Problem(ProblemCode.ORGANIZATION_WITH_TOKEN, ("organization_id",), str(body.organization_id)))
    if problems:
        raise Invalid(problems)
    made = await create_discount(call.ports, call.organization, body.given(), rules=POLAR.discounts)
    shown = (await _shown(call, [made]))[0]
    fields = call.fields()
    shown["starts_at"], shown["ends_at"] = _as_sent(fields.get("starts_at")), _as_sent(fields.get("ends_at"))
    return call.json(shown, 201)


def _as_sent(given: object) -> str | None:
    """A valid moment in the zone that it was sent with, if any: so the original answers a create, and only that."""
    moment = _MOMENT.validate_python(given)
    return moment.isoformat().replace("+00:00", "Z") if moment is not None else None


def _body(call: Call) -> DiscountFixedCreate | DiscountPercentageCreate:
    """The kind that `type` names; schema errors carry it, as in the original."""
    try:
        body = DiscountCreate.model_validate(call.fields()).root
    except ValidationError as error:
        raise Refused(errors.from_validation(error)) from error
    call.ignored = ignored_fields(call.data, models.fields_of(type(body)))
    return body


async def _unknown_products(call: Call, product_ids: Sequence[UUID]) -> list[Problem]:
    missing = await missing_products(call.ports, call.organization, product_ids)
    return [
        Problem(ProblemCode.DISCOUNT_PRODUCT_UNKNOWN, ("products", position), str(product_id))
        for position, product_id in enumerate(product_ids)
        if product_id in missing
    ]


async def _shown(call: Call, found: Iterable[Discount]) -> list[answers.Discount]:
    listed = list(found)
    wanted = {product_id for item in listed for product_id in item.product_ids}
    named: dict[UUID, Product] = {}
    if wanted:
        named = await PRODUCTS.by_ids(call.ports.reads, call.organization.id, list(wanted))
    return [translate_discounts.discount(item, call.organization, named) for item in listed]


class DiscountListQuery(paging.ListQuery):
    sorting = paging.sorted_by(discounts.SORTABLE)
    query = paging.word()


@api.route("GET", "/discounts/", scopes=READ, query=DiscountListQuery, answers=Page[answers.Discount])
async def search(call: Call) -> Response:
    """List discounts."""
    asked = DiscountListQuery(call)
    window = asked.window()
    wanted = discounts.DiscountFilter(text=asked.query)
    page = await asked.found(window, discounts.search, wanted)
    return call.json(paging.envelope(await _shown(call, page.items), page, window.limit))


@api.route("GET", "/discounts/{id}", scopes=READ, answers=answers.Discount)
async def get(call: Call) -> Response:
    """Read a discount.

    404 ResourceNotFound: no such discount.
    """
    found = await read_discount(call.ports, call.organization, call.path_id())
    return call.json((await _shown(call, [found]))[0])


@api.route("PATCH", "/discounts/{id}", scopes=WRITE, body=DiscountUpdate, answers=answers.Discount)
async def update(call: Call) -> Response:
    """Change a discount.

    404 ResourceNotFound: no such discount. 422 PolarRequestValidationError: the code is taken; an unknown product; an amount that
    cannot be charged in its currency; starts_at after ends_at; another type or duration; what it takes off, once it was redeemed.
    """
    discount_id = call.path_id()
    body = call.body(DiscountUpdate)
    await read_discount(call.ports, call.organization, discount_id)
    unknown = await _unknown_products(call, body.products or ())
    saved = await change_discount(
        call.ports, call.organization, discount_id, body.given(), rules=POLAR.discounts, refused=unknown
    )
    return call.json((await _shown(call, [saved]))[0])


@api.route("DELETE", "/discounts/{id}", scopes=WRITE, status=204)
async def delete(call: Call) -> Response:
    """Delete a discount: it can no longer be applied, and its code is free.

    404 ResourceNotFound: no such discount.
    """
    await delete_discount(call.ports, call.organization, call.path_id())
    return Response(status_code=204)
