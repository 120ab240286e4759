"""Settings → Seller: where the organization sells from, and how its invoices name it.

The country decides, with the registrations, which sales a business abroad accounts for itself; papers print the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from fastapi import APIRouter
from starlette.responses import Response

from checkstand.domain.document import seller_of
from checkstand.flows.change_seller import (
    LONGEST_SELLER_TEXT,
    SellerField,
    SellerProblem,
    SellerRefused,
    change_seller,
)
from checkstand.providers.postal import address_lines, countries_by_name
from checkstand.web.dashboard.frame import Crumb, Visit, page, room

router = APIRouter()
_PROBLEMS: Final[Mapping[SellerProblem, str]] = {
    SellerProblem.COUNTRY_UNKNOWN: "Choose a country.",
    SellerProblem.COUNTRY_NEEDED: "Choose the country of this address.",
    SellerProblem.STATE_UNKNOWN: "Write the state’s code, like NY for New York.",
    SellerProblem.TOO_LONG: f"Use at most {LONGEST_SELLER_TEXT} characters.",
}


@router.get("/{org}/settings/seller")
@room
async def form(visit: Visit) -> Response:
    """What is known of the seller, to be changed."""
    return _show(visit, _known(visit))


@router.post("/{org}/settings/seller")
@room
async def save(visit: Visit) -> Response:
    """Keep what was typed, whole: an empty field takes away."""
    typed = {name: visit.form.text(name) for name in get_args(SellerField)}
    try:
        await change_seller(visit.ports, visit.organization.id, typed)
    except SellerRefused as refused:
        return _show(visit, typed, problems={refused.field: _PROBLEMS[refused.problem]})
    return visit.go("/settings/seller", notice="seller-saved")


def _known(visit: Visit) -> dict[str, str]:
    settings, address = visit.organization.settings, visit.organization.settings.legal_address
    known = {"country": settings.country, "legal_name": settings.legal_name, "tax_id": settings.tax_id}
    parts = {name: getattr(address, name, None) for name in get_args(SellerField) if name not in known}
    parts["state"] = (parts["state"] or "").removeprefix(f"{settings.country}-")
    return {name: value or "" for name, value in (known | parts).items()}


def _show(visit: Visit, typed: Mapping[str, str], *, problems: dict[str, str] | None = None) -> Response:
    party = seller_of(visit.organization)
    place = address_lines(party.address) if party.address else []
    return page(
        visit,
        "seller.html",
        title="Seller",
        section="settings",
        status=422 if problems else 200,
        crumbs=[Crumb("Settings", visit.link("/settings"))],
        typed=typed,
        countries=countries_by_name(),
        longest=LONGEST_SELLER_TEXT,
        printed=[line for line in (party.name, party.contact, *place, party.tax_id) if line],
        problems=problems or {},
    )
