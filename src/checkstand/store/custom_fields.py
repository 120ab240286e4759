"""Custom fields: the merchant's questions by slug, and the sessions and orders that carry their answers.

A session is a document with copies of the questions in it; `sessions_asking` and `save_session` are for a field that changed after
sessions were made. Only Polar's sessions ask stored fields: the keys of Dodo's are inline and another thing, even when spelled alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from checkstand.domain.checkout import Checkout
from checkstand.domain.fields import Field, Properties
from checkstand.store.codec import decode, decode_plain, encode
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

SORTABLE = {"created_at": "created_at", "slug": "slug", "name": "name", "type": "kind"}
COLUMNS = "organization_id, id, kind, slug, name, properties, metadata, created_at, modified_at"
FIRST_ID = UUID(int=0)


def from_row(row: asyncpg.Record) -> Field:
    """A field from a row with the columns of COLUMNS."""
    return Field(
        id=row["id"],
        organization_id=row["organization_id"],
        kind=row["kind"],
        slug=row["slug"],
        name=row["name"],
        properties=decode(Properties, row["properties"]),
        metadata=decode_plain(row["metadata"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
    )


async def add(db: Executor, field: Field) -> bool:
    """Store a new field; False when its slug is taken."""
    made = await db.fetchval(
        f"""
        INSERT INTO custom_fields ({COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6::json, $7::json, $8, $9)
        ON CONFLICT (organization_id, slug) DO NOTHING
        RETURNING id
        """,
        field.organization_id,
        field.id,
        field.kind,
        field.slug,
        field.name,
        encode(field.properties),
        encode(field.metadata),
        field.created_at,
        field.modified_at,
    )
    return made is not None


async def by_id(db: Executor, organization_id: UUID, field_id: UUID) -> Field | None:
    """A field of this organization."""
    return (await by_ids(db, organization_id, [field_id])).get(field_id)


async def by_ids(db: Executor, organization_id: UUID, field_ids: Sequence[UUID]) -> dict[UUID, Field]:
    """The fields among these ids that this organization has."""
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}
        FROM custom_fields
        WHERE organization_id = $1
          AND id = ANY($2::uuid[])
        """,
        organization_id,
        list(field_ids),
    )
    return {row["id"]: from_row(row) for row in rows}


async def lock(db: Executor, organization_id: UUID, field_id: UUID) -> Field | None:
    """The same field, nobody else's to change until this transaction ends: a slug is renamed from what it is now."""
    row = await db.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM custom_fields
        WHERE organization_id = $1
          AND id = $2
        FOR UPDATE
        """,
        organization_id,
        field_id,
    )
    return from_row(row) if row is not None else None


async def save(db: Executor, field: Field) -> bool:
    """Store a changed field; False when its slug is taken, and then the transaction it was in can only be rolled back."""
    try:
        await db.execute(
            """
            UPDATE custom_fields
            SET slug = $3, name = $4, properties = $5::json, metadata = $6::json, modified_at = $7
            WHERE organization_id = $1
              AND id = $2
            """,
            field.organization_id,
            field.id,
            field.slug,
            field.name,
            encode(field.properties),
            encode(field.metadata),
            field.modified_at,
        )
    except asyncpg.UniqueViolationError:
        return False
    return True


async def delete(db: Executor, organization_id: UUID, field_id: UUID) -> None:
    """Remove a field; products stop asking it by the foreign key. Answers stay where they were given."""
    await db.execute(
        """
        DELETE FROM custom_fields
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        field_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFilter:
    """What a list of fields may be narrowed by."""

    text: str | None = None
    kinds: tuple[str, ...] = ()


async def search(
    db: Executor, organization_id: UUID, wanted: FieldFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Field]:
    """A page of fields with the total count. `sorting` names keys of SORTABLE, a leading '-' for descending."""
    query = Query("custom_fields", organization_id)
    if wanted.text:
        text = query.bind(wanted.text)
        query.where(f"(strpos(lower(name), lower({text}::text)) > 0 OR strpos(slug, lower({text}::text)) > 0)")
    query.any_of("kind", wanted.kinds, "text")
    query.order_by(sorting, SORTABLE)
    found = await query.page(db, COLUMNS, offset=offset, limit=limit)
    return found.of([from_row(row) for row in found.items])


async def sessions_asking(
    db: Executor,
    field: Field,
    *,
    answered_under: str | None = None,
    after: UUID = FIRST_ID,
    limit: int = 200,
) -> Sequence[Checkout]:
    """Some open sessions that ask this question, in order of their ids after `after`; nobody else's to change until the end.

    With `answered_under` also those, open or not, that ask it or hold an answer under this slug.
    """
    rows = await db.fetch(
        """
        SELECT document
        FROM checkouts
        WHERE organization_id = $1
          AND dialect = 'polar'
          AND id > $4
          AND (status = 'open' OR $3::text IS NOT NULL)
          AND (strpos(document::text, $2::text) > 0 OR document -> 'custom_field_data' -> $3::text IS NOT NULL)
        ORDER BY id
        LIMIT $5
        FOR UPDATE
        """,
        field.organization_id,
        str(field.id),
        answered_under,
        after,
        limit,
    )
    return [decode(Checkout, row["document"]) for row in rows]


async def save_sessions(db: Executor, sessions: Sequence[Checkout]) -> None:
    """Store the documents of sessions that are locked by this transaction; the columns beside them do not change."""
    await db.executemany(
        """
        UPDATE checkouts
        SET document = $3::json, version = $4
        WHERE organization_id = $1
          AND id = $2
        """,
        [(item.organization_id, item.id, encode(item), item.version) for item in sessions],
    )


async def rename_in_orders(db: Executor, organization_id: UUID, old: str, new: str) -> None:
    """Move the answers of all Polar orders to a new slug, where they stand; an answer left under the new one goes."""
    await db.execute(
        """
        UPDATE orders
        SET custom_field_data = (
            SELECT json_object_agg(CASE WHEN key = $2 THEN $3 ELSE key END, value ORDER BY position)
            FROM json_each(orders.custom_field_data) WITH ORDINALITY AS answers (key, value, position)
            WHERE key <> $3
        )
        WHERE orders.organization_id = $1
          AND orders.custom_field_data -> $2::text IS NOT NULL
          AND EXISTS (
              SELECT 1
              FROM checkouts
              WHERE checkouts.organization_id = $1
                AND checkouts.id = orders.checkout_id
                AND checkouts.dialect = 'polar'
          )
        """,
        organization_id,
        old,
        new,
    )
