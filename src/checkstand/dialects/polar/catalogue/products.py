"""`/v1/products/` (docs/behaviour/polar.md#products-and-prices)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import UUID4, AfterValidator, BaseModel, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from checkstand.dialects.polar.answers import product as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.shown.products import product
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused, known_fields
from checkstand.dialects.polar.wire.models import (
    Base,
    BlankToNone,
    Many,
    Metadata,
    Prose,
)
from checkstand.dialects.polar.wire.prices import (
    MOST_PRICES,
    AnyPrice,
    PriceIn,
    Prices,
    meter_ids,
    price_definitions,
    told_with_prices,
)
from checkstand.domain.catalog import (
    LONGEST_PRODUCT_NAME,
    SHORTEST_PRODUCT_NAME,
    Interval,
    Product,
    Span,
    Visibility,
)
from checkstand.domain.errors import Problem
from checkstand.domain.fields import AttachedField
from checkstand.domain.image import ImageRef
from checkstand.domain.meter import Meter
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import Metered
from checkstand.flows.catalogue.save_product import (
    PriceList,
    change_product,
    create_product,
    read_product,
    retry_on_conflict,
)
from checkstand.flows.catalogue.upload_image import stored_images
from checkstand.http import ignored_fields
from checkstand.store.catalogue import products
from checkstand.store.catalogue.custom_fields import CUSTOM_FIELDS
from checkstand.store.catalogue.meters import METERS

api = Api("Polar: products")
READ = ("products:read", "products:write")
WRITE = ("products:write",)

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=SHORTEST_PRODUCT_NAME, max_length=LONGEST_PRODUCT_NAME)
]
Description = Annotated[Prose | None, BlankToNone]


# Parts that other things are looked up for, and those that `given` makes one of two.
APART = frozenset(
    {
        "prices",
        "medias",
        "attached_custom_fields",
        "organization_id",
        "recurring_interval",
        "recurring_interval_count",
        "trial_interval",
        "trial_interval_count",
        "meter_interval",
        "meter_interval_count",
    }
)


class AttachedFieldIn(Base):
    """A custom field on a product."""

    custom_field_id: UUID4
    required: bool


class ProductCreate(Base):
    """What one-time and recurring products share."""

    apart = APART
    name: Name
    description: Description = None
    visibility: Visibility = Visibility.PUBLIC
    prices: Prices
    medias: Annotated[list[UUID4], Many] | None = None
    attached_custom_fields: Annotated[list[AttachedFieldIn], Many] = Field(default_factory=list)
    metadata: Metadata = Field(default_factory=dict)
    organization_id: UUID4 | None = None


def require_whole_trial(interval: Interval | None, count: int | None) -> None:
    if (interval is None) != (count is None):
        raise PydanticCustomError("missing", "Both trial_interval and trial_interval_count must be set together.")


class ProductCreateOneTime(ProductCreate):
    """A product without an interval: it is bought once."""

    recurring_interval: None = None
    recurring_interval_count: None = None


class ProductCreateRecurring(ProductCreate):
    """Billed every interval."""

    recurring_interval: Interval
    recurring_interval_count: int = Field(default=1, ge=1, le=999)
    trial_interval: Interval | None = None
    trial_interval_count: int | None = Field(default=None, ge=1, le=1000)
    meter_interval: Interval | None = None
    meter_interval_count: int | None = Field(default=None, ge=1, le=999)

    @model_validator(mode="after")
    def _whole_trial(self) -> ProductCreateRecurring:
        require_whole_trial(self.trial_interval, self.trial_interval_count)
        return self

    def given(self) -> dict[str, object]:
        """The product's fields; its spans are made of two each."""
        spans = {
            "recurrence": _span(self.recurring_interval, self.recurring_interval_count),
            "trial": _span(self.trial_interval, self.trial_interval_count),
        }
        return {**super().given(), **spans}


class ExistingPrice(Base):
    """A price to keep."""

    id: UUID4


def _long_enough(value: str) -> str:
    """A changed name is measured as a list would be."""
    if len(value) < SHORTEST_PRODUCT_NAME:
        raise PydanticCustomError(
            "too_short",
            "Value should have at least {min_length} items after validation, not {actual_length}",
            {"field_type": "Value", "min_length": SHORTEST_PRODUCT_NAME, "actual_length": len(value)},
        )
    return value


ChangedName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_PRODUCT_NAME), AfterValidator(_long_enough)
]


