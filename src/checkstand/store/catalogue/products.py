"""Products with their prices, read together in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.catalog import Price, Product, Span
from checkstand.domain.fields import AttachedField
from checkstand.domain.files import FileRef
from checkstand.store.catalogue import images, prices, product_files
from checkstand.store.catalogue.custom_fields import CUSTOM_FIELDS
from checkstand.store.executor import Executor, Reader
from checkstand.store.field_mapping import FieldMapping, selected, spread
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

_FIELDS = f"""
    (
        SELECT json_agg(
            json_build_object('required', product_fields.required, 'field', {CUSTOM_FIELDS.document("custom_fields")})
            ORDER BY product_fields.position
        )
        FROM product_fields
        JOIN custom_fields
          ON custom_fields.organization_id = product_fields.organization_id
         AND custom_fields.id = product_fields.field_id
        WHERE product_fields.organization_id = products.organization_id
          AND product_fields.product_id = products.id
    )
"""
_IMAGES = FieldMapping(
    columns=("image_ids",),
    writes=lambda shown: ([image.id for image in shown],),
    names=("images",),
    reads=images.from_facts,
    selected=images.facts_of("products", "products.image_ids"),
)
PRODUCTS = Table(
    "products",
    Product,
    kept={
        "recurrence": spread(Span, "recurring_interval", "recurring_count"),
        "term": spread(Span, "term_interval", "term_count"),
        "trial": spread(Span, "trial_interval", "trial_count"),
        "addons": "addon_ids",
        "images": _IMAGES,
        # These are rows of their own.
        "prices": selected("prices", prices.OF_PRODUCT, tuple[Price, ...]),
        "fields": selected("fields", _FIELDS, tuple[AttachedField, ...]),
        "files": selected("files", product_files.OF_PRODUCT, tuple[FileRef, ...]),
    },
)


async def organization_of(db: Reader, product_id: UUID) -> UUID | None:
    """Look-up by secret: whose product a static payment link names. Its address names no organization; add-ons have no such link."""
    found: UUID | None = await db.fetchval(
        """
        SELECT organization_id
        FROM products
        WHERE id = $1
          AND kind = 'product'
        """,
        product_id,
    )
    return found


async def by_price_id(db: Reader, organization_id: UUID, price_id: UUID) -> Product | None:
    """The product that has this price, archived or not."""
    return await PRODUCTS.one(
        db,
        f"""
        SELECT {PRODUCTS.columns}
        FROM products
        WHERE organization_id = $1
          AND id = (SELECT product_id FROM prices WHERE prices.organization_id = $1 AND prices.id = $2)
        """,
        organization_id,
        price_id,
    )


async def add(db: Executor, product: Product) -> None:
    """Store a new product and its prices; call inside a transaction."""
    await PRODUCTS.insert(db, product)
    await _attach_fields(db, product)
    await prices.add(db, product.organization_id, product.prices, first_position=0)


async def locked(db: Executor, organization_id: UUID, product_id: UUID) -> Product | None:
    """The product as it is now, held until the transaction ends."""
    await db.execute(
        """
        SELECT id
        FROM products
        WHERE organization_id = $1
          AND id = $2
        FOR UPDATE
        """,
        organization_id,
        product_id,
    )
    # A second statement: the one that waited for the lock sees other tables as they were before it.
    return await PRODUCTS.by_id(db, organization_id, product_id)


async def save(db: Executor, product: Product) -> None:
    """Store a changed product: its own columns, prices that are new, and which prices are archived now."""
    await PRODUCTS.update(db, product)
    await _attach_fields(db, product)
    known = await db.fetch(
        "SELECT id FROM prices WHERE organization_id = $1 AND product_id = $2", product.organization_id, product.id
    )
    stored = {row["id"] for row in known}
    await db.execute(
        """
        UPDATE prices
        SET is_archived = said.is_archived, modified_at = said.modified_at
        FROM unnest($3::uuid[], $4::boolean[], $5::timestamptz[]) AS said (id, is_archived, modified_at)
        WHERE prices.organization_id = $1
          AND prices.product_id = $2
          AND prices.id = said.id
          AND prices.is_archived <> said.is_archived
        """,
        product.organization_id,
        product.id,
        [price.id for price in product.prices],
        [price.is_archived for price in product.prices],
        [price.modified_at for price in product.prices],
    )
    new = [price for price in product.prices if price.id not in stored]
    await prices.add(db, product.organization_id, new, first_position=len(stored))


async def _attach_fields(db: Executor, product: Product) -> None:
    """The product's questions, as a whole: what is not listed is detached."""
    await db.execute(
        """
        WITH wanted AS (
            SELECT *
            FROM unnest($3::uuid[], $4::boolean[]) WITH ORDINALITY AS w (field_id, required, position)
        ),
        gone AS (
            DELETE FROM product_fields
            WHERE organization_id = $1
              AND product_id = $2
              AND NOT (field_id = ANY($3::uuid[]))
        )
        INSERT INTO product_fields (organization_id, product_id, field_id, position, required)
        SELECT $1, $2, field_id, position, required
        FROM wanted
        ON CONFLICT (organization_id, product_id, field_id)
        DO UPDATE SET position = excluded.position, required = excluded.required
        """,
        product.organization_id,
        product.id,
        [attached.field.id for attached in product.fields],
        [attached.required for attached in product.fields],
    )


_FIRST_PRICE = (
    "(SELECT {} FROM prices WHERE prices.organization_id = products.organization_id "
    "AND prices.product_id = products.id AND NOT prices.is_archived ORDER BY position LIMIT 1)"
)
SORTABLE = {
    "created_at": "created_at",
    "name": "name",
    "price_amount_type": _FIRST_PRICE.format("kind"),
    "price_amount": _FIRST_PRICE.format("coalesce(amount_minor, minimum_minor)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """What a product list may be narrowed by. `has_brand` False: those of the primary brand, which have none of their own."""

    kind: str = "product"
    ids: tuple[UUID, ...] = ()
    brand_ids: tuple[UUID, ...] = ()
    has_brand: bool | None = None
    name_contains: str | None = None
    is_archived: bool | None = None
    is_recurring: bool | None = None
    visibilities: tuple[str, ...] = ()
    metadata: tuple[tuple[str, tuple[str, ...]], ...] = ()


async def search(
    db: Reader, organization_id: UUID, wanted: ProductFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Product]:
    """A page of products with the total count."""
    query = Query("products", organization_id)
    query.equals("kind", wanted.kind)
    query.any_of("id", wanted.ids, "uuid")
    query.any_of("brand_id", wanted.brand_ids, "uuid")
    if wanted.has_brand is not None:
        query.where(f"brand_id IS {'NOT ' if wanted.has_brand else ''}NULL")
    query.contains("name", wanted.name_contains)
    query.equals("is_archived", wanted.is_archived)
    query.any_of("visibility", wanted.visibilities, "text")
    if wanted.is_recurring is not None:
        query.where(f"recurring_interval IS {'NOT ' if wanted.is_recurring else ''}NULL")
    for key, values in wanted.metadata:
        query.where(f"metadata ->> {query.bind(key)}::text = ANY({query.bind(list(values))}::text[])")
    query.order_by(sorting, SORTABLE)
    return await PRODUCTS.page(db, query, offset=offset, limit=limit)
