"""Small words of Dodo's wire: ids with their prefixes, times, the billing address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from checkstand.dialects.dodo.answers.common import BillingAddress
from checkstand.domain import ids
from checkstand.domain.address import Address
from checkstand.domain.ids import DodoPrefix


def moment(value: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only when they are not zero (docs/behaviour/dodo.md#times)."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(prefix: DodoPrefix, value: UUID) -> str:
    """An id in Dodo's spelling."""
    return ids.short_id(prefix, value)


def shown_or_none(prefix: DodoPrefix, value: UUID | None) -> str | None:
    return None if value is None else ids.short_id(prefix, value)


def shown_brand(organization_id: UUID, brand_id: UUID | None) -> str:
    """A brand's id; the primary brand, which is none of its own, has the business's (docs/behaviour/dodo.md#identifiers)."""
    if brand_id is None:
        return ids.short_id(DodoPrefix.BUSINESS, organization_id)
    return ids.short_id(DodoPrefix.BRAND, brand_id)


def notes(metadata: Mapping[str, str | int | float | bool]) -> dict[str, str]:
    """Metadata as this API has it: texts alone, whichever API wrote what. Clients before 1.100 refuse anything else.

    Source: docs/behaviour/dodo.md#metadata.
    """
    return {key: _as_text(value) for key, value in metadata.items()}


def _as_text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def named(prefix: DodoPrefix, text: str) -> UUID | None:
    """The id a client wrote; None for one that cannot be of this kind."""
    return ids.parse_short_id(prefix, text)


def billing(value: Address | None, *, country: str) -> BillingAddress:
    """All five keys are texts (the contract knows no null here); `country` stands in until one is known."""
    if value is None:
        return {"city": "", "country": country, "state": "", "street": "", "zipcode": ""}
    state = value.state or ""
    return {
        "city": value.city or "",
        "country": value.country,
        "state": state.removeprefix(f"{value.country}-"),
        "street": ", ".join(line for line in (value.line1, value.line2) if line),
        "zipcode": value.postal_code or "",
    }
