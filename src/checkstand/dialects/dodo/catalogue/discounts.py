"""`/discounts`. A discount of either API is shown; codes are upper-case, and one that is not given is made up.

Source: docs/behaviour/dodo.md#discounts.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from uuid import UUID

from starlette.responses import Response

from checkstand.dialects.dodo.answers import discount as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.answers.customer import Customer
from checkstand.dialects.dodo.customers.customers import shown_customers
from checkstand.dialects.dodo.wire import discount_models as models
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.discount_models import DiscountCustomersIn, DiscountIn, DiscountPatch
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.changes import Added
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import DODO
from checkstand.flows.catalogue.save_discount import (
    change_discount,
    create_discount,
    delete_discount,
    missing_products,
    read_discount,
    read_discount_by_code,
)
from checkstand.store.catalogue import discounts
from checkstand.store.people.customers import CUSTOMERS

api = Api("Dodo: discounts")
READ = ("discounts:read", "discounts:write")
WRITE = ("discounts:write",)
# Ten random bytes are sixteen letters and digits in base 32.
_CODE_BYTES = 10


@api.route("POST", "/discounts", scopes=WRITE, body=DiscountIn, answers=answers.Discount, keyed=True)
async def create(call: Call) -> Response:
    """Create a discount.

    422 NOT_FOUND: an unknown product. DISCOUNT_CODE_ALREADY_EXISTS. UNSUPPORTED_DISCOUNT_TYPE. INVALID_PERCENTAGE: more than 10000
    basis points. INVALID_REQUEST_PARAMETERS: dates or limits that contradict each other, currency_options without what a flat
    discount needs, or an amount that cannot be charged in its currency.
    """
    body = call.body(DiscountIn)
    product_ids = await _products(call, body.restricted_to or ())
    code = body.code or base64.b32encode(call.ports.random_bytes(_CODE_BYTES)).decode("ascii")
    given = {"name": code, **body.given(), "code": code, "product_ids": product_ids}
    made = await create_discount(call.ports, call.organization, given, rules=DODO.discounts)
    return call.json(models.discount(made, call.organization))


async def _products(call: Call, wanted: Sequence[str]) -> tuple[UUID, ...]:
    """The products that a discount is restricted to. Raises Invalid naming every one that is not there."""
    found = [named(DodoPrefix.PRODUCT, text) for text in wanted]
    missing = await missing_products(call.ports, call.organization, [item for item in found if item])
    problems = [
        Problem(ProblemCode.DISCOUNT_PRODUCT_UNKNOWN, ("restricted_to", position), text)
        for position, (text, item) in enumerate(zip(wanted, found, strict=True))
        if item is None or item in missing
    ]
    if problems:
        raise Invalid(problems)
    return tuple(dict.fromkeys(item for item in found if item))


class DiscountListQuery(paging.PageQuery):
    discount_type = paging.one_of(("percentage", "flat"))
    product_id = paging.identity(DodoPrefix.PRODUCT)
    code = paging.word()
    active = paging.flag()


@api.route("GET", "/discounts", scopes=READ, query=DiscountListQuery, answers=Page[answers.Discount])
async def search(call: Call) -> Response:
    """List discounts, newest first."""
    asked = DiscountListQuery(call)
    part, kind = asked.window(), asked.discount_type
    try:
        product_id = asked.product_id
    except paging.Nothing:
        return call.json(paging.envelope([]))
    wanted = discounts.DiscountFilter(
        code_contains=asked.code,
        kind={"percentage": "percentage", "flat": "fixed", None: None}[kind],
        product_id=product_id,
        is_redeemable=asked.active,
        now=call.ports.now(call.organization),
    )
    page = await discounts.search(
        call.ports.reads,
        call.organization.id,
        wanted,
        sorting=("-created_at",),
        offset=part.offset,
        limit=part.limit,
    )
    return call.json(paging.envelope([models.discount(item, call.organization) for item in page.items]))


@api.route("GET", "/discounts/code/{code}", scopes=READ, answers=answers.Discount)
async def get_by_code(call: Call) -> Response:
    """Read the discount with this code, in any case.

    404 NOT_FOUND: no such discount.
    """
    found = await read_discount_by_code(call.ports, call.organization, call.request.path_params["code"])
    return call.json(models.discount(found, call.organization))


@api.route("GET", "/discounts/{id}", scopes=READ, answers=answers.Discount)
async def get(call: Call) -> Response:
    """Read a discount.

    404 NOT_FOUND: no such discount.
    """
    found = await read_discount(call.ports, call.organization, call.path_id(DodoPrefix.DISCOUNT))
    return call.json(models.discount(found, call.organization))


@api.route("PATCH", "/discounts/{id}", scopes=WRITE, body=DiscountPatch, answers=answers.Discount)
async def update(call: Call) -> Response:
    """Change a discount. Absent means unchanged; null clears what may be empty.

    404 NOT_FOUND: no such discount. 422 NOT_FOUND: an unknown product. DISCOUNT_CODE_ALREADY_EXISTS. UNSUPPORTED_DISCOUNT_TYPE.
    INVALID_PERCENTAGE: more than 10000 basis points. INVALID_REQUEST_PARAMETERS: dates or limits that contradict each other,
    currency_options without what a flat discount needs, or an amount that cannot be charged in its currency.
    """
    discount_id = call.path_id(DodoPrefix.DISCOUNT)
    body = call.body(DiscountPatch)
    await read_discount(call.ports, call.organization, discount_id)
    only = None if body.restricted_to is None else await _products(call, body.restricted_to)
    given = body.given() if only is None else {**body.given(), "product_ids": only}
    saved = await change_discount(call.ports, call.organization, discount_id, given, rules=DODO.discounts)
    return call.json(models.discount(saved, call.organization))


@api.route("DELETE", "/discounts/{id}", scopes=WRITE, status=204)
async def delete(call: Call) -> Response:
    """Delete a discount: its code is free, and reading it is 404.

    404 NOT_FOUND: no such discount.
    """
    await delete_discount(call.ports, call.organization, call.path_id(DodoPrefix.DISCOUNT))
    return Response(status_code=204)


@api.route("GET", "/discounts/{id}/customers", scopes=READ, query=paging.PageQuery, answers=Page[Customer])
async def list_customers(call: Call) -> Response:
    """The customers that a discount of eligibility `specific` is for.

    404 NOT_FOUND: no such discount.
    """
    part = paging.PageQuery(call).window()
    found = await read_discount(call.ports, call.organization, call.path_id(DodoPrefix.DISCOUNT))
    return await _answer_customers(call, found.customer_ids[part.offset : part.offset + part.limit])


@api.route("POST", "/discounts/{id}/customers", scopes=WRITE, body=DiscountCustomersIn, answers=Page[Customer])
async def attach_customers(call: Call) -> Response:
    """Add customers to those a discount is for; the answer lists all whom it is for now. One that is there already stays.

    404 NOT_FOUND: no such discount. 422 NOT_FOUND: an unknown customer.
    """
    discount_id = call.path_id(DodoPrefix.DISCOUNT)
    body = call.body(DiscountCustomersIn)
    wanted = [named(DodoPrefix.CUSTOMER, text) for text in body.customer_ids]
    known = await CUSTOMERS.by_ids(call.ports.reads, call.organization.id, [item for item in wanted if item])
    problems = [
        Problem(ProblemCode.DISCOUNT_CUSTOMER_UNKNOWN, ("customer_ids", position), text)
        for position, (text, item) in enumerate(zip(body.customer_ids, wanted, strict=True))
        if item is None or item not in known
    ]
    if problems:
        raise Invalid(problems)
    added = tuple(item for item in wanted if item)
    saved = await change_discount(call.ports, call.organization, discount_id, {"customer_ids": Added(added)})
    return await _answer_customers(call, saved.customer_ids)


async def _answer_customers(call: Call, wanted: Sequence[UUID]) -> Response:
    """A list of these customers, in this order."""
    known = await CUSTOMERS.by_ids(call.ports.reads, call.organization.id, wanted)
    listed = [known[customer_id] for customer_id in wanted if customer_id in known]
    return call.json(paging.envelope(await shown_customers(call, listed)))
