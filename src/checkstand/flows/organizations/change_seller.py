"""Change who sells: where the seller is, which tax and papers go by alike, and how invoices name the seller.

Only what is given changes; an empty value takes one away. Documents that were issued keep what they say.

    >>> changed_seller(OrganizationSettings(country=None), {"country": "de", "city": " Jena "}).address
    Address(country='DE', line1=None, line2=None, city='Jena', state=None, postal_code=None)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from checkstand.domain.address import COUNTRIES, InvalidState, LocalAddress, normalize_state
from checkstand.domain.errors import CheckstandError
from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.flows.ports import Ports

SellerField = Literal["country", "legal_name", "tax_id", "line1", "line2", "postal_code", "city", "state"]
LONGEST_SELLER_TEXT: Final = 200


class SellerProblem(StrEnum):
    """What is wrong with a seller's details."""

    COUNTRY_UNKNOWN = "country_unknown"
    COUNTRY_NEEDED = "country_needed"
    STATE_UNKNOWN = "state_unknown"
    TOO_LONG = "too_long"


class SellerRefused(CheckstandError):
    """The seller's details cannot be kept; `field` is the one to look at."""

    code = "seller_refused"

    def __init__(self, problem: SellerProblem, field: SellerField) -> None:
        super().__init__(f"The seller's {field} cannot be kept: {problem}.")
        self.problem = problem
        self.field = field


async def change_seller(
    ports: Ports, organization_id: UUID, given: Mapping[SellerField, str | None]
) -> OrganizationSettings:
    """The settings after the change. Raises NotFound, SellerRefused."""
    return await change_settings(ports, organization_id, lambda settings: changed_seller(settings, given))


def changed_seller(settings: OrganizationSettings, given: Mapping[SellerField, str | None]) -> OrganizationSettings:
    """The settings with other details of the seller. Raises SellerRefused."""
    new: dict[SellerField, str | None] = {name: (text or "").strip() or None for name, text in given.items()}
    for name, text in new.items():
        if text is not None and len(text) > LONGEST_SELLER_TEXT:
            raise SellerRefused(SellerProblem.TOO_LONG, name)
    country = (new["country"] or "").upper() or None if "country" in new else settings.country
    if country is not None and country not in COUNTRIES:
        raise SellerRefused(SellerProblem.COUNTRY_UNKNOWN, "country")
    before = settings.legal_address or LocalAddress()
    if country != settings.country:
        before = replace(before, state=None)  # a state of the former country says nothing of this one
    address = LocalAddress(
        line1=new.get("line1", before.line1),
        line2=new.get("line2", before.line2),
        city=new.get("city", before.city),
        state=_state(country, new.get("state", before.state)),
        postal_code=new.get("postal_code", before.postal_code),
    )
    if country is None and address != LocalAddress():
        raise SellerRefused(SellerProblem.COUNTRY_NEEDED, "country")
    return replace(
        settings,
        country=country,
        legal_name=new.get("legal_name", settings.legal_name),
        tax_id=new.get("tax_id", settings.tax_id),
        legal_address=address if address != LocalAddress() else None,
    )


def _state(country: str | None, state: str | None) -> str | None:
    """The state with its country, as buyers' are kept; codes of any case."""
    try:
        return normalize_state(country or "", state.upper() if state and country in ("US", "CA") else state)
    except InvalidState as error:
        raise SellerRefused(SellerProblem.STATE_UNKNOWN, "state") from error
