"""Products with their prices, read together in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.catalog import Custom, Fixed, Interval, Price, Product, Span, Terms, Visibility
from checkstand.domain.fields import AttachedField
from checkstand.domain.terms import Metered, SeatBased, UnitBased
from checkstand.store.catalogue import images, product_files
from checkstand.store.codec import decode, decode_plain, encode
from checkstand.store.executor import Executor
from checkstand.store.query import Page, Query

_PRICES = """
    (
        SELECT json_agg(json_build_array(
            id, kind, currency, amount_minor, minimum_minor, maximum_minor, preset_minor,
            discount_percent, tax_behavior, is_archived, created_at, modified_at, terms
        ) ORDER BY position)
        FROM prices
        WHERE prices.organization_id = products.organization_id
          AND prices.product_id = products.id
    ) AS prices
"""
_FIELDS = """
    (
        SELECT json_agg(json_build_object(
            'required', product_fields.required,
            'field', json_build_object(
                'id', custom_fields.id, 'organization_id', custom_fields.organization_id, 'kind', custom_fields.kind,
                'slug', custom_fields.slug, 'name', custom_fields.name, 'properties', custom_fields.properties,
                'metadata', custom_fields.metadata, 'created_at', custom_fields.created_at,
                'modified_at', custom_fields.modified_at
            )
        ) ORDER BY product_fields.position)
        FROM product_fields
        JOIN custom_fields
          ON custom_fields.organization_id = product_fields.organization_id
         AND custom_fields.id = product_fields.field_id
        WHERE product_fields.organization_id = products.organization_id
          AND product_fields.product_id = products.id
    ) AS fields
"""
_IMAGES = f"{images.facts_of('products', 'products.image_ids')} AS images"
_FILES = f"{product_files.REFS} AS files"
_COLUMNS = f"""
    products.organization_id, products.id, kind, name, description, visibility, recurring_interval, recurring_count,
    term_interval, term_count, trial_interval, trial_count, tax_category, is_archived, addon_ids, brand_id, metadata,
    extras, created_at, modified_at, {_PRICES}, {_FIELDS}, {_IMAGES}, {_FILES}
