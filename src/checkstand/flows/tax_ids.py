"""Tax ids: which numbers a country's businesses have, and how far a number is checked.

Rule: a country has one or more formats; the first that a number fits wins, and the number is kept without separators.
A member state of the EU takes the number of any other, with its prefix; Monaco takes France's and the Isle of Man Britain's.

    >>> check("fr 61 954 506 077", "FR")
    TaxId(number='FR61954506077', format='eu_vat', is_verified=True)
    >>> check("123456789012", "AU")
    TaxId(number='123456789012', format='au_arn', is_verified=False)

    >>> check("1234-5678", "AF"), check("X-1", "KY")
    (TaxId(number='12345678', format=None, is_verified=False), TaxId(number='X1', format=None, is_verified=False))

Verified means that check digits were worked out, by python-stdnum; elsewhere only the form was looked at. Neither asks an authority
whether the number is in use. A number of a shape that nobody here knows is kept and printed as it is, and changes no tax; it is
refused only where python-stdnum knows the country's numbers, so that it can be told for wrong. docs/taxes.md has the whole table.

Source: docs/behaviour/polar.md#tax-ids.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from types import MappingProxyType
from typing import Final

from checkstand.domain.address import COUNTRIES
from checkstand.domain.tax import EU

_LONGEST: Final = 64
_PLAIN: Final = re.compile(r"[A-ZÑ&0-9]{4,32}", re.ASCII)  # Mexico's numbers have letters of names: Ñ and &
_UNKNOWN: Final = re.compile(r"(?=.*\d)[A-Z0-9]{2,32}", re.ASCII)  # nothing is known of it, but a word is no number
_SEPARATORS: Final = re.compile(r"[\s./\-\u2010-\u2015\u00b7]")


class TaxIdState(StrEnum):
    """How far a number was checked: by its digits, by its form alone, or not at all."""

    CHECKED = "checked"
    FORM = "form"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxId:
    """A number that is accepted. `format` is Polar's name, None for a shape that is not known here.

    `is_verified` is False where no check digits were worked out.
    """

    number: str
    format: str | None
    is_verified: bool

    @property
    def state(self) -> TaxIdState:
        """How far it was checked."""
        if self.is_verified:
            return TaxIdState.CHECKED
        return TaxIdState.UNKNOWN if self.format is None else TaxIdState.FORM


_OF_COUNTRY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    dict.fromkeys(sorted({*EU, "MC"}), ("eu_vat",))
    | {
        "GB": ("gb_vat",), "IM": ("gb_vat",),
        "CH": ("ch_uid", "ch_vat"), "NO": ("no_vat", "no_voec"), "IS": ("is_vat",), "LI": ("li_uid",),
        "AD": ("ad_nrt",), "UA": ("ua_vat",), "RS": ("rs_pib",), "MK": ("mk_vat",), "GE": ("ge_vat",), "TR": ("tr_tin",),
        "RU": ("ru_inn", "ru_kpp"), "KZ": ("kz_bin",),
        "US": ("us_ein",),
        "CA": ("ca_gst_hst", "ca_pst_bc", "ca_pst_mb", "ca_pst_sk", "ca_qst", "ca_bn"),
        "MX": ("mx_rfc",), "BR": ("br_cnpj", "br_cpf"), "AR": ("ar_cuit",), "CL": ("cl_tin",), "CO": ("co_nit",),
        "CR": ("cr_tin",), "DO": ("do_rcn",), "EC": ("ec_ruc",), "PE": ("pe_ruc",), "SV": ("sv_nit",), "UY": ("uy_ruc",),
        "VE": ("ve_rif",), "BO": ("bo_tin",),
        "AU": ("au_abn", "au_arn"), "NZ": ("nz_gst",), "JP": ("jp_cn", "jp_rn", "jp_trn"), "KR": ("kr_brn",),
        "CN": ("cn_tin",), "HK": ("hk_br",), "TW": ("tw_vat",), "SG": ("sg_gst", "sg_uen"),
        "MY": ("my_frp", "my_itn", "my_sst"), "TH": ("th_vat",), "ID": ("id_npwp",), "PH": ("ph_tin",), "VN": ("vn_tin",),
        "IN": ("in_gst",),
        "AE": ("ae_trn",), "SA": ("sa_vat",), "BH": ("bh_vat",), "OM": ("om_vat",), "IL": ("il_vat",), "EG": ("eg_tin",),
        "ZA": ("za_vat",), "KE": ("ke_pin",), "NG": ("ng_tin",), "MU": ("mu_tan",),
    }
)  # fmt: skip

# Formats with check digits, and python-stdnum's modules that know them (any one of several).
_CHECKED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "eu_vat": ("eu.vat",), "gb_vat": ("gb.vat",), "ch_uid": ("ch.uid",), "ch_vat": ("ch.vat",), "no_vat": ("no.mva",),
        "rs_pib": ("rs.pib",), "mk_vat": ("mk.edb",), "tr_tin": ("tr.vkn",), "ru_inn": ("ru.inn",), "ca_bn": ("ca.bn",),
        "br_cnpj": ("br.cnpj",), "br_cpf": ("br.cpf",), "ar_cuit": ("ar.cuit",), "cl_tin": ("cl.rut",),
        "co_nit": ("co.nit",), "do_rcn": ("do.rnc", "do.cedula"), "ec_ruc": ("ec.ruc",), "pe_ruc": ("pe.ruc",),
        "sv_nit": ("sv.nit",), "uy_ruc": ("uy.rut",), "ve_rif": ("ve.rif",), "au_abn": ("au.abn",), "nz_gst": ("nz.ird",),
        "jp_cn": ("jp.cn",), "kr_brn": ("kr.brn",), "cn_tin": ("cn.uscc",), "tw_vat": ("tw.ubn",), "sg_uen": ("sg.uen",),
        "th_vat": ("th.tin",), "id_npwp": ("id.npwp",), "vn_tin": ("vn.mst",), "in_gst": ("in_.gstin",),
        "il_vat": ("il.hp", "il.idnr"), "li_uid": ("ch.uid",),
    }
)  # fmt: skip

# Formats of which the form is all that can be checked; python-stdnum knows those of the first line in more detail than a pattern.
_FORM_BY_MODULE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "is_vat": ("is_.vsk",),
        "us_ein": ("us.ein",),
        "mx_rfc": ("mx.rfc",),
        "ad_nrt": ("ad.nrt",),
        "cr_tin": ("cr.cpj", "cr.cpf"),
    }
)
_FORM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no_voec": r"(VOEC)?20\d{5}",
        "ua_vat": r"\d{10}|\d{12}",
        "ge_vat": r"\d{9}|\d{11}",
        "ru_kpp": r"\d{4}[0-9A-Z]{2}\d{3}",
        "kz_bin": r"\d{12}",
        "ca_pst_bc": r"PST\d{8}",
        "ca_pst_mb": r"\d{7}",  # Saskatchewan's has the same form: without a province to ask, the first of the two is named
        "ca_pst_sk": r"\d{7}",
        "ca_qst": r"\d{10}TQ\d{4}",
        "bo_tin": r"\d{7,12}",
        "au_arn": r"\d{12}",
        "jp_rn": r"\d{5}",
        "jp_trn": r"T\d{13}",
        "hk_br": r"\d{8}",
        "sg_gst": r"M[0-9R]\d{7}[0-9A-Z]",
        "my_frp": r"\d{8}",
        "my_itn": r"[A-Z]{1,2}\d{9,11}",
        "my_sst": r"[A-Z]\d{14}",
        "ph_tin": r"\d{9}|\d{12}|\d{14}",
        "ae_trn": r"\d{15}",
        "sa_vat": r"3\d{13}3",
        "bh_vat": r"\d{15}",
        "om_vat": r"OM\d{10}",
        "eg_tin": r"\d{9}",
        "za_vat": r"4\d{9}",
        "ke_pin": r"[AP]\d{9}[A-Z]",
        "ng_tin": r"\d{10}|\d{12,13}",
        "mu_tan": r"[23]\d{7}",
    }
)
# What a country writes around the digits. Britain's and Switzerland's numbers are known without.
_MARKS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {country: (f"{country}{{}}",) for country in EU}
    | {"AT": ("AT{}", "ATU{}"), "GR": ("EL{}",), "MC": ("FR{}",), "NO": ("{}MVA",)}
)
_GST_ACCOUNT: Final = re.compile(r"\d{9}RT\d{4}")


def normalize(tax_id: str, country: str) -> str | None:
    """The number without separators, or None when it cannot be one of that country."""
    found = check(tax_id, country)
    return found.number if found else None


def check(tax_id: str, country: str) -> TaxId | None:
    """The number in the first of the country's formats that it fits; None for a wrong one, and for what is no number at all."""
    if len(tax_id) > _LONGEST:
        return None
    fitting = (check_format(tax_id, name) for name in _OF_COUNTRY.get(country, ()))
    known = next((found for found in fitting if found is not None), None)
    if known is not None or country not in COUNTRIES or _can_be_told_for_wrong(country):
        return known
    plain = _SEPARATORS.sub("", _in_ascii_digits(tax_id)).upper()
    return TaxId(number=plain, format=None, is_verified=False) if _UNKNOWN.fullmatch(plain) else None


