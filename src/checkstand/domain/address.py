"""Addresses: which countries and states there are, which fields a buyer must fill in, and what is still missing.

Rule: the country is always asked; the state is required in the US and Canada; the rest is asked only
for a *full* address, which the US always needs.

    >>> normalize_state("US", "NY"), normalize_state("CA", "CA-QC"), normalize_state("FR", "Bretagne")
    ('US-NY', 'CA-QC', 'Bretagne')
    >>> fields_for("CA", full=False).state, fields_for("FR", full=False).state, fields_for("FR", full=True).state
    ('required', 'disabled', 'optional')
    >>> missing_fields(Address(country="US", line1="1 Main St"), fields_for("US", full=False))
    ('city', 'state', 'postal_code')
    >>> missing_fields(Address(country="AE", line1="Sheikh Zayed Rd 1"), fields_for("AE", full=True))
    ()

Names of countries come from the page's language; tax rates are in `tax.py`. The examples run with
`pytest --doctest-modules src/checkstand/domain`.

Source: docs/behaviour/polar.md#billing-address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from checkstand.domain.postcodes import NO_CITY, NO_POSTCODE, OPTIONAL_POSTCODE

FieldMode = Literal["required", "optional", "disabled"]

# ISO 3166-1 alpha-2: the 249 officially assigned codes.
_COUNTRY_CODES: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_COUNTRY_CODES.split())

# Polar takes no address there as input; older stored ones are still shown.
EMBARGOED: Final = frozenset({"CU", "IR", "KP", "RU", "SY"})

# The 50 states and the District of Columbia. The territories (PR, GU, ...) are countries of their own in ISO 3166-1.
US_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AL": "Alabama",
        "AK": "Alaska",
        "AZ": "Arizona",
        "AR": "Arkansas",
        "CA": "California",
        "CO": "Colorado",
        "CT": "Connecticut",
        "DE": "Delaware",
        "DC": "District of Columbia",
        "FL": "Florida",
        "GA": "Georgia",
        "HI": "Hawaii",
        "ID": "Idaho",
        "IL": "Illinois",
        "IN": "Indiana",
        "IA": "Iowa",
        "KS": "Kansas",
        "KY": "Kentucky",
        "LA": "Louisiana",
        "ME": "Maine",
        "MD": "Maryland",
        "MA": "Massachusetts",
        "MI": "Michigan",
        "MN": "Minnesota",
        "MS": "Mississippi",
        "MO": "Missouri",
        "MT": "Montana",
        "NE": "Nebraska",
        "NV": "Nevada",
        "NH": "New Hampshire",
        "NJ": "New Jersey",
        "NM": "New Mexico",
        "NY": "New York",
        "NC": "North Carolina",
        "ND": "North Dakota",
        "OH": "Ohio",
        "OK": "Oklahoma",
        "OR": "Oregon",
        "PA": "Pennsylvania",
        "RI": "Rhode Island",
        "SC": "South Carolina",
        "SD": "South Dakota",
        "TN": "Tennessee",
        "TX": "Texas",
        "UT": "Utah",
        "VT": "Vermont",
        "VA": "Virginia",
        "WA": "Washington",
        "WV": "West Virginia",
        "WI": "Wisconsin",
        "WY": "Wyoming",
    }
)

CA_SUBDIVISIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AB": "Alberta",
        "BC": "British Columbia",
        "MB": "Manitoba",
        "NB": "New Brunswick",
        "NL": "Newfoundland and Labrador",
        "NS": "Nova Scotia",
        "NT": "Northwest Territories",
        "NU": "Nunavut",
        "ON": "Ontario",
        "PE": "Prince Edward Island",
        "QC": "Quebec",
        "SK": "Saskatchewan",
        "YT": "Yukon",
    }
)

_SUBDIVISIONS: Final = {"US": (US_STATES, "Invalid US state"), "CA": (CA_SUBDIVISIONS, "Invalid CA subdivision")}


class InvalidState(ValueError):
    """The state is none of the country's. The text is Polar's: `Invalid US state` or `Invalid CA subdivision`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address, as much of it as is known. `country` is upper-case ISO 3166-1; blank text counts as None."""

    country: str
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAddress:
    """An address without its country, which is kept elsewhere as a fact of its own."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None

    def within(self, country: str) -> Address:
        """The whole address."""
        return Address(
            country=country,
            line1=self.line1,
            line2=self.line2,
            city=self.city,
            state=self.state,
            postal_code=self.postal_code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFields:
    """What the form asks of each part of the address."""

    country: FieldMode
    state: FieldMode
    line1: FieldMode
    line2: FieldMode
    city: FieldMode
    postal_code: FieldMode

    def modes(self) -> dict[str, FieldMode]:
        """Each field's mode, in the order of a form."""
        return {
            "country": self.country,
            "line1": self.line1,
            "line2": self.line2,
            "city": self.city,
            "state": self.state,
            "postal_code": self.postal_code,
        }

    def required(self) -> dict[str, bool]:
        """Polar's older boolean form: true for exactly the required fields."""
        return {name: mode == "required" for name, mode in self.modes().items()}


def normalize_state(country: str, state: str | None) -> str | None:
    """The state as it is stored: for US and CA with the country's prefix, elsewhere as given; blank is None.

    Case matters, as for Polar: `ny` raises InvalidState.
    """
    if state is None or not state.strip():
        return None
    if country not in _SUBDIVISIONS:
        return state
    subdivisions, refusal = _SUBDIVISIONS[country]
    code = state.removeprefix(f"{country}-")
    if code not in subdivisions:
        raise InvalidState(refusal)
    return f"{country}-{code}"


@cache
def fields_for(country: str | None, *, full: bool) -> AddressFields:
    """Which fields to ask for, for a country that may not be known yet.

    `full`: the merchant demands a full address, the buyer is a business, or the payment method needs one. The US needs
    one in any case.
    """
    whole = full or country == "US"
    state: FieldMode = "required" if country in _SUBDIVISIONS else "optional" if whole else "disabled"
    demanded: FieldMode = "required" if whole else "disabled"
    return AddressFields(
        country="required",
        state=state,
        line1=demanded,
        line2="optional" if whole else "disabled",
        city=demanded,
        postal_code=demanded,
    )


POSTCODE_FOR_TAX = frozenset({"US", "CA", "IN"})


def minimal_fields_for(country: str | None) -> AddressFields:
    """The least that can be asked: the country, and the postcode only where tax needs it.

    Source: docs/behaviour/checkout-page.md#rows-and-fields and docs/behaviour/dodo.md#additions-to-the-contract.
    """
    return _country_and("required" if country in POSTCODE_FOR_TAX else "disabled")


def least_fields_for(country: str | None) -> AddressFields:
    """What a payment alone needs: the country, and of an American the ZIP code, which banks compare.

    >>> [name for name, mode in least_fields_for("US").modes().items() if mode == "required"]
    ['country', 'postal_code']
    >>> [name for name, mode in least_fields_for("CA").modes().items() if mode == "required"]
    ['country']

    Source: docs/behaviour/checkout-page.md#rows-and-fields.
    """
    return _country_and("required" if country == "US" else "disabled")


def _country_and(postal_code: FieldMode) -> AddressFields:
    return AddressFields(
        country="required",
        state="disabled",
        line1="disabled",
        line2="disabled",
        city="disabled",
        postal_code=postal_code,
    )


def customary(country: str | None, fields: AddressFields) -> AddressFields:
    """The same demand as far as a country's addresses can meet it: what they do not have is not asked, what they may lack is optional.

    It only ever asks for less. What an API shows of its demands is left as documented.
    """
    postal_code, city = fields.postal_code, fields.city
    if country in NO_POSTCODE:
        postal_code = "disabled"
    elif country in OPTIONAL_POSTCODE and postal_code == "required":
        postal_code = "optional"
    if country in NO_CITY:
        city = "disabled"
    return replace(fields, postal_code=postal_code, city=city)


def missing_fields(address: Address | None, fields: AddressFields) -> tuple[str, ...]:
    """The required fields that are absent or blank, in the order of a form, as far as the country's addresses have them.

    Without an address, all required ones.
    """
    present: Mapping[str, str | None] = {}
    if address is not None:
        present = {
            "country": address.country,
            "line1": address.line1,
            "line2": address.line2,
            "city": address.city,
            "state": address.state,
            "postal_code": address.postal_code,
        }
        fields = customary(address.country, fields)
    required = (name for name, mode in fields.modes().items() if mode == "required")
    return tuple(name for name in required if not (present.get(name) or "").strip())
