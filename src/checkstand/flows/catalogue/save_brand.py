"""Create and change a business's further brands. The primary one is the organization itself and changes with its settings."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from checkstand.domain.brand import Brand, descriptor
from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.image import ImageRef
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.ports import Ports
from checkstand.store.catalogue import images
from checkstand.store.catalogue.brands import BRANDS
from checkstand.store.executor import Executor


async def create_brand(ports: Ports, organization: Organization, given: Given) -> Brand:
    """A new brand with the fields that were given."""
    made = made_of(
        Brand,
        {"statement_descriptor": None, **given},
        id=ports.new_id(),
        organization_id=organization.id,
        created_at=ports.now(organization),
    )
    brand = _described(made, organization)
    await BRANDS.insert(ports.db, brand)
    return brand


async def read_brand(ports: Ports, organization: Organization, brand_id: UUID) -> Brand:
    """A brand of this organization. Raises NotFound."""
    found = await BRANDS.by_id(ports.db, organization.id, brand_id)
    if found is None:
        raise NotFound
    return found


async def change_brand(ports: Ports, organization: Organization, brand_id: UUID, given: Given) -> Brand:
    """The brand with the fields that were given. `statement_descriptor` None: the one of its name; `image_id`: an uploaded image.
    Raises NotFound, Invalid.
    """
    async with ports.db.transaction() as tx:
        found = await BRANDS.by_id(tx, organization.id, brand_id, hold=True)
        if found is None:
            raise NotFound
        fields = dict(given)
        if "image_id" in fields:
            fields["image"] = await _image(tx, organization, fields.pop("image_id"))
        changed = dated(found, _described(with_given(found, fields), organization), ports.now(organization))
        await BRANDS.update(tx, changed)
    return changed


def _described(brand: Brand, organization: Organization) -> Brand:
    """The brand with what statements say of it: its name's, where nothing else was chosen."""
    if brand.statement_descriptor:
        return brand
    return replace(brand, statement_descriptor=descriptor(brand.name or organization.name))


async def _image(db: Executor, organization: Organization, image_id: object) -> ImageRef | None:
    if not isinstance(image_id, UUID):
        return None
    found = await images.refs(db, organization.id, [image_id])
    if image_id not in found:
        raise Invalid.single(ProblemCode.IMAGE_UNKNOWN, "image_id", given=str(image_id))
    return found[image_id]