"""


def _span(interval: str | None, count: int | None) -> Span | None:
    return Span(interval=Interval(interval), count=count) if interval is not None and count is not None else None


def _price(product_id: UUID, row: list[object]) -> Price:
    identity, kind, currency, *amounts, percent, behavior, archived, created, modified, terms = row
    return Price(
        id=UUID(str(identity)),
        product_id=product_id,
        currency=str(currency),
        terms=_terms(str(kind), amounts, terms),
        tax_behavior=behavior,  # type: ignore[arg-type]
        discount_percent=percent,  # type: ignore[arg-type]
        is_archived=bool(archived),
        created_at=datetime.fromisoformat(str(created)),
        modified_at=datetime.fromisoformat(str(modified)) if modified is not None else None,
    )


def _terms(kind: str, amounts: Sequence[object], document: object) -> Terms:
    amount, minimum, maximum, preset = amounts
    if kind == "fixed":
        return Fixed(amount_minor=amount)  # type: ignore[arg-type]
    if kind == "custom":
        return Custom(minimum_minor=minimum, maximum_minor=maximum, preset_minor=preset)  # type: ignore[arg-type]
    return decode(_DOCUMENTS[kind], encode(document))


_DOCUMENTS: dict[str, type[SeatBased] | type[UnitBased] | type[Metered]] = {
    "seat_based": SeatBased,
    "unit_based": UnitBased,
    "metered_unit": Metered,
}


def _product(row: asyncpg.Record) -> Product:
    prices = decode_plain(row["prices"]) if row["prices"] is not None else []
    return Product(
        id=row["id"],
        organization_id=row["organization_id"],
        kind=row["kind"],
        name=row["name"],
        description=row["description"],
        visibility=Visibility(row["visibility"]),
        recurrence=_span(row["recurring_interval"], row["recurring_count"]),
        term=_span(row["term_interval"], row["term_count"]),
        trial=_span(row["trial_interval"], row["trial_count"]),
        prices=tuple(_price(row["id"], price) for price in prices),
        is_archived=row["is_archived"],
        tax_category=row["tax_category"],
        addons=tuple(row["addon_ids"]),
        images=images.from_facts(row["images"]),
        files=product_files.from_refs(row["files"]),
        fields=decode(tuple[AttachedField, ...], row["fields"]) if row["fields"] else (),
        brand_id=row["brand_id"],
        metadata=decode_plain(row["metadata"]),
        extras=decode_plain(row["extras"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


async def by_ids(db: Executor, organization_id: UUID, product_ids: Sequence[UUID]) -> dict[UUID, Product]:
    """The products among these ids that this organization has, archived ones included."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM products
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
        """,
        organization_id,
        list(product_ids),
    )
    return {row["id"]: _product(row) for row in rows}


async def organization_of(db: Executor, product_id: UUID) -> UUID | None:
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


async def by_price_id(db: Executor, organization_id: UUID, price_id: UUID) -> Product | None:
    """The product that has this price, archived or not."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM products
        WHERE organization_id = $1
          AND id = (SELECT product_id FROM prices WHERE prices.organization_id = $1 AND prices.id = $2)
        """,
        organization_id,
        price_id,
    )
    return _product(row) if row is not None else None


async def add(db: Executor, product: Product) -> None:
    """Store a new product and its prices; call inside a transaction."""
    await db.execute(
        """
        INSERT INTO products (
            organization_id, id, name, description, visibility, recurring_interval, recurring_count, term_interval,
            term_count, trial_interval, trial_count, tax_category, is_archived, metadata, extras, created_at,
            modified_at, kind, addon_ids, image_ids, brand_id
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::json, $15::json, $16, $17, $18, $19, $20,
            $21)
        """,
        *_product_arguments(product),
    )
    await _attach_fields(db, product)
    await _add_prices(db, product, product.prices, first_position=0)


async def locked(db: Executor, organization_id: UUID, product_id: UUID) -> Product | None:
    """The product as it is now, to be changed by nobody else while the transaction is open."""
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
    return (await by_ids(db, organization_id, [product_id])).get(product_id)


async def save(db: Executor, product: Product) -> None:
    """Store a changed product: its own columns, prices that are new, and which prices are archived now."""
    await db.execute(
        """
        UPDATE products
        SET name = $3, description = $4, visibility = $5, recurring_interval = $6, recurring_count = $7,
            term_interval = $8, term_count = $9, trial_interval = $10, trial_count = $11, tax_category = $12,
            is_archived = $13, metadata = $14::json, extras = $15::json, created_at = $16, modified_at = $17,
            kind = $18, addon_ids = $19, image_ids = $20, brand_id = $21
        WHERE organization_id = $1
          AND id = $2
        """,
        *_product_arguments(product),
    )
    await _attach_fields(db, product)
    known = await db.fetch(
        "SELECT id FROM prices WHERE organization_id = $1 AND product_id = $2", product.organization_id, product.id
    )
    stored = {row["id"] for row in known}
    await db.execute(
        """
        UPDATE prices
        SET is_archived = NOT (id = ANY($3::uuid[])), modified_at = $4
        WHERE organization_id = $1
          AND product_id = $2
          AND is_archived = (id = ANY($3::uuid[]))
        """,
        product.organization_id,
        product.id,
        [price.id for price in product.active_prices],
        product.modified_at,
    )
    new = [price for price in product.prices if price.id not in stored]
    await _add_prices(db, product, new, first_position=len(stored))


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


async def _add_prices(db: Executor, product: Product, prices: Sequence[Price], *, first_position: int) -> None:
    if not prices:
        return
    await db.executemany(
        """
        INSERT INTO prices (
            organization_id, id, product_id, position, kind, currency, amount_minor, minimum_minor, maximum_minor,
            preset_minor, discount_percent, tax_behavior, is_archived, created_at, modified_at, terms
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::json)
        """,
        [_price_arguments(product, price, first_position + index) for index, price in enumerate(prices)],
    )


def _product_arguments(product: Product) -> tuple[object, ...]:
    recurrence, term, trial = product.recurrence, product.term, product.trial
    return (
        product.organization_id,
        product.id,
        product.name,
        product.description,
        str(product.visibility),
        str(recurrence.interval) if recurrence else None,
        recurrence.count if recurrence else None,
        str(term.interval) if term else None,
        term.count if term else None,
        str(trial.interval) if trial else None,
        trial.count if trial else None,
        product.tax_category,
        product.is_archived,
        encode(product.metadata),
        encode(product.extras),
        product.created_at,
        product.modified_at,
        product.kind,
        list(product.addons),
        [image.id for image in product.images],
        product.brand_id,
    )


def _price_arguments(product: Product, price: Price, position: int) -> tuple[object, ...]:
    terms = price.terms
    custom = terms if isinstance(terms, Custom) else None
    return (
        product.organization_id,
        price.id,
        product.id,
        position,
        terms.kind,
        price.currency,
        terms.amount_minor if isinstance(terms, Fixed) else None,
        custom.minimum_minor if custom else None,
        custom.maximum_minor if custom else None,
        custom.preset_minor if custom else None,
        price.discount_percent,
        price.tax_behavior,
        price.is_archived,
        price.created_at,
        price.modified_at,
        None if isinstance(terms, Fixed | Custom) else encode(terms),
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
    db: Executor, organization_id: UUID, wanted: ProductFilter, *, sorting: Sequence[str], offset: int, limit: int
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
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_product(row) for row in found.items])