def check_format(tax_id: str, name: str) -> TaxId | None:
    """The number in this format, where no country is known; None when it does not fit or the format is not known here."""
    if len(tax_id) > _LONGEST or not any(name in names for names in _OF_COUNTRY.values()):
        return None
    number = _in_format(_in_ascii_digits(tax_id), name)
    if number is None or not _PLAIN.fullmatch(number):
        return None
    return TaxId(number=number, format=name, is_verified=is_verifiable(name))


def with_own_mark(tax_id: str, country: str) -> str:
    """A number as its country writes it, where only the letters before or behind it are missing; else as it is.

    >>> with_own_mark("136695976", "DE"), with_own_mark("094259216", "GR"), with_own_mark("13585627", "AT")
    ('DE136695976', 'EL094259216', 'ATU13585627')
    >>> with_own_mark("995525828", "NO"), with_own_mark("136695977", "DE")
    ('995525828MVA', '136695977')
    """
    if check(tax_id, country) is not None:
        return tax_id
    marked = (form.format(tax_id.strip()) for form in _MARKS.get(country, ()))
    return next((number for number in marked if check(number, country) is not None), tax_id)


def state_of(tax_id: str | None, country: str | None) -> TaxIdState | None:
    """How far a number that was accepted has been checked; None for none."""
    found = check(tax_id, country) if tax_id and country else None
    return found.state if found else None


