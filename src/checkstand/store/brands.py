"""A business's further brands. The primary one is the organization itself and has no row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.brand import Brand
from checkstand.store.database import Executor
from checkstand.store.images import facts_of, from_facts

_COLUMNS = f"""
    organization_id, id, name, description, url, support_email, statement_descriptor, created_at, modified_at,
    {facts_of("brands", "ARRAY[brands.image_id]")} AS images
"""


def _brand(row: asyncpg.Record) -> Brand:
    return Brand(
        id=row["id"],
        organization_id=row["organization_id"],
        name=row["name"],
        description=row["description"],
        url=row["url"],
        support_email=row["support_email"],
        statement_descriptor=row["statement_descriptor"],
        image=next(iter(from_facts(row["images"])), None),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


async def all_of(db: Executor, organization_id: UUID) -> Sequence[Brand]:
    """Every further brand, newest first."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM brands
        WHERE organization_id = $1
        ORDER BY created_at DESC, id
        """,
        organization_id,
    )
    return [_brand(row) for row in rows]


async def by_id(db: Executor, organization_id: UUID, brand_id: UUID, *, hold: bool = False) -> Brand | None:
    """A brand of this organization. `hold`: nobody else changes it meanwhile."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM brands
        WHERE organization_id = $1
          AND id = $2
        {"FOR NO KEY UPDATE" if hold else ""}
        """,
        organization_id,
        brand_id,
    )
    return _brand(row) if row is not None else None


async def add(db: Executor, brand: Brand) -> None:
    await db.execute(
        """
        INSERT INTO brands (
            organization_id, id, name, description, url, support_email, statement_descriptor, image_id, created_at,
            modified_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        *_arguments(brand),
    )


async def save(db: Executor, brand: Brand) -> None:
    """Store a changed brand."""
    await db.execute(
        """
        UPDATE brands
        SET name = $3, description = $4, url = $5, support_email = $6, statement_descriptor = $7, image_id = $8,
            created_at = $9, modified_at = $10
        WHERE organization_id = $1
          AND id = $2
        """,
        *_arguments(brand),
    )


async def set_image(db: Executor, organization_id: UUID, brand_id: UUID, image_id: UUID, *, now: datetime) -> None:
    """Give a brand its image; what else it has stays, whoever changes that meanwhile."""
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


def _arguments(brand: Brand) -> tuple[object, ...]:
    return (
        brand.organization_id,
        brand.id,
        brand.name,
        brand.description,
        brand.url,
        brand.support_email,
        brand.statement_descriptor,
        brand.image.id if brand.image else None,
        brand.created_at,
        brand.modified_at,
    )
