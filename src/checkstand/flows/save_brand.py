"""Create and change a business's further brands. The primary one is the organization itself and changes with its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from checkstand.domain.brand import Brand, descriptor
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.image import ImageRef
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.store import brands, images
from checkstand.store.database import Executor


async def create_brand(ports: Ports, organization: Organization, given: Mapping[str, object]) -> Brand:
    """A new brand with the fields that were given. Raises Invalid for an image that is not there."""
    bare = Brand(
        id=ports.new_id(),
        organization_id=organization.id,
        statement_descriptor="",
        created_at=ports.now(organization),
    )
    brand = await _with(ports.db, organization, bare, {"statement_descriptor": None, **given})
    await brands.add(ports.db, brand)
    return brand


async def read_brand(ports: Ports, organization: Organization, brand_id: UUID) -> Brand:
    """A brand of this organization. Raises NotFound."""
    found = await brands.by_id(ports.db, organization.id, brand_id)
    if found is None:
        raise NotFound
    return found


async def change_brand(
    ports: Ports, organization: Organization, brand_id: UUID, given: Mapping[str, object]
) -> Brand:
    """The brand with the fields that were given. `statement_descriptor` None: the one that its name would have had; `image_id` names an
    image that was uploaded. Raises NotFound, Invalid.
    """
    async with ports.db.transaction() as tx:
        found = await brands.by_id(tx, organization.id, brand_id, hold=True)
        if found is None:
            raise NotFound
        changed = replace(await _with(tx, organization, found, given), modified_at=ports.now(organization))
        await brands.save(tx, changed)
    return changed


async def _with(db: Executor, organization: Organization, brand: Brand, given: Mapping[str, object]) -> Brand:
    fields = dict(given)
    if "image_id" in fields:
        fields["image"] = await _image(db, organization, fields.pop("image_id"))
    changed: Brand = replace(brand, **fields)  # type: ignore[arg-type]
    return changed if changed.statement_descriptor else _described(changed, organization)


def _described(brand: Brand, organization: Organization) -> Brand:
    return replace(brand, statement_descriptor=descriptor(brand.name or organization.name))


async def _image(db: Executor, organization: Organization, image_id: object) -> ImageRef | None:
    if not isinstance(image_id, UUID):
        return None
    found = await images.refs(db, organization.id, [image_id])
    if image_id not in found:
        raise Invalid.single("image_unknown", "image_id", given=str(image_id))
    return found[image_id]