def effective(tax_id: str | None, country: str) -> str | None:
    """The number as far as tax goes by it: one of a known shape."""
    return tax_id if state_of(tax_id, country) not in (None, TaxIdState.UNKNOWN) else None


def countries() -> Mapping[str, tuple[str, ...]]:
    """Each country that has tax ids here, with its formats in the order in which they are tried."""
    return _OF_COUNTRY


def is_verifiable(name: str) -> bool:
    """Whether numbers of this format have check digits that are worked out."""
    return name in _CHECKED or name == "ca_gst_hst"


def _can_be_told_for_wrong(country: str) -> bool:
    """Whether python-stdnum knows numbers of this country. Our own patterns alone do not make another shape a wrong one."""
    return any(name not in _FORM for name in _OF_COUNTRY.get(country, ()))


def _in_ascii_digits(text: str) -> str:
    """Full-width letters and every script's digits as ASCII."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in plain)


def _in_format(tax_id: str, name: str) -> str | None:
    if name == "ca_gst_hst":
        number = _by_module(tax_id, "ca.bn")
        return number if number and _GST_ACCOUNT.fullmatch(number) else None
    if name in _FORM:
        plain = _SEPARATORS.sub("", tax_id).upper()
        return plain if re.fullmatch(_FORM[name], plain, re.ASCII) else None
    modules = _CHECKED.get(name) or _FORM_BY_MODULE[name]
    return next((number for module in modules if (number := _by_module(tax_id, module))), None)


def _by_module(tax_id: str, name: str) -> str | None:
    """Loaded when it is needed: there are fifty, and most servers ask for a handful."""
    module = import_module(f"stdnum.{name}")
    if not module.is_valid(tax_id):
        return None
    compact: str = module.compact(tax_id)
    return _SEPARATORS.sub("", compact).upper()
