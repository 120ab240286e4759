"""Files of products: kept once, never changed. A product is loaded with their ids and names, the content only where it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.files import FileRef, ProductFile
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import hexadecimal
from checkstand.store.rows import Table

PRODUCT_FILES = Table(
    "product_files",
    ProductFile,
    kept={"checksum": hexadecimal("product_files", "checksum")},
    owned=("organization_id", "content"),
)


def _refs() -> str:
    """What a product is loaded with of its files."""
    refs = Table("product_files", FileRef)
    return refs.documents("product_files", order="product_files.created_at, product_files.id")


# A column's expression: the files of a row of `products`, in the order they came.
OF_PRODUCT = f"""
    (
        SELECT {_refs()}
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


async def add(db: Executor, organization_id: UUID, file: ProductFile, body: bytes) -> bool:
    """Store a file and mark its product as changed. False when there is one of this id already: all stays as it is."""
    changed = await db.fetchval(
        f"""
        WITH stored AS (
            {PRODUCT_FILES.insertion}
            ON CONFLICT (organization_id, id) DO NOTHING
            RETURNING product_id, created_at
        )
        UPDATE products
        SET modified_at = stored.created_at
        FROM stored
        WHERE products.organization_id = $1
          AND products.id = stored.product_id
        RETURNING products.id
        """,
        organization_id,
        body,
        *PRODUCT_FILES.arguments(file),
    )
    return changed is not None


async def checksum(db: Reader, organization_id: UUID, file_id: UUID) -> str | None:
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


async def content(db: Reader, organization_id: UUID, file_id: UUID) -> Content | None:
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
