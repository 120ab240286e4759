"""Files of products: kept once, never changed. A product is loaded with their ids and names, the content only where it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.files import FileRef, ProductFile
from checkstand.store.codec import decode
from checkstand.store.executor import Executor

# A column of `products`: its files in the order they came, for `from_refs`.
REFS = """
    (
        SELECT json_agg(
            json_build_object('id', product_files.id, 'name', product_files.name)
            ORDER BY product_files.created_at, product_files.id
        )
        FROM product_files
        WHERE product_files.organization_id = products.organization_id
          AND product_files.product_id = products.id
    )
"""


@dataclass(frozen=True, slots=True)
class Content:
    """A whole file, to be sent."""

    name: str
    body: bytes


def from_refs(document: str | None) -> tuple[FileRef, ...]:
    """The files of a column made with `REFS`."""
    return decode(tuple[FileRef, ...], document) if document is not None else ()


async def add(db: Executor, organization_id: UUID, file: ProductFile, body: bytes) -> bool:
    """Store a file and mark its product as changed. False when there is one of this id already: all stays as it is."""
    changed = await db.fetchval(
        """
        WITH stored AS (
            INSERT INTO product_files (organization_id, id, product_id, name, content, size, checksum, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (organization_id, id) DO NOTHING
            RETURNING product_id
        )
        UPDATE products
        SET modified_at = $8
        FROM stored
        WHERE products.organization_id = $1
          AND products.id = stored.product_id
        RETURNING products.id
        """,
        organization_id,
        file.id,
        file.product_id,
        file.name,
        body,
        file.size,
        bytes.fromhex(file.checksum),
        file.created_at,
    )
    return changed is not None


async def checksum(db: Executor, organization_id: UUID, file_id: UUID) -> str | None:
    """The SHA-256 of a file, in hexadecimal."""
    found: str | None = await db.fetchval(
        """
        SELECT encode(checksum, 'hex')
        FROM product_files
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        file_id,
    )
    return found


async def content(db: Executor, organization_id: UUID, file_id: UUID) -> Content | None:
    """A file with its bytes."""
    row = await db.fetchrow(
        """
        SELECT name, content
        FROM product_files
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        file_id,
    )
    return Content(row["name"], row["content"]) if row is not None else None
