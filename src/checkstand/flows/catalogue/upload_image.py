"""Upload images: an address that takes one file for a minute, and what becomes of the file.

The address holds a signed permission, so that nothing is stored before bytes arrive and any process can take them. It ends by real
time, not by the organization's clock: it says how long a transfer may take, and moving a test clock by a month between asking and
sending must neither end a permission nor keep one alive.

An image never changes: another file is another image. The one that is sent twice under one permission counts once.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from checkstand.domain.errors import NotFound, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.files import plain_name
from checkstand.domain.image import SUFFIXES, ImageRef, accept
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.ports import FactWriter, Ports, fact_writer
from checkstand.flows.signed_address import AddressRefused, require_time, seal, unseal
from checkstand.store import facts as fact_store
from checkstand.store.catalogue import brands, images
from checkstand.store.catalogue.brands import BRANDS
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.store.executor import Executor

Target = Literal["product", "addon", "brand"]
LIFE = timedelta(seconds=60)
_TARGETS: tuple[Target, ...] = ("product", "addon", "brand")
_LAYOUT = struct.Struct(">16s16s16sB?q")
_PURPOSE = b"checkstand image upload 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """That one image may be stored and shown by one object. `expires_at`: Unix seconds, real time."""

    organization_id: UUID
    image_id: UUID
    target: Target
    target_id: UUID
    replaces_all: bool
    expires_at: int


def sign(permission: Permission, key: bytes) -> str:
    """The permission as a part of an address; whoever has the server's secret key can tell that it is genuine."""
    payload = _LAYOUT.pack(
        permission.organization_id.bytes,
        permission.image_id.bytes,
        permission.target_id.bytes,
        _TARGETS.index(permission.target),
        permission.replaces_all,
        permission.expires_at,
    )
    return seal(payload, key, _PURPOSE)


def read_permission(ports: Ports, token: str, key: bytes) -> Permission:
    """The permission in an address. Raises AddressRefused (`unknown`, `expired`)."""
    payload = unseal(token, key, _PURPOSE)
    organization_id, image_id, target_id, target, replaces_all, expires_at = _LAYOUT.unpack(payload)
    require_time(ports, expires_at)
    return Permission(
        organization_id=UUID(bytes=organization_id),
        image_id=UUID(bytes=image_id),
        target=_TARGETS[target],
        target_id=UUID(bytes=target_id),
        replaces_all=replaces_all,
        expires_at=expires_at,
    )


async def permit_upload(
    ports: Ports, organization: Organization, target: Target, target_id: UUID, *, replaces_all: bool, key: bytes
) -> tuple[UUID, str]:
    """The id that the image will have, and the address to send it to within a minute. Raises NotFound."""
    if not await _exists(ports.db, organization.id, target, target_id):
        raise NotFound
    permission = Permission(
        organization_id=organization.id,
        image_id=ports.new_id(),
        target=target,
        target_id=target_id,
        replaces_all=replaces_all,
        expires_at=int((ports.real_now() + LIFE).timestamp()),
    )
    return permission.image_id, f"{ports.public_url()}/uploads/{sign(permission, key)}"


async def _exists(db: Executor, organization_id: UUID, target: Target, target_id: UUID) -> bool:
    if target == "brand":
        return await BRANDS.by_id(db, organization_id, target_id) is not None
    return await images.can_show(db, organization_id, target, target_id)


async def store_upload(ports: Ports, permission: Permission, content: bytes, *, declared: str) -> ImageRef:
    """Store the file and show it where it was permitted. Raises BadImage, AddressRefused (`used`)."""
    organization = await ports.cache.organization(permission.organization_id)
    image = describe_image(ports, organization, content, declared=declared, image_id=permission.image_id)
    tell = await fact_writer(ports, organization.id, image.created_at)
    async with ports.db.transaction() as tx:
        if not await images.add(tx, organization.id, image, content):
            known = (await images.refs(tx, organization.id, [image.id]))[image.id]
            if known.checksum != image.checksum:
                raise AddressRefused("used")
            return known
        await _show(tx, permission, image, tell)
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)
    ports.wake()
    return image


async def _show(tx: Executor, permission: Permission, image: ImageRef, tell: FactWriter) -> None:
    organization_id, target_id = permission.organization_id, permission.target_id
    if permission.target == "brand":
        await brands.set_image(tx, organization_id, target_id, image.id, now=tell.now)
        return
    await images.show_first(
        tx, organization_id, target_id, image.id, instead_of_all=permission.replaces_all, now=tell.now
    )
    if permission.target == "product":
        product = (await PRODUCTS.by_ids(tx, organization_id, [target_id]))[target_id]
        fact = tell(FactType.PRODUCT_UPDATED, target_id, shows=product)
        await fact_store.record(tx, organization_id, [fact])


def describe_image(
    ports: Ports,
    organization: Organization,
    content: bytes,
    *,
    declared: str,
    name: str = "",
    image_id: UUID | None = None,
) -> ImageRef:
    """What is known of a file that may be stored as an image; `name` is the sender's. Raises BadImage."""
    kind = accept(content, declared=declared)
    return ImageRef(
        id=image_id or ports.new_id(),
        name=plain_name(name) or f"image.{SUFFIXES[kind.content_type]}",
        content_type=kind.content_type,
        size=len(content),
        width=kind.width,
        height=kind.height,
        checksum=hashlib.sha256(content).hexdigest(),
        created_at=ports.now(organization),
    )


async def stored_images(
    ports: Ports, organization: Organization, image_ids: Sequence[UUID], *, where: str
) -> tuple[tuple[ImageRef, ...], list[Problem]]:
    """The images with these ids, in this order, and a problem (`media_unknown`) for each that the organization does not have."""
    known = await images.refs(ports.db, organization.id, image_ids)
    found = tuple(known[image_id] for image_id in dict.fromkeys(image_ids) if image_id in known)
    problems = [
        Problem(ProblemCode.MEDIA_UNKNOWN, (where, position), str(image_id))
        for position, image_id in enumerate(image_ids)
        if image_id not in known
    ]
    return found, problems
