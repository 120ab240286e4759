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
from checkstand.store.executor import Executor

ShownBy = Literal["product", "addon"]


# What is known of a row of `images`, as a document of an `ImageRef`.
REF = """
    json_build_object(
        'id', images.id, 'name', images.name, 'content_type', images.content_type,
        'size', octet_length(images.content), 'width', images.width, 'height', images.height,
        'checksum', encode(images.checksum, 'hex'), 'created_at', images.created_at
    )
"""


def facts_of(table: str, ids: str) -> str:
    """A column's expression: what is known of the images in the array `ids` of a row of `table`, in order; for `from_facts`."""
    return f"""
    (
        SELECT json_agg({REF} ORDER BY wanted.position)
        FROM unnest({ids}) WITH ORDINALITY AS wanted (id, position)
        JOIN images
          ON images.organization_id = {table}.organization_id
         AND images.id = wanted.id
    )
    """


def from_facts(document: str | None) -> tuple[ImageRef, ...]:
    """The images of a column made with `facts_of`."""
    return decode(tuple[ImageRef, ...], document) if document is not None else ()


async def refs(db: Executor, organization_id: UUID, image_ids: Sequence[UUID]) -> dict[UUID, ImageRef]:
    """The images among these ids that this organization has, without their content."""
    if not image_ids:
        return {}
    rows = await db.fetch(
        f"""
        SELECT id, {REF} AS ref
        FROM images
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
        """,
        organization_id,
        list(image_ids),
    )
    return {row["id"]: decode(ImageRef, row["ref"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Content:
    """A whole image, to be sent."""

    ref: ImageRef
    body: bytes


async def content(db: Executor, organization_id: UUID, image_id: UUID) -> Content | None:
    """An image with its bytes."""
    row = await db.fetchrow(
        f"""
        SELECT {REF} AS ref, content
        FROM images
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        image_id,
    )
    return Content(decode(ImageRef, row["ref"]), row["content"]) if row is not None else None


async def add(db: Executor, organization_id: UUID, image: ImageRef, body: bytes) -> bool:
    """Store an image. False when there is one of this id already: it stays as it is."""
    stored = await db.fetchval(
        """
        INSERT INTO images (organization_id, id, name, content_type, width, height, content, checksum, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (organization_id, id) DO NOTHING
        RETURNING id
        """,
        organization_id,
        image.id,
        image.name,
        image.content_type,
        image.width,
        image.height,
        body,
        bytes.fromhex(image.checksum),
        image.created_at,
    )
    return stored is not None


async def can_show(db: Executor, organization_id: UUID, kind: ShownBy, product_id: UUID) -> bool:
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