class ProductUpdate(Base):
    """Absent and null mean unchanged, save for `description` and the trial."""

    lasting = frozenset({"name", "visibility", "is_archived"})
    apart = APART
    name: ChangedName | None = None
    description: Description = None
    visibility: Visibility | None = None
    recurring_interval: Interval | None = None
    recurring_interval_count: int | None = Field(default=None, ge=1, le=999)
    trial_interval: Interval | None = None
    trial_interval_count: int | None = Field(default=None, ge=1, le=1000)
    is_archived: bool | None = None
    prices: Annotated[list[ExistingPrice | PriceIn], Field(max_length=MOST_PRICES)] | None = None
    medias: Annotated[list[UUID4], Many] | None = None
    attached_custom_fields: Annotated[list[AttachedFieldIn], Many] | None = None
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole_trial(self) -> ProductUpdate:
        require_whole_trial(self.trial_interval, self.trial_interval_count)
        return self

    def given(self) -> dict[str, object]:
        """The product's fields; its trial is made of two."""
        given = super().given()
        if self.gave("trial_interval"):
            given["trial"] = _span(self.trial_interval, self.trial_interval_count)
        return given


@api.route(
    "POST",
    "/products/",
    scopes=WRITE,
    body=ProductCreateOneTime | ProductCreateRecurring,
    status=201,
    answers=answers.Product,
)
async def create(call: Call) -> Response:
    """Create a product.

    422 PolarRequestValidationError: prices that cannot be combined, or amounts that cannot be charged; a pricing that is not
    enabled, or needs a recurring product; an unknown meter, media or custom field; an organization_id beside an organization's
    token.
    """
    body = _kind(call)
    recurring = isinstance(body, ProductCreateRecurring)
    definitions, problems = price_definitions(
        body.prices,
        where=("prices",),
        recurring=recurring,
        settings=call.organization.settings,
        meters=await _meters(call, body.prices),
    )
    images, fields, more = await _parts(call, body.medias, body.attached_custom_fields)
    problems += more
    if body.organization_id is not None:
        problems.append(Problem(ProblemCode.ORGANIZATION_WITH_TOKEN, ("organization_id",), str(body.organization_id)))
    given = {**body.given(), "images": images or (), "fields": fields or ()}
    with told_with_prices(body.prices):
        made = await create_product(call.ports, call.organization, given, definitions, refused=problems)
    return call.json(product(made, call.public_url), 201)


def _kind(call: Call) -> ProductCreateOneTime | ProductCreateRecurring:
    """One-time or recurring, by the interval; schema errors carry the kind, as in the original."""
    fields = call.fields()
    recurring = fields.get("recurring_interval") is not None
    model: type[BaseModel] = ProductCreateRecurring if recurring else ProductCreateOneTime
    try:
        body = model.model_validate(fields)
    except ValidationError as error:
        kind = "recurring" if recurring else "one_time"
        raise Refused(errors.from_validation(error, prefix=("body", kind))) from error
    call.ignored = ignored_fields(fields, known_fields(model))
    assert isinstance(body, ProductCreateOneTime | ProductCreateRecurring)
    return body


def _span(interval: Interval | None, count: int | None) -> Span | None:
    return Span(interval=interval, count=count or 1) if interval is not None else None


async def _meters(call: Call, prices: Sequence[object]) -> dict[UUID, Meter]:
    """The meters that prices name, as far as there are such."""
    wanted = meter_ids(prices)
    return await METERS.by_ids(call.ports.reads, call.organization.id, wanted) if wanted else {}


async def _parts(
    call: Call, medias: Sequence[UUID] | None, attached: Sequence[AttachedFieldIn] | None
) -> tuple[tuple[ImageRef, ...] | None, tuple[AttachedField, ...] | None, list[Problem]]:
    """The images and questions that a body names, None where it says nothing of them, and a problem for each that is unknown."""
    images, problems = await stored_images(call.ports, call.organization, medias or (), where="medias")
    fields = await CUSTOM_FIELDS.by_ids(
        call.ports.reads, call.organization.id, [item.custom_field_id for item in attached or ()]
    )
    for position, item in enumerate(attached or ()):
        if item.custom_field_id not in fields:
            where = ("attached_custom_fields", position, "custom_field_id")
            problems.append(Problem(ProblemCode.CUSTOM_FIELD_UNKNOWN, where, str(item.custom_field_id)))
    if problems:
        return None, None, problems
    asked = {item.custom_field_id: item.required for item in attached or ()}
    return (
        None if medias is None else images,
        None if attached is None else tuple(AttachedField(field=fields[i], required=r) for i, r in asked.items()),
        [],
    )


class ProductListQuery(paging.ListQuery):
    sorting = paging.sorted_by(products.SORTABLE)
    id = paging.ids()
    query = paging.word()
    is_archived = paging.flag()
    is_recurring = paging.flag()
    visibility = paging.words_of([str(item) for item in Visibility])
    benefit_id = paging.ids()
    metadata = paging.pairs()


