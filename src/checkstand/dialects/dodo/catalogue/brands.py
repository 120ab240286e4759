"""`/brands`. The primary brand is the business: it comes first in the list and is edited in the settings, not here.

Source: docs/behaviour/dodo.md#brands-and-meters.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from checkstand.dialects.dodo.answers import brand as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.wire import errors, paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import Base, Email, Text, Url
from checkstand.dialects.dodo.wire.words import named, shown, shown_brand
from checkstand.domain.brand import LONGEST_DESCRIPTOR, Brand, descriptor
from checkstand.domain.errors import Invalid
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.image import image_path
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.catalogue.save_brand import change_brand, create_brand, read_brand
from checkstand.store.catalogue import brands
from checkstand.store.catalogue.brands import BRANDS

api = Api("Dodo: brands")
READ = ("organizations:read", "organizations:write")
WRITE = ("organizations:write",)

Descriptor = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_DESCRIPTOR)] | None,
    AfterValidator(lambda text: text or None),
]


class BrandFields(Base):
    """What creating and changing share."""

    name: Text = None
    description: Text = None
    url: Url = None
    support_email: Email | None = None
    statement_descriptor: Descriptor = None


class BrandIn(BrandFields):
    """`POST /brands`."""


class BrandPatch(BrandFields):
    """`PATCH /brands/{id}`. `image_id`: an image that was uploaded."""

    image_id: Annotated[UUID, Field(strict=False)] | None = None


@api.route("GET", "/brands", scopes=READ, answers=Page[answers.Brand])
async def every(call: Call) -> Response:
    """List brands: the business itself, then the others, newest first."""
    further = await brands.all_of(call.ports.reads, call.organization.id)
    return call.json(paging.envelope([primary(call.organization), *(_shown(call, brand) for brand in further)]))


@api.route("POST", "/brands", scopes=WRITE, body=BrandIn, answers=answers.Brand, keyed=True)
async def create(call: Call) -> Response:
    """Create a brand."""
    made = await create_brand(call.ports, call.organization, call.body(BrandIn).given())
    return call.json(_shown(call, made))


@api.route("GET", "/brands/{id}", scopes=READ, answers=answers.Brand)
async def get(call: Call) -> Response:
    """Read a brand.

    404 NOT_FOUND: no such brand.
    """
    brand_id = path_id(call)
    if brand_id is None:
        return call.json(primary(call.organization))
    return call.json(_shown(call, await read_brand(call.ports, call.organization, brand_id)))


@api.route("PATCH", "/brands/{id}", scopes=WRITE, body=BrandPatch, answers=answers.Brand)
async def change(call: Call) -> Response:
    """Change a brand. Absent means unchanged; null clears, and gives back the statement descriptor its brand would have had.

    403 UNABLE_TO_EDIT_PRIMARY_BRAND. 404 NOT_FOUND: no such brand. 422 NOT_FOUND: an unknown image.
    """
    brand_id = path_id(call)
    if brand_id is None:
        return primary_is_fixed()
    given = call.body(BrandPatch).given()
    return call.json(_shown(call, await change_brand(call.ports, call.organization, brand_id, given)))


def path_id(call: Call) -> UUID | None:
    """The brand that the path names; None for the primary one. Raises NotFound, also for what is no id."""
    if call.request.path_params["id"] == shown(DodoPrefix.BUSINESS, call.organization.id):
        return None
    return call.path_id(DodoPrefix.BRAND)


def primary_is_fixed() -> Response:
    """The refusal to change the primary brand."""
    return errors.answer(403, "UNABLE_TO_EDIT_PRIMARY_BRAND", "The primary brand cannot be edited here")


async def named_brand(call: Call, given: str | None) -> UUID | None:
    """The brand that a body's `brand_id` names; None for the primary one and for none. Raises Invalid (`brand_unknown`)."""
    if given is None or given == shown(DodoPrefix.BUSINESS, call.organization.id):
        return None
    brand_id = named(DodoPrefix.BRAND, given)
    if brand_id is None or await BRANDS.by_id(call.ports.reads, call.organization.id, brand_id) is None:
        raise Invalid.single(ProblemCode.BRAND_UNKNOWN, "brand_id", given=given)
    return brand_id


def filtered(call: Call, given: str | None) -> tuple[tuple[UUID, ...], bool | None]:
    """What a list's `brand_id` asks for: these brands, and whether things have one of their own. Raises Nothing."""
    if given is None:
        return (), None
    if given == shown(DodoPrefix.BUSINESS, call.organization.id):
        return (), False
    brand_id = named(DodoPrefix.BRAND, given)
    if brand_id is None:
        raise paging.Nothing
    return (brand_id,), True


def primary(organization: Organization) -> answers.Brand:
    """The business as a brand."""
    settings = organization.settings
    words: answers.BrandWords = {
        "name": organization.name,
        "description": None,
        "url": settings.website,
        "image": None,
        "support_email": settings.email,
        "statement_descriptor": descriptor(organization.name),
    }
    return _whole(organization, None, words)


def _shown(call: Call, brand: Brand) -> answers.Brand:
    path = image_path(brand.organization_id, brand.image) if brand.image else None
    words: answers.BrandWords = {
        "name": brand.name,
        "description": brand.description,
        "url": brand.url,
        "image": f"{call.ports.public_url()}{path}" if path else None,
        "support_email": brand.support_email,
        "statement_descriptor": brand.statement_descriptor,
    }
    return _whole(call.organization, brand.id, words)


def _whole(organization: Organization, brand_id: UUID | None, words: answers.BrandWords) -> answers.Brand:
    return {
        "brand_id": shown_brand(organization.id, brand_id),
        "business_id": shown(DodoPrefix.BUSINESS, organization.id),
        **words,
        "enabled": True,
        "verification_enabled": False,
        "verification_status": "Success",
        "reason_for_hold": None,
        "archived_at": None,
    }
