"""Which currency a country pays with, to offer a buyer their own.

Rule: the one currency that is official there and in daily use; where there are two, the country's own, not the one it is tied to
(Namibia's NAD, not ZAR; Panama's PAB, not USD), and Palestine the shekel. The newest holds: Croatia has EUR since 2023, Bulgaria
EUR since 2026, Curaçao and Sint Maarten XCG since 2025, Sierra Leone SLE, El Salvador USD. So no country leads to ANG, BGN, HRK, SLL
or SVC, which old prices may still have.

None where our table lacks the country's own currency, even if another circulates beside it (Zimbabwe's dollars, Bhutan's rupees):
the caller then stays with the price's currency. None for Antarctica, which has none.

    >>> currency_of_country("DE"), currency_of_country("bg"), currency_of_country("NA"), currency_of_country("AQ")
    ('EUR', 'EUR', 'NAD', None)

What a currency is, and which API knows it, is in `currency.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

# Each country stands once. Currencies of one country follow below, as pairs.
_SHARED: Final = {
    "AUD": "AU CC CX HM KI NF NR TV",
    "CHF": "CH LI",
    "DKK": "DK FO GL",
    "EUR": (
        "AD AT AX BE BG BL CY DE EE ES FI FR GF GP GR HR IE IT LT LU LV MC ME MF MQ MT NL PM PT RE SI SK SM TF VA YT"
    ),
    "GBP": "GB GG GS IM JE",
    "ILS": "IL PS",
    "MAD": "EH MA",
    "NOK": "BV NO SJ",
    "NZD": "CK NU NZ PN TK",
    "USD": "AS BQ EC FM GU IO MH MP PR PW SV TC TL UM US VG VI",
    "XAF": "CF CG CM GA GQ TD",
    "XCD": "AG AI DM GD KN LC MS VC",
    "XCG": "CW SX",
    "XOF": "BF BJ CI GW ML NE SN TG",
    "XPF": "NC PF WF",
}
_ALONE: Final = """
AE:AED AL:ALL AM:AMD AO:AOA AR:ARS AW:AWG AZ:AZN BA:BAM BB:BBD BD:BDT BH:BHD BI:BIF BM:BMD BN:BND BO:BOB BR:BRL BS:BSD
BW:BWP BY:BYN BZ:BZD CA:CAD CD:CDF CL:CLP CN:CNY CO:COP CR:CRC CU:CUP CV:CVE CZ:CZK DJ:DJF DO:DOP DZ:DZD EG:EGP ET:ETB
FJ:FJD FK:FKP GE:GEL GH:GHS GI:GIP GM:GMD GN:GNF GT:GTQ GY:GYD HK:HKD HN:HNL HT:HTG HU:HUF ID:IDR IN:INR IQ:IQD IS:ISK
JM:JMD JO:JOD JP:JPY KE:KES KG:KGS KH:KHR KM:KMF KR:KRW KW:KWD KY:KYD KZ:KZT LA:LAK LB:LBP LK:LKR LR:LRD LS:LSL LY:LYD
MD:MDL MG:MGA MK:MKD MM:MMK MN:MNT MO:MOP MR:MRU MU:MUR MV:MVR MW:MWK MX:MXN MY:MYR MZ:MZN NA:NAD NG:NGN NI:NIO NP:NPR
OM:OMR PA:PAB PE:PEN PG:PGK PH:PHP PK:PKR PL:PLN PY:PYG QA:QAR RO:RON RS:RSD RU:RUB RW:RWF SA:SAR SB:SBD SC:SCR SE:SEK
SG:SGD SH:SHP SL:SLE SO:SOS SR:SRD SS:SSP ST:STN SZ:SZL TH:THB TJ:TJS TN:TND TO:TOP TR:TRY TT:TTD TW:TWD TZ:TZS UA:UAH
UG:UGX UY:UYU UZ:UZS VE:VES VN:VND VU:VUV WS:WST YE:YER ZA:ZAR ZM:ZMW
"""
# AFN, none, BTN, ERN, IRR, KPW, SDG, SYP, TMT, ZWG.
WITHOUT_CURRENCY: Final = frozenset({"AF", "AQ", "BT", "ER", "IR", "KP", "SD", "SY", "TM", "ZW"})

_BY_COUNTRY: Final = MappingProxyType(
    {country: currency for currency, countries in _SHARED.items() for country in countries.split()}
    | {pair[:2]: pair[3:] for pair in _ALONE.split()}
)


def currency_of_country(country: str) -> str | None:
    """ISO 4217 code for an ISO 3166-1 alpha-2 code of any case; None for a country without one here, and for no country."""
    return _BY_COUNTRY.get(country.upper())
