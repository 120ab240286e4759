"""Settings → Tax: where the organization collects tax, at which rate, and whether its prices contain it.

What a registration covers and what the shipped table leaves out is in `docs/taxes.md`; how a rate becomes an amount is the domain's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, get_args

from starlette.responses import Response

from checkstand.domain.errors import NotFound
from checkstand.domain.organization import DefaultTaxBehavior, OrganizationSettings
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.flows.organizations.tax_registrations import change_registrations
from checkstand.providers.taxes import dated, registration_codes
from checkstand.routing import Routes
from checkstand.web.dashboard.frame import Crumb, Visit, page, room
from checkstand.web.dashboard.since_shown import ChangedMeanwhile, own_changes, shown_with
from checkstand.web.dashboard.tax_places import Charge, charge_of, choices, name_of

routes = Routes()
BEHAVIORS: Final[dict[DefaultTaxBehavior, tuple[str, str]]] = {
    "location": (
        "Depends on the buyer’s location",
        "Added on top in the US, Canada and India; included everywhere else.",
    ),
    "inclusive": ("Included", "Buyers pay exactly the price you set, wherever they are."),
    "exclusive": ("Added on top", "Tax is added to the price, wherever the buyer is."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One registration."""

    code: str
    name: str
    charge: Charge
    href: str


@routes.get("/{org}/settings/tax")
@room
async def overview(visit: Visit) -> Response:
    """Registrations with their rates, one more to choose, and the behaviour of prices."""
    return _show(visit)


@routes.post("/{org}/settings/tax/register")
@room
async def register(visit: Visit) -> Response:
    """Collect in one more place."""
    code = visit.form.text("code")
    if code not in registration_codes():
        return _show(visit, problems={"code": "Select a place."})
    await change_registrations(visit.ports, visit.organization.id, register=[code])
    return visit.go("/settings/tax", notice="tax-added")


@routes.get("/{org}/settings/tax/{code}/remove")
@room
async def ask_remove(visit: Visit) -> Response:
    """Say what it means before tax is no longer collected."""
    row = _row(visit, _registered(visit))
    crumbs = [*_way(visit), Crumb("Tax", visit.link("/settings/tax"))]
    return page(visit, "tax_remove.html", title="Stop collecting", section="tax", crumbs=crumbs, row=row)


@routes.post("/{org}/settings/tax/{code}/remove")
@room
async def remove(visit: Visit) -> Response:
    """Collect there no longer."""
    await change_registrations(visit.ports, visit.organization.id, remove=[_registered(visit)])
    return visit.go("/settings/tax", notice="tax-removed")


@routes.post("/{org}/settings/tax/behavior")
@room
async def save_behavior(visit: Visit) -> Response:
    """Whether prices that say nothing of their own contain the tax."""
    chosen = next((item for item in get_args(DefaultTaxBehavior) if item == visit.form.text("behavior")), None)
    if chosen is None:
        return _show(visit, problems={"behavior": "Choose whether prices include tax."})
    known = _behavior(visit.organization.settings)

    def change(settings: OrganizationSettings) -> OrganizationSettings:
        known.update(_behavior(settings))
        own = own_changes(visit.form.text("shown"), typed={"behavior": chosen}, present=known)
        return replace(settings, default_tax_behavior=chosen) if own else settings

    try:
        await change_settings(visit.ports, visit.organization.id, change)
    except ChangedMeanwhile as overtaken:
        label, _ = BEHAVIORS[known["behavior"]]
        problems = overtaken.told({"behavior": "Whether prices include tax"}, {"behavior": label})
        return _show(visit, behavior=chosen, shown=shown_with(known), problems=problems)
    return visit.go("/settings/tax", notice="tax-saved")


def _registered(visit: Visit) -> str:
    """The code in the path, if tax is collected there. `*` and its like need no escaping of their own in a path."""
    code = str(visit.request.path_params["code"])
    if code not in visit.organization.settings.tax_registrations:
        raise NotFound
    return code


def _row(visit: Visit, code: str) -> Row:
    return Row(code=code, name=name_of(code), charge=charge_of(code), href=visit.link(f"/settings/tax/{code}"))


def _behavior(settings: OrganizationSettings) -> dict[str, DefaultTaxBehavior]:
    return {"behavior": settings.default_tax_behavior}


def _show(
    visit: Visit,
    *,
    behavior: DefaultTaxBehavior | None = None,
    shown: str | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    settings = visit.organization.settings
    return page(
        visit,
        "tax.html",
        title="Tax",
        section="tax",
        status=422 if problems else 200,
        crumbs=_way(visit),
        rows=[_row(visit, code) for code in settings.tax_registrations],
        choices=choices(settings.tax_registrations),
        behaviors=BEHAVIORS,
        behavior=behavior or settings.default_tax_behavior,
        shown=shown or shown_with(_behavior(settings)),
        dated=dated(),
        problems=problems or {},
    )


def _way(visit: Visit) -> list[Crumb]:
    return [Crumb("Settings", visit.link("/settings"))]
