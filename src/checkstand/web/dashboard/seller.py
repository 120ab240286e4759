"""Settings → Seller: where the organization sells from, and how its invoices name it.

The country decides, with the registrations, which sales a business abroad accounts for itself; papers print the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from checkstand.domain.document import seller_of
from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.organizations.change_seller import (
    LONGEST_SELLER_TEXT,
    SellerField,
    SellerProblem,
    SellerRefused,
    changed_seller,
)
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.providers.country_names import other_names
from checkstand.providers.postal import address_lines, countries_by_name
from checkstand.routing import Routes
from checkstand.web.dashboard.frame import Crumb, Visit, page, room
from checkstand.web.dashboard.since_shown import ChangedMeanwhile, own_changes, shown_with

routes = Routes()
_PROBLEMS: Final[Mapping[SellerProblem, str]] = {
    SellerProblem.COUNTRY_UNKNOWN: "Choose a country.",
    SellerProblem.COUNTRY_NEEDED: "Choose the country of this address.",
    SellerProblem.STATE_UNKNOWN: "Write the state’s code, like NY for New York.",
    SellerProblem.TOO_LONG: f"Use at most {LONGEST_SELLER_TEXT} characters.",
}
_LABELS: Final[Mapping[SellerField, str]] = {
    "country": "The country",
    "line1": "The street address",
    "line2": "The second line",
    "postal_code": "The postal code",
    "city": "The city",
    "state": "The state or region",
    "legal_name": "The legal name",
    "tax_id": "The tax ID",
}


@routes.get("/{org}/settings/seller")
@room
async def form(visit: Visit) -> Response:
    """What is known of the seller, to be changed."""
    known = _known(visit.organization.settings)
    return _show(visit, known, shown=shown_with(known))


@routes.post("/{org}/settings/seller")
@room
async def save(visit: Visit) -> Response:
    """Keep what was changed; an emptied field takes away."""
    shown, typed = visit.form.text("shown"), {name: visit.form.text(name) for name in _LABELS}
    known = _known(visit.organization.settings)

    def change(settings: OrganizationSettings) -> OrganizationSettings:
        known.update(_known(settings))
        own = own_changes(shown, typed=typed, present=known)
        return changed_seller(settings, {name: typed[name] for name in _LABELS if name in own})

    try:
        await change_settings(visit.ports, visit.organization.id, change)
    except SellerRefused as refused:
        return _show(visit, typed, shown=shown, problems={refused.field: _PROBLEMS[refused.problem]})
    except ChangedMeanwhile as overtaken:
        mine = {name: text for name, text in typed.items() if name in overtaken.own}
        country = dict(countries_by_name()).get(known["country"], "")
        problems = overtaken.told(_LABELS, known | {"country": country})
        return _show(visit, known | mine, shown=shown_with(known), problems=problems)
    return visit.go("/settings/seller", notice="seller-saved")


def _known(settings: OrganizationSettings) -> dict[SellerField, str]:
    address = settings.legal_address
    known: dict[SellerField, str | None] = {
        "country": settings.country,
        "legal_name": settings.legal_name,
        "tax_id": settings.tax_id,
    }
    parts: dict[SellerField, str | None] = {name: getattr(address, name, None) for name in _LABELS if name not in known}
    parts["state"] = (parts["state"] or "").removeprefix(f"{settings.country}-")
    return {name: value or "" for name, value in (known | parts).items()}


def _show(
    visit: Visit, typed: Mapping[SellerField, str], *, shown: str, problems: Mapping[SellerField, str] | None = None
) -> Response:
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
        shown=shown,
        countries=countries_by_name(),
        also=other_names(),
        longest=LONGEST_SELLER_TEXT,
        printed=[line for line in (party.name, party.contact, *place, party.tax_id) if line],
        problems=problems or {},
    )
