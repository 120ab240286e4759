"""The test bank's own pages: where a buyer approves, declines or leaves. A card's check (3-D Secure), a wallet, a bank behind a
redirect, a UPI app, a lender; and for what takes days, a page that decides it now.

It stands in for a bank, so it knows the charge alone, by its unguessable reference. The answer is written into the bank's books
first; only then our side is told, and a second answer changes neither. It works after a restart, because nothing of it is in memory.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.currency import currency as find_currency
from checkstand.domain.methods import MethodKind, kind_of
from checkstand.domain.money import split
from checkstand.domain.payment import Attempt
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.formats import format_day, format_money
from checkstand.gateways.testbank.gateway import WAITING, TestGateway
from checkstand.routing import Routes
from checkstand.services import Services, services_of
from checkstand.store.bank_books import charges
from checkstand.store.bank_books.charges import BankCharge
from checkstand.store.sales import payments
from checkstand.web.checkout.pages import answers
from checkstand.web.checkout.session.visit import form_token, may_post, read_form, safe_target, theme_in
from checkstand.web.checkout.view.methods import method_label
from checkstand.web.checkout.view.wording import BRANDS
from checkstand.web.checkout.words.texts import Texts, texts_for

routes = Routes()
PARTS, PART_DAYS = 4, 14
# How a page that is answered with no declines: each method has its own way.
_REFUSALS = {
    MethodKind.CARD: "authentication_failure",
    MethodKind.DEBIT: "insufficient_funds",
    MethodKind.VOUCHER: "voucher_expired",
}
_REFUSED = "payment_method_provider_declined"


async def show(request: Request) -> Response:
    """The bank's page: the shop, the amount and the card, to be approved or not."""
    services = services_of(request)
    found = await _find(services, request)
    if found is None:
        return answers.unknown_page(request)
    charge, attempt, _ = found
    t, kind = texts_for("en"), _kind(charge)
    organization = await services.ports.cache.organization(charge.organization_id)
    amount = format_money(charge.amount_minor, charge.currency)
    label = method_label(t, charge.instrument.method)
    own = kind is not MethodKind.CARD
    return answers.bare_page(
        request,
        "bank.html",
        "title.bank",
        theme=theme_in(charge.return_url),
        is_decided=charge.state not in WAITING,
        can_leave=charge.state == "processing",
        method_kind=kind,
        name=label if own else t("bank.name"),
        heading=t(f"bank.{kind}.heading", method=label) if own else t("bank.heading"),
        text=t(f"bank.{kind}.text") if own else t("bank.text"),
        rows=(
            (t("bank.merchant"), organization.name),
            (t("bank.amount"), t("bank.setup") if attempt.purpose == "setup" else amount),
            *_rows(charge, t, kind),
        ),
        return_url=_way_back(services, charge),
        csrf=form_token(services, charge.reference),
    )


def _kind(charge: BankCharge) -> MethodKind:
    return kind_of(charge.instrument.method) or MethodKind.CARD


def _rows(charge: BankCharge, t: Texts, kind: MethodKind) -> list[tuple[str, str]]:
    """What this kind of page tells besides the merchant and the amount."""
    instrument, last_four = charge.instrument, charge.instrument.last_four
    if kind is MethodKind.CARD or (kind is MethodKind.WALLET and last_four):
        brand = BRANDS.get(instrument.brand or "", t("card.legend"))
        label = t("bank.card" if kind is MethodKind.CARD else "bank.wallet_card")
        return [(label, t("bank.card_value", brand=brand, last_four=last_four))]
    if kind is MethodKind.UPI:
        amount = Decimal(charge.amount_minor).scaleb(-find_currency(charge.currency).exponent)
        query = urlencode(
            {"pa": "checkstand@upi", "tr": charge.reference[-12:], "am": amount, "cu": charge.currency}, safe="@"
        )
        return [(t("bank.upi_link"), f"upi://pay?{query}")]
    if kind is MethodKind.PAY_LATER:
        parts = split(charge.amount_minor, [1] * PARTS)
        days = [charge.created_at + timedelta(days=PART_DAYS * number) for number in range(PARTS)]
        return [
            (
                t("bank.part", number=number, date=format_day(day)),
                format_money(part, charge.currency),
            )
            for number, (part, day) in enumerate(zip(parts, days, strict=True), 1)
        ]
    rows = [(t("bank.method"), method_label(t, instrument.method))]
    if charge.voucher is not None:
        rows += [(t("pending.entity"), charge.voucher.entity), (t("pending.reference"), charge.voucher.reference)]
    if charge.due_at is not None and charge.state == "processing":
        label = t("pending.until" if charge.voucher else "bank.decided_by")
        rows.append((label, f"{format_day(charge.due_at)}, {charge.due_at:%H:%M} UTC"))
    return rows


async def decide(request: Request) -> Response:
    """The buyer's answer. Back to where the charge came from, whatever it was."""
    services = services_of(request)
    found = await _find(services, request)
    if found is None:
        return answers.unknown_page(request)
    charge, attempt, gateway = found
    form = await read_form(request)
    if not may_post(request, form, form_token(services, charge.reference)):
        t = texts_for("en")
        return answers.bare_page(
            request, "nothing.html", "title.refused", status=403, heading=t("refused.heading"), text=t("refused.text")
        )
    answer = form.get("answer", "")
    if answer not in ("approve", "fail", "cancel"):
        return answers.see_other(request.url.path)
    code = "customer_cancelled" if answer == "cancel" else _REFUSALS.get(_kind(charge), _REFUSED)
    await gateway.decide(charge, approved=answer == "approve", code=code)
    verdict = await gateway.lookup(attempt)
    if verdict is not None:
        await settle_payment(services.ports, attempt, verdict)
    return answers.leave_for(request, _way_back(services, charge), theme=theme_in(charge.return_url))


def _way_back(services: Services, charge: BankCharge) -> str:
    return safe_target(charge.return_url, "app") or f"{services.ports.public_url()}/"


async def _find(services: Services, request: Request) -> tuple[BankCharge, Attempt, TestGateway] | None:
    """The charge that the address names, the attempt it was made for, and the bank. None where there is no such charge."""
    gateway = services.ports.gateway
    if not isinstance(gateway, TestGateway):
        return None
    charge = await charges.charge_by_reference(services.ports.db, str(request.path_params["reference"]))
    if charge is None:
        return None
    attempt = await payments.by_gateway_key(services.ports.db, charge.organization_id, charge.id)
    return (charge, attempt, gateway) if attempt is not None else None


routes.add("/bank/{reference}", show, "GET", "HEAD")
routes.add("/bank/{reference}", decide, "POST")
