"""Settings → Checkout: where payment links may send buyers, and whether these may start again when a session ended unpaid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from checkstand.domain.errors import Invalid
from checkstand.domain.organization import OrganizationSettings
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.redirects import MOST_REDIRECT_HOSTS
from checkstand.flows.organizations.change_redirects import changed_redirects
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.routing import Routes
from checkstand.web.dashboard.frame import Crumb, DashboardVisit, page, room
from checkstand.web.dashboard.since_shown import ChangedMeanwhile, own_changes, shown_with

routes = Routes()
LONGEST_LIST = 20_000
_ON, _OFF = "on", "off"
_LABELS: Final = {"redirect_hosts": "The list of hosts", "allows_renewal": "“Start again”"}


@routes.get("/{org}/settings/checkout")
@room
async def form(visit: DashboardVisit) -> Response:
    """What buyers may do now."""
    known = _known(visit.organization.settings)
    return _show(visit, known, shown=shown_with(known))


@routes.post("/{org}/settings/checkout")
@room
async def save(visit: DashboardVisit) -> Response:
    """Keep what was changed, the list as it was typed, one host a line."""
    shown, known = visit.form.text("shown"), _known(visit.organization.settings)
    typed = {
        "redirect_hosts": visit.form.text("redirect_hosts"),
        "allows_renewal": _ON if visit.form.has("allows_renewal") else _OFF,
    }

    def change(settings: OrganizationSettings) -> OrganizationSettings:
        known.update(_known(settings))
        own = own_changes(shown, typed=typed, present=known)
        renews = typed["allows_renewal"] == _ON if "allows_renewal" in own else None
        if "redirect_hosts" not in own:
            return changed_redirects(settings, allows_renewal=renews)
        return changed_redirects(settings, allow=typed["redirect_hosts"].split(), remove=None, allows_renewal=renews)

    try:
        await change_settings(visit.ports, visit.organization.id, change)
    except Invalid as refused:
        return _show(visit, typed, shown=shown, problems={"redirect_hosts": _told(refused)})
    except ChangedMeanwhile as overtaken:
        mine = {name: text for name, text in typed.items() if name in overtaken.own}
        problems = overtaken.told(_LABELS, known | {"redirect_hosts": ", ".join(known["redirect_hosts"].split())})
        return _show(visit, known | mine, shown=shown_with(known), problems=problems)
    return visit.go("/settings/checkout", notice="checkout-saved")


def _known(settings: OrganizationSettings) -> dict[str, str]:
    return {
        "redirect_hosts": "\n".join(settings.redirect_hosts),
        "allows_renewal": _ON if settings.allows_renewal else _OFF,
    }


def _told(refused: Invalid) -> str:
    problem = refused.problems[0]
    if problem.code is ProblemCode.REDIRECT_HOSTS_TOO_MANY:
        return f"Use at most {MOST_REDIRECT_HOSTS} hosts."
    return f"“{problem.given}” is not a host. Write it like shop.example, one per line."


def _show(
    visit: DashboardVisit, typed: Mapping[str, str], *, shown: str, problems: Mapping[str, str] | None = None
) -> Response:
    return page(
        visit,
        "checkout_settings.html",
        title="Checkout settings",
        section="settings",
        status=422 if problems else 200,
        crumbs=[Crumb("Settings", visit.link("/settings"))],
        typed=typed["redirect_hosts"],
        allows_renewal=typed["allows_renewal"] == _ON,
        shown=shown,
        longest=LONGEST_LIST,
        website=visit.organization.settings.website or "",
        problems=problems or {},
    )
