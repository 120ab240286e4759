"""From the domain to Polar's wire: customers, their state, their members, and the rows of their export.

Source: docs/behaviour/polar.md#customers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from hashlib import sha256

import orjson

from checkstand.dialects.polar.answers.customer import Customer as CustomerAnswer
from checkstand.dialects.polar.answers.customer import CustomerState
from checkstand.dialects.polar.answers.member import Member as MemberAnswer
from checkstand.dialects.polar.wire.words import address, moment
from checkstand.domain.customer import Customer
from checkstand.domain.member import Member
from checkstand.domain.tax import EU

# The format of a number that was kept without one: the country's usual.
TAX_FORMATS: Mapping[str, str] = {
    **dict.fromkeys({*EU, "MC"}, "eu_vat"),
    "AD": "ad_nrt", "AE": "ae_trn", "AR": "ar_cuit", "AU": "au_abn", "BH": "bh_vat", "BO": "bo_tin", "BR": "br_cnpj",
    "CA": "ca_bn", "CH": "ch_vat", "CL": "cl_tin", "CN": "cn_tin", "CO": "co_nit", "CR": "cr_tin", "DO": "do_rcn",
    "EC": "ec_ruc", "EG": "eg_tin", "GB": "gb_vat", "GE": "ge_vat", "HK": "hk_br", "IM": "gb_vat", "ID": "id_npwp", "IL": "il_vat",
    "IN": "in_gst", "IS": "is_vat", "JP": "jp_cn", "KE": "ke_pin", "KR": "kr_brn", "KZ": "kz_bin", "LI": "li_uid",
    "MK": "mk_vat", "MU": "mu_tan", "MX": "mx_rfc", "MY": "my_itn", "NG": "ng_tin", "NO": "no_vat", "NZ": "nz_gst",
    "OM": "om_vat", "PE": "pe_ruc", "PH": "ph_tin", "RS": "rs_pib", "RU": "ru_inn", "SA": "sa_vat", "SG": "sg_gst",
    "SV": "sv_nit", "TH": "th_vat", "TR": "tr_tin", "TW": "tw_vat", "UA": "ua_vat", "US": "us_ein", "UY": "uy_ruc",
    "VE": "ve_rif", "VN": "vn_tin", "ZA": "za_vat",
}  # fmt: skip


def customer(value: Customer) -> CustomerAnswer:
    """A customer; `tax_id` is a pair of number and format, null while the format is not known to us."""
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "metadata": dict(value.metadata),
        "external_id": value.external_id,
        "email": value.email,
        "email_verified": False,
        "type": value.kind,
        "name": value.name,
        "billing_name": value.shown_billing_name,
        "billing_address": address(value.address),
        "tax_id": tax_id(value),
        "locale": value.locale,
        "organization_id": str(value.organization_id),
        "default_payment_method_id": None,
        "deleted_at": moment(value.deleted_at),
        "first_user_event_at": None,
        "avatar_url": avatar_url(value.email),
    }


def avatar_url(email: str | None) -> str:
    """Where a picture for an e-mail address would be. Without an address it leads nowhere: clients before 0.32 refuse null.

    >>> avatar_url("Jane@Example.com") == avatar_url("jane@example.com")
    True
    """
    return f"https://www.gravatar.com/avatar/{sha256((email or '').lower().encode()).hexdigest()}?d=404"


def tax_id(value: Customer) -> tuple[str, str] | None:
    """The number and its format."""
    if value.tax_id is None:
        return None
    usual = TAX_FORMATS.get(value.address.country) if value.address is not None else None
    known = value.tax_id_format or usual
    return (value.tax_id, known) if known is not None else None


def customer_state(value: Customer) -> CustomerState:
    """A customer and what is active for them."""
    return {**customer(value), "active_subscriptions": [], "granted_benefits": [], "active_meters": []}


def member(value: Member) -> MemberAnswer:
    """One person of a customer."""
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "customer_id": str(value.customer_id),
        "email": value.email,
        "name": value.name,
        "external_id": value.external_id,
        "role": value.role,
    }


CSV_HEADER = (
    "ID", "External ID", "Created At", "Email", "Name", "Tax ID", "Billing Address Line 1", "Billing Address Line 2",
    "Billing Address City", "Billing Address State", "Billing Address Zip", "Billing Address Country", "Metadata",
)  # fmt: skip


def csv_lines(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as lines of a CSV file (RFC 4180).

    What a spreadsheet would take for a formula is text for it too: buyers choose their own names.
    """
    page = io.StringIO()
    csv.writer(page).writerows([_as_text(cell) for cell in row] for row in rows)
    return page.getvalue()


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def csv_row(value: Customer) -> tuple[str, ...]:
    """A customer in the order of CSV_HEADER; what is not known is empty."""
    place = value.address
    parts = (place.line1, place.line2, place.city, place.state, place.postal_code, place.country) if place else ()
    return (
        str(value.id),
        value.external_id or "",
        moment(value.created_at) or "",
        value.email or "",
        value.name or "",
        value.tax_id or "",
        *((part or "") for part in parts or ("",) * 6),
        orjson.dumps(value.metadata).decode() if value.metadata else "",
    )
