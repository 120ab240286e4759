"""Which countries have no postcodes, or none that one must give, and which have no cities beside the country itself."""

from __future__ import annotations

from typing import Final

# Parts that a country's addresses do not have, or may do without (Google's address data, libaddressinput): nobody can be asked for
# a postcode in Dubai. The APIs go on saying what they document; see `customary`.
NO_POSTCODE: Final = frozenset({
    "AE", "AG", "AO", "AQ", "AW", "BF", "BI", "BJ", "BO", "BQ", "BS", "BV", "BW", "BZ", "CD", "CF", "CG", "CI",
    "CK", "CM", "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GQ", "GY", "HK", "JM", "KI", "KM", "KN",
    "LC", "LY", "ML", "MO", "MR", "MS", "MW", "NR", "NU", "PA", "PS", "QA", "RW", "SB", "SC", "SL", "SR", "SS",
    "ST", "SX", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TT", "TV", "UG", "VU", "WS", "YE", "ZW",
})  # fmt: skip
OPTIONAL_POSTCODE: Final = frozenset({
    "AD", "AF", "AI", "AL", "AM", "AR", "AZ", "BA", "BB", "BD", "BG", "BH", "BM", "BN", "BT", "BY", "CC", "CL",
    "CO", "CR", "CU", "CV", "CX", "CY", "DO", "DZ", "EC", "EG", "EH", "ET", "FO", "GE", "GI", "GN", "GT", "GW",
    "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IQ", "IR", "IS", "JO", "KE", "KG", "KH", "KP", "KW", "KY",
    "KZ", "LA", "LB", "LK", "LR", "LS", "MA", "MC", "MD", "ME", "MG", "MK", "MM", "MN", "MT", "MU", "MV", "MZ",
    "NA", "NE", "NF", "NG", "NI", "NP", "OM", "PE", "PG", "PH", "PK", "PY", "RS", "SA", "SD", "SI", "SN", "SO",
    "SV", "SZ", "TH", "TJ", "TM", "TN", "TZ", "UM", "UY", "UZ", "VA", "VC", "VE", "VG", "VN", "ZM",
})  # fmt: skip
NO_CITY: Final = frozenset({"AE", "GI", "KY", "MO", "NR", "SG"})
