"""Images: kept once and never changed, found by their id, and shown by products, add-ons and brands.

What a product shows is its list of image ids; the content is read only where it is sent to somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkstand.domain.image import ImageRef
from checkstand.store.codec import decode
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import calculated, hexadecimal
from checkstand.store.rows import Table

ShownBy = Literal["product", "addon"]


IMAGES = Table(
    "images",
    ImageRef,
    kept={"size": calculated("size", "octet_length(images.content)"), "checksum": hexadecimal("images", "checksum")},
    owned=("organization_id", "content"),
)


def facts_of(table: str, ids: str) -> str:
    """A column's expression: what is known of the images in the array `ids` of a row of `table`, in order; for `from_facts`."""
    return f"""
    (
        SELECT {IMAGES.documents("images", order="wanted.position")}
        FROM unnest({ids}) WITH ORDINALITY AS wanted (id, position)
        JOIN images
          ON images.organization_id = {table}.organization_id
         AND images.id = wanted.id
    )
    """


def from_facts(document: str | None) -> tuple[ImageRef, ...]:
    """The images of a column made with `facts_of`."""
    return decode(tuple[ImageRef, ...], document) if document is not None else ()


async def refs(db: Reader, organization_id: UUID, image_ids: Sequence[UUID]) -> dict[UUID, ImageRef]:
    """The images among these ids that this organization has, without their content."""
    return await IMAGES.by_ids(db, organization_id, image_ids) if image_ids else {}


@dataclass(frozen=True, slots=True)
class Content:
    """A whole image, to be sent."""

    ref: ImageRef
    body: bytes


async def content(db: Reader, organization_id: UUID, image_id: UUID) -> Content | None:
    """An image with its bytes."""
    row = await db.fetchrow(
        f"""
        SELECT {IMAGES.columns}, images.content
        FROM images
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        image_id,
    )
    return Content(IMAGES.read(row), row["content"]) if row is not None else None


async def add(db: Executor, organization_id: UUID, image: ImageRef, body: bytes) -> bool:
    """Store an image. False when there is one of this id already: it stays as it is."""
    status = await db.execute(
        f"{IMAGES.insertion} ON CONFLICT (organization_id, id) DO NOTHING",
        organization_id,
        body,
        *IMAGES.arguments(image),
    )
    return status.endswith(" 1")


async def can_show(db: Reader, organization_id: UUID, kind: ShownBy, product_id: UUID) -> bool:
    """Whether the organization has such a product, or such an add-on."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM products WHERE organization_id = $1 AND id = $2 AND kind = $3)",
        organization_id,
        product_id,
        kind,
    )
    return found


async def show_first(
    db: Executor, organization_id: UUID, product_id: UUID, image_id: UUID, *, instead_of_all: bool, now: datetime
) -> None:
    """Make an image a product's first, in place of the one that was, or of all; the others keep their order."""
    await db.execute(
        """
        UPDATE products
        SET image_ids = CASE WHEN $4 THEN ARRAY[$3::uuid] ELSE ARRAY[$3::uuid] || image_ids[2:] END,
            modified_at = $5
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        product_id,
        image_id,
        instead_of_all,
        now,
    )
