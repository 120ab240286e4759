"""Brands: names under which one business sells (docs/behaviour/dodo.md#brands-and-meters).

The primary brand is the business itself: it has the business's id, is stored nowhere else and is changed in the business's settings.
A product without a brand belongs to it. There is no review of brands here, so each can be used at once.

    >>> descriptor("  Ålesund Knitting & Sailing Supplies ")
    'Ålesund Knitting & Sai'
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.image import ImageRef

# What fits onto a card statement.
LONGEST_DESCRIPTOR = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A further brand of a business. `statement_descriptor` is what buyers find on their card statement."""

    id: UUID
    organization_id: UUID
    name: str | None = None
    description: str | None = None
    url: str | None = None
    support_email: str | None = None
    statement_descriptor: str
    image: ImageRef | None = None
    created_at: datetime
    modified_at: datetime | None = None


def descriptor(name: str) -> str:
    """The statement's text for a brand that was given none."""
    return name.strip()[:LONGEST_DESCRIPTOR].rstrip()
