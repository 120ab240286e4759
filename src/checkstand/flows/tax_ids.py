"""Tax ids: which are checked with their check digits, which by form only.

Member states of the EU and the countries of `_BY_COUNTRY` are checked by python-stdnum; anywhere else a number of plausible
form is kept as it was given. The normalised number has no separators.
"""

from __future__ import annotations

import re
from importlib import import_module

EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_BY_COUNTRY = {
    "GB": "gb.vat",
    "CH": "ch.vat",
    "NO": "no.mva",
    "IS": "is_.vsk",
    "AU": "au.abn",
    "BR": "br.cnpj",
    "CA": "ca.bn",
    "CL": "cl.rut",
    "IN": "in_.gstin",
    "JP": "jp.cn",
    "KR": "kr.brn",
    "MX": "mx.rfc",
    "RS": "rs.pib",
    "TR": "tr.vkn",
    "US": "us.ein",
}
_FORM = re.compile(r"^[A-Z0-9]{4,20}$")


def normalize(tax_id: str, country: str) -> str | None:
    """The number without separators, or None when it cannot be one of that country."""
    name = "eu.vat" if country in EU else _BY_COUNTRY.get(country)
    if name is None:
        plain = re.sub(r"[\s./-]", "", tax_id).upper()
        return plain if _FORM.match(plain) else None
    module = import_module(f"stdnum.{name}")
    if not module.is_valid(tax_id):
        return None
    compact: str = module.compact(tax_id)
    return compact.upper()
