"""The test bank's own page: where a buyer approves or fails the check that some test cards ask for (3-D Secure).

It stands in for a bank, so it knows the charge alone, by its unguessable reference. The answer is written into the bank's books
first; only then our side is told, and a second answer changes neither. It works after a restart, because nothing of it is in memory.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.payment import Attempt
from checkstand.flows.settle_payment import settle_payment
from checkstand.gateways.test import TestGateway
from checkstand.services import Services, services_of
from checkstand.store import payments, test_gateway
from checkstand.store.test_gateway import BankCharge
from checkstand.web.checkout import pages
from checkstand.web.checkout.results import BRANDS
from checkstand.web.checkout.session import form_token, may_post, read_form, safe_target, theme_in
from checkstand.web.checkout.texts import texts_for
from checkstand.web.templating import format_money

router = APIRouter(include_in_schema=False)
UNDECIDED = "requires_action"


async def show(request: Request) -> Response:
    """The check: who asks, for how much, with which card; approve or not."""
    services = services_of(request)
    found = await _find(services, request)
    if found is None:
        return pages.unknown_page(request)
    charge, attempt, _ = found
    t = texts_for("en")
    organization = await services.ports.cache.organization(charge.organization_id)
    amount = format_money(charge.amount_minor, charge.currency)
    brand = BRANDS.get(charge.instrument.brand or "", t("card.legend"))
    return pages.bare_page(
        request,
        "bank.html",
        "title.bank",
        theme=theme_in(charge.return_url),
        is_decided=charge.state != UNDECIDED,
        shop=organization.name,
        amount=t("bank.setup") if attempt.purpose == "setup" else amount,
        card=t("bank.card_value", brand=brand, last_four=charge.instrument.last_four),
        return_url=_way_back(services, charge),
        csrf=form_token(services, charge.reference),
    )


async def decide(request: Request) -> Response:
    """The buyer's answer. Back to where the charge came from, whatever it was."""
    services = services_of(request)
    found = await _find(services, request)
    if found is None:
        return pages.unknown_page(request)
    charge, attempt, gateway = found
    form = await read_form(request)
    if not may_post(request, form, form_token(services, charge.reference)):
        t = texts_for("en")
        return pages.bare_page(
            request, "nothing.html", "title.refused", status=403, heading=t("refused.heading"), text=t("refused.text")
        )
    answer = form.get("answer", "")
    if answer not in ("approve", "fail", "cancel"):
        return pages.see_other(request.url.path)
    code = "customer_cancelled" if answer == "cancel" else "authentication_failure"
    await gateway.decide(charge, approved=answer == "approve", code=code)
    verdict = await gateway.lookup(attempt)
    if verdict is not None:
        await settle_payment(services.ports, attempt, verdict)
    return pages.leave_for(request, _way_back(services, charge), theme=theme_in(charge.return_url))


def _way_back(services: Services, charge: BankCharge) -> str:
    return safe_target(charge.return_url, "app") or f"{services.ports.public_url()}/"


async def _find(services: Services, request: Request) -> tuple[BankCharge, Attempt, TestGateway] | None:
    """The charge that the address names, the attempt it was made for, and the bank. None where there is no such charge."""
    gateway = services.ports.gateway
    if not isinstance(gateway, TestGateway):
        return None
    charge = await test_gateway.charge_by_reference(services.ports.db, str(request.path_params["reference"]))
    if charge is None:
        return None
    attempt = await payments.by_gateway_key(services.ports.db, charge.organization_id, charge.id)
    return (charge, attempt, gateway) if attempt is not None else None


router.add_api_route("/bank/{reference}", show, methods=["GET", "HEAD"])
router.add_api_route("/bank/{reference}", decide, methods=["POST"])
