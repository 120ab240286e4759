"""`POST /checkouts/preview` (docs/behaviour/dodo.md#previews): what a session would cost, line by line, without making one.

The amounts are those of the session that the same body would make, to the cent. A breakup's `subtotal` and `discount` are without
tax, so that subtotal - discount + tax is the total whether or not the prices contain their tax. `tax_rate` is in basis points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from checkstand.dialects.dodo.answers import preview as answers
from checkstand.dialects.dodo.checkout import requests
from checkstand.dialects.dodo.shown import products as translate
from checkstand.dialects.dodo.shown.sales import tax_note
from checkstand.dialects.dodo.wire.call import Call
from checkstand.dialects.dodo.wire.discount_models import cycles_of
from checkstand.dialects.dodo.wire.models import CheckoutIn
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.catalog import line_amount
from checkstand.domain.checkout import Checkout, active_trial
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.money import divide_half_away
from checkstand.domain.quote import Quote, QuoteLine, without_tax
from checkstand.domain.trial import add_span
from checkstand.flows import tax_ids
from checkstand.flows.checkout.create_checkout import draft_checkout
from checkstand.flows.checkout.preview_renewal import price_renewal, subscriptions_of

UNKNOWN_COUNTRY = "US"
_WHOLE = 10_000
_PPM_IN_A_BASIS_POINT = 100
_NOTATIONS = {
    "in_gst": "GSTIN",
    "ca_gst_hst": "GST/HST Number",
    "ch_uid": "UID",
    "us_ein": "EIN",
    "br_cnpj": "CNPJ",
    "br_cpf": "CPF",
    "au_abn": "ABN",
    "mx_rfc": "RFC",
}


@dataclass(frozen=True, slots=True)
class _TaxId:
    """What is known of the tax id that was sent."""

    error: str | None = None
    format_name: str | None = None


async def document(call: Call, body: CheckoutIn) -> answers.Preview:
    """The preview. Raises Invalid as creating would; a wrong tax id alone is told in the answer, and left out of the price."""
    tax_id = _judged(body)
    asked = body.model_copy(update={"tax_id": None}) if tax_id.error else body
    request = await requests.create_request(call.ports, call.organization, asked)
    draft = await draft_checkout(call.ports, call.organization, request)
    renewal = await price_renewal(call.ports, call.organization, draft)
    quote, only = draft.quote, subscriptions_of(draft)
    trials = [_trial_days(draft, position) for position in only]
    dates = [_next_billing(draft, position) for position in only]
    address = draft.buyer.address
    return {
        "billing_country": address.country if address else UNKNOWN_COUNTRY,
        "currency": draft.currency,
        "product_cart": [_line(draft, at) for at, line in enumerate(draft.lines) if line.part_of is None],
        "current_breakup": _breakup([line for line in quote.lines if not line.is_deferred], quote),
        "recurring_breakup": _breakup(renewal.lines, renewal) if renewal else None,
        "total_price": quote.total_minor,
        "total_tax": quote.tax_minor,
        "next_billing_date": moment(min(dates)) if dates else None,
        "trial_period_days": trials[0] if len(trials) == 1 else None,
        "trial_amount": None,
        "subscriptions": _subscriptions(draft, renewal) if renewal and len(only) > 1 else None,
        "payment_method_required": draft.is_payment_form_required or _is_undecided(draft),
        "is_byop": False,
        "tax_id_err_msg": tax_id.error,
        "tax_id_format_name": tax_id.format_name,
        "tax_id_business_name": None,
        **tax_note(draft),
    }


def _judged(body: CheckoutIn) -> _TaxId:
    if body.tax_id is None or body.billing_address is None:
        return _TaxId()
    country = body.billing_address.country
    found = tax_ids.check(body.tax_id, country)
    if found is None:
        return _TaxId(error=f"{body.tax_id} is not a valid tax id of {country}")
    if found.format is None:
        return _TaxId()
    return _TaxId(format_name=_NOTATIONS.get(found.format, _plain_notation(found.format)))


def _plain_notation(name: str) -> str:
    """How people call a format.

    >>> _plain_notation("eu_vat"), _plain_notation("nz_gst")
    ('VAT Number', 'GST Number')
    """
    return f"{name.partition('_')[2].replace('_', ' ').upper()} Number"


def _is_undecided(draft: Checkout) -> bool:
    """The buyer has still to say how many of something that costs."""
    return not draft.is_free and any(line.quantity == 0 and line.part_of is None for line in draft.lines)


def _breakup(lines: Sequence[QuoteLine], quote: Quote) -> answers.Breakup:
    subtotal, discount = without_tax(lines, quote.currency)
    return {
        "subtotal": subtotal,
        "discount": discount,
        "tax": None if quote.tax_minor is None else sum(line.tax_minor for line in lines),
        "total_amount": sum(line.total_minor for line in lines),
    }


def _line(draft: Checkout, position: int) -> answers.PreviewLine:
    """One product of the cart; what a trial defers is shown at what it will cost."""
    line, product = draft.lines[position], draft.product(draft.lines[position].product_id)
    meters = [] if product.recurrence is None else translate.rates_of(product)
    addons = [_addon(draft, at) for at, other in enumerate(draft.lines) if other.part_of == position]
    applicable = _applicable(draft, position)
    return {
        "product_id": shown(DodoPrefix.PRODUCT, product.id),
        "name": None if product.extras.get("unnamed") else product.name,
        "description": product.description,
        "quantity": line.quantity,
        **_amounts(draft, position, position),
        "discount_cycle": cycles_of(applicable[0]) if applicable else None,
        "is_subscription": product.recurrence is not None,
        "is_usage_based": translate.is_by_usage(product),
        "meters": [
            {
                "name": rate.meter_name,
                "description": rate.description,
                "measurement_unit": rate.unit or "",
                "price_per_unit": rate.unit_amount,
                "free_threshold": rate.included_units,
            }
            for rate in meters
        ],
        "credit_entitlements": [],
        "addons": addons or None,
        "monthly_equivalent": None,
    }


def _addon(draft: Checkout, position: int) -> answers.PreviewAddon:
    line, product = draft.lines[position], draft.product(draft.lines[position].product_id)
    root = line.part_of
    assert root is not None, "an add-on belongs to a line"
    return {
        "addon_id": shown(DodoPrefix.ADDON, product.id),
        "name": product.name,
        "description": product.description,
        "quantity": line.quantity,
        "single_quantity_price": draft.quote.lines[position].unit_minor,
        **_amounts(draft, position, root),
    }


def _amounts(draft: Checkout, position: int, root: int) -> answers.LineAmounts:
    """A line's prices and tax. `og_` is in the product's own currency; discounts and tax are those of the line it belongs to."""
    line, quoted = draft.lines[position], draft.quote.lines[position]
    price = draft.price_of(line)
    return {
        "currency": draft.currency,
        "og_currency": price.currency,
        "og_price": line_amount(price, quantity=line.quantity, chosen_minor=line.chosen_minor),
        "discounted_price": quoted.subtotal_minor - quoted.discount_minor,
        "discount_amount": _rate(_applicable(draft, root)),
        "tax": None if draft.quote.tax_minor is None else quoted.tax_minor,
        "tax_rate": divide_half_away(quoted.tax_rate_ppm, _PPM_IN_A_BASIS_POINT),
        "tax_category": draft.product(draft.lines[root].product_id).tax_category,
        "tax_inclusive": quoted.tax_inclusive or draft.price_of(draft.lines[root]).tax_behavior == "inclusive",
    }


def _applicable(draft: Checkout, root: int) -> list[Discount]:
    product_id = draft.lines[root].product_id
    return [one for one in draft.discounts if not one.product_ids or product_id in one.product_ids]


def _rate(discounts: Sequence[Discount]) -> int | None:
    """What percentages that follow each other come to, in basis points; None where an amount is taken off.

    >>> from datetime import UTC, datetime
    >>> from uuid import UUID
    >>> def off(points):
    ...     takes, then = Percentage(basis_points=points), datetime(2026, 1, 1, tzinfo=UTC)
    ...     return Discount(id=UUID(int=1), organization_id=UUID(int=2), name="", code="X", takes=takes, created_at=then)
    >>> _rate([off(2000), off(1000)]), _rate([])
    (2800, None)
    """
    left, parts = 1, 1
    for one in discounts:
        if not isinstance(one.takes, Percentage):
            return None
        left, parts = left * (_WHOLE - one.takes.basis_points), parts * _WHOLE
    return _WHOLE - divide_half_away(left * _WHOLE, parts) if discounts else None


def _trial_days(draft: Checkout, position: int) -> int | None:
    span = active_trial(draft.product(draft.lines[position].product_id), draft.trial)
    return (add_span(draft.created_at, span) - draft.created_at).days if span else None


def _next_billing(draft: Checkout, position: int) -> datetime:
    product = draft.product(draft.lines[position].product_id)
    assert product.recurrence is not None, "only subscriptions are billed again"
    return add_span(draft.created_at, active_trial(product, draft.trial) or product.recurrence)


def _subscriptions(draft: Checkout, renewal: Quote) -> list[answers.PreviewSubscription]:
    """Each subscription of a cart of several: what is taken today and at each renewal, its add-ons included."""
    renewed = iter(_groups(renewal.lines))
    today = {group[0]: group for group in _groups_at(draft.quote.lines)}
    found: list[answers.PreviewSubscription] = []
    for position in subscriptions_of(draft):
        due = [draft.quote.lines[at] for at in today[position] if not draft.quote.lines[at].is_deferred]
        later = next(renewed)
        is_known = draft.quote.tax_minor is not None
        found.append(
            {
                "product_id": shown(DodoPrefix.PRODUCT, draft.lines[position].product_id),
                "amount_due_now": sum(line.total_minor for line in due),
                "tax_due_now": sum(line.tax_minor for line in due) if is_known else None,
                "recurring_amount": sum(line.total_minor for line in later),
                "recurring_tax": sum(line.tax_minor for line in later) if is_known else None,
                "next_billing_date": moment(_next_billing(draft, position)),
                "trial_period_days": _trial_days(draft, position),
            }
        )
    return found


def _groups(lines: Sequence[QuoteLine]) -> list[list[QuoteLine]]:
    return [[lines[at] for at in group] for group in _groups_at(lines)]


def _groups_at(lines: Sequence[QuoteLine]) -> list[list[int]]:
    """The positions of each line with those of its add-ons."""
    groups: dict[int, list[int]] = {}
    for position, line in enumerate(lines):
        groups.setdefault(position if line.part_of is None else line.part_of, []).append(position)
    return list(groups.values())
