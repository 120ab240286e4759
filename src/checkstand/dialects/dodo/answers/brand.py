"""Brands as they are answered (docs/behaviour/dodo.md#brands-and-meters)."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Url


class BrandWords(TypedDict):
    """What a brand is called, how it looks and where its buyers get help."""

    name: str | None
    description: str | None
    url: str | None
    image: Url | None
    support_email: str | None
    statement_descriptor: str


class Brand(BrandWords):
    """A name that a business sells under. The primary brand has the business's id. Nobody verifies brands here."""

    brand_id: str
    business_id: str
    enabled: bool
    verification_enabled: bool
    verification_status: Literal["Success"]
    reason_for_hold: None
    archived_at: None
