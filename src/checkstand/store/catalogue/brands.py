"""A business's further brands. The primary one is the organization itself and has no row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from checkstand.domain.brand import Brand
from checkstand.store.catalogue.images import facts_of, from_facts
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import FieldMapping
from checkstand.store.rows import Table

_IMAGE = FieldMapping(
    columns=("image_id",),
    writes=lambda image: (image.id if image else None,),
    names=("images",),
    reads=lambda document: next(iter(from_facts(document)), None),
    selected=facts_of("brands", "ARRAY[brands.image_id]"),
)
BRANDS = Table("brands", Brand, kept={"image": _IMAGE})


async def all_of(db: Reader, organization_id: UUID) -> Sequence[Brand]:
    """Every further brand, newest first."""
    return await BRANDS.all(
        db,
        f"""
        SELECT {BRANDS.columns}
        FROM brands
        WHERE organization_id = $1
        ORDER BY created_at DESC, id
        """,
        organization_id,
    )


async def set_image(db: Executor, organization_id: UUID, brand_id: UUID, image_id: UUID, *, now: datetime) -> None:
    """Give a brand its image; its other fields stay, also where they are changed meanwhile."""
    await db.execute(
        """
        UPDATE brands
        SET image_id = $3, modified_at = $4
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        brand_id,
        image_id,
        now,
    )
