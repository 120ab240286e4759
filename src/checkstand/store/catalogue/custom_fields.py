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
from checkstand.domain.fields import Field
from checkstand.domain.profile import Dialect, names_where
from checkstand.store.codec import decode, encode
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

SORTABLE = {"created_at": "created_at", "slug": "slug", "name": "name", "type": "kind"}
CUSTOM_FIELDS = Table("custom_fields", Field)
FIRST_ID = UUID(int=0)


async def add(db: Executor, field: Field) -> bool:
    """Store a new field; False when its slug is taken."""
    status = await db.execute(
        f"{CUSTOM_FIELDS.insertion} ON CONFLICT (organization_id, slug) DO NOTHING", *CUSTOM_FIELDS.arguments(field)
    )
    return status.endswith(" 1")


async def lock(db: Reader, organization_id: UUID, field_id: UUID) -> Field | None:
    """A field of this organization, nobody else's to change until this transaction ends: a slug is renamed from what it is now."""
    return await CUSTOM_FIELDS.one(
        db,
        f"""
        SELECT {CUSTOM_FIELDS.columns}
        FROM custom_fields
        WHERE organization_id = $1
          AND id = $2
        FOR UPDATE
        """,
        organization_id,
        field_id,
    )


async def save(db: Executor, field: Field) -> bool:
    """Store a changed field; False when its slug is taken, and then the transaction it was in can only be rolled back."""
    try:
        await CUSTOM_FIELDS.update(db, field)
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
    db: Reader, organization_id: UUID, wanted: FieldFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Field]:
    """A page of fields with the total count. `sorting` names keys of SORTABLE, a leading '-' for descending."""
    query = Query("custom_fields", organization_id)
    if wanted.text:
        text = query.bind(wanted.text)
        query.where(f"(strpos(lower(name), lower({text}::text)) > 0 OR strpos(slug, lower({text}::text)) > 0)")
    query.any_of("kind", wanted.kinds, "text")
    query.order_by(sorting, SORTABLE)
    return await CUSTOM_FIELDS.page(db, query, offset=offset, limit=limit)


def _dialects() -> list[Dialect]:
    """The APIs whose sessions ask such questions. The others keep their questions with the session."""
    return names_where(lambda profile: profile.has_custom_fields)


async def sessions_asking(
    db: Reader,
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
          AND dialect = ANY($6::text[])
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
        _dialects(),
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
    """Move the answers of all orders to a new slug, where they stand; an answer left under the new one goes."""
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
                AND checkouts.dialect = ANY($4::text[])
          )
        """,
        organization_id,
        old,
        new,
        _dialects(),
    )
