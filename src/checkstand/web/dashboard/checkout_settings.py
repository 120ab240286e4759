"""Settings → Checkout: where payment links may send buyers, and whether these may start again when a session ended unpaid."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from checkstand.domain.errors import Invalid
from checkstand.domain.redirects import MOST_REDIRECT_HOSTS
from checkstand.flows.change_redirects import change_redirects
from checkstand.web.dashboard.frame import Crumb, Visit, page, room

router = APIRouter()
LONGEST_LIST = 20_000


@router.get("/{org}/settings/checkout")
@room
async def form(visit: Visit) -> Response:
    """What buyers may do now."""
    settings = visit.organization.settings
    return _show(visit, "\n".join(settings.redirect_hosts), allows_renewal=settings.allows_renewal)


@router.post("/{org}/settings/checkout")
@room
async def save(visit: Visit) -> Response:
    """Keep the list as it was typed, one host a line."""
    typed, renews = visit.form.text("redirect_hosts"), visit.form.has("allows_renewal")
    try:
        await change_redirects(
            visit.ports, visit.organization.id, allow=typed.split(), remove=None, allows_renewal=renews
        )
    except Invalid as refused:
        return _show(visit, typed, allows_renewal=renews, problems={"redirect_hosts": _told(refused)})
    return visit.go("/settings/checkout", notice="checkout-saved")


def _told(refused: Invalid) -> str:
    problem = refused.problems[0]
    if problem.code == "redirect_hosts_too_many":
        return f"Use at most {MOST_REDIRECT_HOSTS} hosts."
    return f"“{problem.given}” is not a host. Write it like shop.example, one per line."


def _show(visit: Visit, typed: str, *, allows_renewal: bool, problems: dict[str, str] | None = None) -> Response:
    return page(
        visit,
        "checkout_settings.html",
        title="Checkout settings",
        section="settings",
        status=422 if problems else 200,
        crumbs=[Crumb("Settings", visit.link("/settings"))],
        typed=typed,
        allows_renewal=allows_renewal,
        longest=LONGEST_LIST,
        website=visit.organization.settings.website or "",
        problems=problems or {},
    )
