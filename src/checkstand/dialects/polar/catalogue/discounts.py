"""`/v1/discounts/`. What was redeemed once keeps its worth: nobody's bargain is changed behind their back.

Source: docs/behaviour/polar.md#discounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import ValidationError
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
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
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
    draft = Discount(
        id=call.ports.new_id(),
        organization_id=call.organization.id,
        name=body.name,
        code=body.code,
        takes=_takes(body),
        duration=body.duration.value,
        duration_months=body.duration_in_months,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        max_redemptions=body.max_redemptions,
        max_per_customer=body.max_redemptions_per_customer,
        product_ids=tuple(dict.fromkeys(body.products or ())),
        metadata=body.metadata,
        created_at=call.ports.now(call.organization),
    )
    made = await create_discount(call.ports, call.organization, draft)
    return call.json((await _shown(call, [made]))[0], 201)


def _body(call: Call) -> DiscountFixedCreate | DiscountPercentageCreate:
    """The kind that `type` names; schema errors carry it, as in the original."""
    try:
        body = DiscountCreate.model_validate(call.fields()).root
    except ValidationError as error:
        raise Refused(errors.from_validation(error)) from error
    call.ignored = ignored_fields(call.data, models.fields_of(type(body)))
    return body


def _takes(body: DiscountFixedCreate | DiscountPercentageCreate) -> Percentage | AmountOff:
    if isinstance(body, DiscountPercentageCreate):
        return Percentage(basis_points=body.basis_points)
    amounts = body.amounts if body.amounts is not None else {body.currency or "usd": body.amount or 0}
    return AmountOff(amounts={code.upper(): amount for code, amount in amounts.items()})


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

    def change(found: Discount) -> Discount:
        problems = [*_fixed_parts(found, body, call.organization), *unknown]
        changed = _changed(found, body, call.organization)
        if changed.starts_at and changed.ends_at and changed.starts_at >= changed.ends_at:
            name = "starts_at" if body.gave("starts_at") else "ends_at"
            problems.append(Problem(ProblemCode.DISCOUNT_DATES_ORDER, (name,), str(getattr(body, name))))
        if problems:
            raise Invalid(problems)
        return changed

    saved = await change_discount(call.ports, call.organization, discount_id, change)
    return call.json((await _shown(call, [saved]))[0])


def _fixed_parts(found: Discount, body: DiscountUpdate, organization: Organization) -> list[Problem]:
    """What cannot be changed: kind and duration ever, what it is worth once somebody has redeemed it."""
    problems = []
    if body.duration is not None and body.duration != found.duration:
        problems.append(Problem(ProblemCode.DISCOUNT_DURATION_FIXED, ("duration",), body.duration.value))
    if body.type is not None and body.type != found.takes.kind:
        problems.append(Problem(ProblemCode.DISCOUNT_TYPE_FIXED, ("type",), body.type.value))
    if found.redemptions_count == 0:
        return problems
    stored: dict[str, object] = {}
    if isinstance(found.takes, Percentage):
        stored["basis_points"] = found.takes.basis_points
    else:
        currency, amount = translate_discounts.old_pair(found.takes, organization)
        stored |= {"amount": amount, "amounts": translate_discounts.shown_amounts(found.takes), "currency": currency}
    if found.duration == "repeating":
        stored["duration_in_months"] = found.duration_months
    for name, value in stored.items():
        given = getattr(body, name)
        if given is not None and given != value:
            problems.append(Problem(ProblemCode.DISCOUNT_ALREADY_REDEEMED, (name,), value))
    return problems


def _changed(found: Discount, body: DiscountUpdate, organization: Organization) -> Discount:
    months = found.duration_months
    if found.duration == "repeating" and body.duration_in_months is not None:
        months = body.duration_in_months
    return replace(
        found,
        name=body.name or found.name,
        code=body.code if body.gave("code") else found.code,
        takes=_changed_worth(found.takes, body, organization),
        duration_months=months,
        # Months were set, so they count from now on, and no longer the billings that another API had set.
        cycles=found.cycles if months == found.duration_months else None,
        starts_at=body.starts_at if body.gave("starts_at") else found.starts_at,
        ends_at=body.ends_at if body.gave("ends_at") else found.ends_at,
        max_redemptions=body.max_redemptions if body.gave("max_redemptions") else found.max_redemptions,
        max_per_customer=body.max_redemptions_per_customer
        if body.gave("max_redemptions_per_customer")
        else found.max_per_customer,
        product_ids=found.product_ids if body.products is None else tuple(dict.fromkeys(body.products)),
        metadata=body.metadata if body.gave("metadata") else found.metadata,
    )


def _changed_worth(
    takes: Percentage | AmountOff, body: DiscountUpdate, organization: Organization
) -> Percentage | AmountOff:
    """The new share or amounts. The old pair changes one currency and leaves the others alone."""
    if isinstance(takes, Percentage):
        return takes if body.basis_points is None else replace(takes, basis_points=body.basis_points)
    if body.amounts is not None:
        return AmountOff(amounts={code.upper(): amount for code, amount in body.amounts.items()})
    if body.amount is None and body.currency is None:
        return takes
    amounts = translate_discounts.shown_amounts(takes)
    currency, amount = translate_discounts.old_pair(takes, organization)
    if body.currency is not None and body.currency not in amounts:
        del amounts[currency]
    named = body.currency or currency
    amounts[named] = body.amount if body.amount is not None else amounts.get(named, amount)
    return AmountOff(amounts={code.upper(): value for code, value in amounts.items()})


@api.route("DELETE", "/discounts/{id}", scopes=WRITE, status=204)
async def delete(call: Call) -> Response:
    """Delete a discount: nobody can apply it any more, and its code is free.

    404 ResourceNotFound: no such discount.
    """
    await delete_discount(call.ports, call.organization, call.path_id())
    return Response(status_code=204)
