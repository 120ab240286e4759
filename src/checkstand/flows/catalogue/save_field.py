"""Create, change and delete custom fields (docs/behaviour/polar.md#custom-fields).

A field is live: sessions that are open ask it as it is defined now, and no longer when it is deleted. A renamed slug renames the
key of every answer, in sessions and orders of any age. The kind of a field never changes; answers outlive their field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from checkstand.domain.changes import Given, dated, made_of, with_given
from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.fields import Field, rename_answer, with_definition, without
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.ports import Ports
from checkstand.store.catalogue import custom_fields
from checkstand.store.catalogue.custom_fields import CUSTOM_FIELDS
from checkstand.store.database import Transaction


async def create_field(ports: Ports, organization: Organization, given: Given) -> Field:
    """A new field with what was given of it. Raises Invalid when its slug is taken."""
    field = made_of(
        Field, given, id=ports.new_id(), organization_id=organization.id, created_at=ports.now(organization)
    )
    if not await custom_fields.add(ports.db, field):
        raise _slug_taken(field)
    return field


async def read_field(ports: Ports, organization: Organization, field_id: UUID) -> Field:
    """A field of this organization. Raises NotFound."""
    found = await CUSTOM_FIELDS.by_id(ports.db, organization.id, field_id)
    if found is None:
        raise NotFound
    return found


async def change_field(ports: Ports, organization: Organization, field_id: UUID, given: Given) -> Field:
    """The field with what was given of it; its answers move with its slug.
    `kind`: what the caller believes it to be. Raises NotFound, Invalid.
    """
    async with ports.db.transaction() as tx:
        found = await custom_fields.lock(tx, organization.id, field_id)
        if found is None:
            raise NotFound
        now = ports.now(organization)
        changed = dated(found, with_given(found, given), now)
        if changed.kind != found.kind:
            raise Invalid.single(ProblemCode.CUSTOM_FIELD_KIND_FIXED, "type", given=changed.kind)
        if not await custom_fields.save(tx, changed):
            raise _slug_taken(changed)
        renamed_from = found.slug if changed.slug != found.slug else None
        if renamed_from is not None:
            await custom_fields.rename_in_orders(tx, organization.id, renamed_from, changed.slug)
        await _in_sessions(tx, found, lambda checkout: _asking(checkout, changed, found.slug, now), renamed_from)
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)
    return changed


async def delete_field(ports: Ports, organization: Organization, field_id: UUID) -> None:
    """Remove a field: products and open sessions stop asking it. Raises NotFound."""
    async with ports.db.transaction() as tx:
        found = await custom_fields.lock(tx, organization.id, field_id)
        if found is None:
            raise NotFound
        await custom_fields.delete(tx, organization.id, field_id)
        await _in_sessions(tx, found, lambda checkout: _not_asking(checkout, field_id), None)
        await ports.cache.changed(tx, organization.id)
    ports.cache.forget(organization.id)


def _slug_taken(field: Field) -> Invalid:
    return Invalid.single(ProblemCode.CUSTOM_FIELD_SLUG_TAKEN, "slug", given=field.slug)


async def _in_sessions(
    tx: Transaction, field: Field, edit: Callable[[Checkout], Checkout], renamed_from: str | None
) -> None:
    """Edit every session that the change concerns, some at a time.

    Whoever was changing an open one is told `Locked`, as with any two changes. A confirmed one keeps its version: its verdict may be
    on the way, and must not be refused for the name of a key.
    """
    after = custom_fields.FIRST_ID
    while found := await custom_fields.sessions_asking(tx, field, answered_under=renamed_from, after=after):
        edited = [edit(checkout) for checkout in found]
        await custom_fields.save_sessions(
            tx,
            [
                replace(item, version=item.version + 1) if item.status is CheckoutStatus.OPEN else item
                for item in edited
            ],
        )
        after = found[-1].id


def _asking(checkout: Checkout, changed: Field, old_slug: str, now: datetime) -> Checkout:
    """The session asking the field as it is now; modified where an answer moved to another key."""
    moves_answer = changed.slug != old_slug and old_slug in checkout.custom_field_data
    return replace(
        checkout,
        modified_at=now if moves_answer else checkout.modified_at,
        products=tuple(replace(item, fields=with_definition(item.fields, changed)) for item in checkout.products),
        questions=with_definition(checkout.questions, changed),
        custom_field_data=rename_answer(checkout.custom_field_data, old_slug, changed.slug),
    )


def _not_asking(checkout: Checkout, field_id: UUID) -> Checkout:
    return replace(
        checkout,
        products=tuple(replace(item, fields=without(item.fields, field_id)) for item in checkout.products),
        questions=without(checkout.questions, field_id),
    )
