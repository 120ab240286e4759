"""What a buyer still has to fill in, as complaints about the fields of the form. Said when the button is pressed, never before."""

from __future__ import annotations

from collections.abc import Mapping

from checkstand.domain.checkout import Checkout
from checkstand.domain.organization import Organization
from checkstand.flows.checkout.confirm_checkout import fields_of_page, missing_problems
from checkstand.web.checkout.form.problems import complaints_of
from checkstand.web.checkout.form.reader import Complaint, complaint
from checkstand.web.checkout.view import places
from checkstand.web.checkout.view.saved import PREFIX


def missing_complaints(organization: Organization, preview: Checkout, form: Mapping[str, str]) -> list[Complaint]:
    """All of it, for the session as it is with what was typed."""
    fields = fields_of_page(organization, preview)
    missing = complaints_of(missing_problems(preview, confirmation_token="typed below", fields=fields), preview)  # noqa: S106
    uses_saved = form.get("method", "").startswith(PREFIX)
    if preview.is_payment_form_required and "name" in form and not form["name"] and not uses_saved:
        missing.append(complaint("name", "problem.name.required"))
    address = preview.buyer.address
    if address is not None and "state" in form and not address.state and places.has_needed_states(address.country):
        missing.append(complaint("state", "problem.field.required"))
    options = preview.options
    needs_tax_id = preview.is_payment_form_required and options.require_tax_id and options.allow_tax_id
    if needs_tax_id and not preview.buyer.tax_id:
        missing.append(complaint("tax_id", "problem.tax_id.required"))
    for position, line in enumerate(preview.lines):
        if line.buyer_sets_quantity and line.part_of is None and not form.get(f"quantity_{position}", "1"):
            missing.append(complaint(f"quantity_{position}", "problem.quantity.required"))
    return missing