@api.route("GET", "/products/", scopes=READ, query=ProductListQuery, answers=Page[answers.Product])
async def search(call: Call) -> Response:
    """List products."""
    asked = ProductListQuery(call)
    window = asked.window()
    wanted = products.ProductFilter(
        ids=asked.id,
        name_contains=asked.query,
        is_archived=asked.is_archived,
        is_recurring=asked.is_recurring,
        visibilities=asked.visibility,
        metadata=asked.metadata,
    )
    with_benefits = asked.benefit_id
    page = await asked.found(window, products.search, wanted, is_empty=bool(with_benefits))
    return call.json(paging.envelope([product(item, call.public_url) for item in page.items], page, window.limit))


@api.route("GET", "/products/{id}", scopes=READ, answers=answers.Product)
async def get(call: Call) -> Response:
    """Read a product.

    404 ResourceNotFound: no such product.
    """
    return call.json(product(await read_product(call.ports, call.organization, call.path_id()), call.public_url))


@api.route("PATCH", "/products/{id}", scopes=WRITE, body=ProductUpdate, answers=answers.Product)
async def update(call: Call) -> Response:
    """Change or archive a product.

    404 ResourceNotFound: no such product. 422 PolarRequestValidationError: prices that cannot be combined, or amounts that cannot
    be charged; a pricing that is not enabled, or needs a recurring product; an unknown meter, media or custom field; a price that
    is not the product's; another recurring interval; a trial of a one-time product.
    """
    product_id = call.path_id()
    body = call.body(ProductUpdate)
    return call.json(product(await _changed(call, product_id, body), call.public_url))


@retry_on_conflict
async def _changed(call: Call, product_id: UUID, body: ProductUpdate) -> Product:
    found = await read_product(call.ports, call.organization, product_id)
    images, fields, problems = await _parts(call, body.medias, body.attached_custom_fields)
    problems += _fixed_parts(found, body)
    prices: PriceList | None = None
    if body.prices is not None:
        prices, more = await _price_list(call, found, body.prices)
        problems += more
    given = body.given()
    given |= {} if images is None else {"images": images}
    given |= {} if fields is None else {"fields": fields}
    follows = body.prices is not None or body.trial_interval is not None
    with told_with_prices(body.prices or ()):
        return await change_product(
            call.ports,
            call.organization,
            product_id,
            given,
            prices,
            refused=problems,
            unless_changed_from=found if follows else None,
        )


def _fixed_parts(found: Product, body: ProductUpdate) -> list[Problem]:
    problems = []
    present = found.recurrence.interval if found.recurrence else None
    if body.recurring_interval is not None and body.recurring_interval is not present:
        given = str(body.recurring_interval)
        problems.append(Problem(ProblemCode.RECURRING_INTERVAL_FIXED, ("recurring_interval",), given))
    if body.trial_interval is not None and present is None:
        problems.append(Problem(ProblemCode.TRIAL_ON_ONE_TIME, ("trial_interval",), str(body.trial_interval)))
    return problems


async def _price_list(
    call: Call, found: Product, listed: Sequence[ExistingPrice | AnyPrice]
) -> tuple[PriceList, list[Problem]]:
    """The prices to keep and to add, and what is wrong with others. A meter that a kept price has is not free for a new one."""
    active = {price.id: price for price in found.active_prices}
    kept = {item.id for item in listed if isinstance(item, ExistingPrice)} & set(active)
    problems = [
        Problem(ProblemCode.PRICE_UNKNOWN, ("prices", position), str(item.id))
        for position, item in enumerate(listed)
        if isinstance(item, ExistingPrice) and item.id not in active
    ]
    definitions, more = price_definitions(
        [None if isinstance(item, ExistingPrice) else item for item in listed],
        where=("prices",),
        recurring=found.recurrence is not None,
        settings=call.organization.settings,
        meters=await _meters(call, listed),
        metered=[terms.meter_id for price in kept if isinstance(terms := active[price].terms, Metered)],
    )
    return PriceList(keep=tuple(kept), add=definitions), [*problems, *more]


class BenefitsUpdate(Base):
    """The benefits a product grants."""

    benefits: Annotated[list[UUID4], Many]


@api.route("POST", "/products/{id}/benefits", scopes=WRITE, body=BenefitsUpdate, answers=answers.Product)
async def set_benefits(call: Call) -> Response:
    """Set a product's benefits. None exist here yet, so only the empty list can be set.

    404 ResourceNotFound: no such product.
    """
    product_id = call.path_id()
    body = call.body(BenefitsUpdate)
    found = await read_product(call.ports, call.organization, product_id)
    if body.benefits:
        items = [
            {"type": "value_error", "loc": ("benefits", i), "msg": "Benefit does not exist.", "input": str(item)}
            for i, item in enumerate(body.benefits)
        ]
        raise Refused(errors.schema(items))
    return call.json(product(found, call.public_url))
