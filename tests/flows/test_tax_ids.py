"""Tax ids: the samples that Polar was seen to accept and refuse, and that the documented table is the real one."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from checkstand.domain.address import COUNTRIES
from checkstand.domain.tax import EU
from checkstand.flows.tax_ids import (
    TaxId,
    TaxIdState,
    check,
    countries,
    effective,
    is_verifiable,
    normalize,
    state_of,
)
from tests.tables import table

DOCUMENT = Path(__file__).parents[2] / "docs" / "taxes.md"

CHECKED = [
    ("FR", "FR61954506077", "FR61954506077", "eu_vat"),
    ("FR", "fr 61 954 506 077", "FR61954506077", "eu_vat"),
    ("DE", "DE136695976", "DE136695976", "eu_vat"),
    ("DE", "ATU13585627", "ATU13585627", "eu_vat"),
    ("GR", "EL094259216", "EL094259216", "eu_vat"),
    ("GR", "GR094259216", "GR094259216", "eu_vat"),
    ("GB", "GB980780684", "980780684", "gb_vat"),
    ("GB", "980780684", "980780684", "gb_vat"),
    ("MC", "FR53000004605", "FR53000004605", "eu_vat"),
    ("IM", "GB 980 7806 84", "980780684", "gb_vat"),
    ("FR", "ＦＲ６１９５４５０６０７７", "FR61954506077", "eu_vat"),
    ("CH", "CHE-107.787.577 MWST", "CHE107787577MWST", "ch_vat"),
    ("CH", "CHE-100.155.212", "CHE100155212", "ch_uid"),
    ("LI", "CHE-100.155.212", "CHE100155212", "li_uid"),
    ("NO", "NO995525828MVA", "995525828MVA", "no_vat"),
    ("RS", "101134702", "101134702", "rs_pib"),
    ("MK", "4030000375897", "4030000375897", "mk_vat"),
    ("TR", "4540536920", "4540536920", "tr_tin"),
    ("RU", "1234567894", "1234567894", "ru_inn"),
    ("CA", "123456782RT0001", "123456782RT0001", "ca_gst_hst"),
    ("CA", "123456782", "123456782", "ca_bn"),
    ("BR", "16.727.230/0001-97", "16727230000197", "br_cnpj"),
    ("BR", "390.533.447-05", "39053344705", "br_cpf"),
    ("AR", "20-05536168-2", "20055361682", "ar_cuit"),
    ("CL", "76.086.428-5", "760864285", "cl_tin"),
    ("CO", "800197268-4", "8001972684", "co_nit"),
    ("DO", "1-01-85004-3", "101850043", "do_rcn"),
    ("EC", "1792060346-001", "1792060346001", "ec_ruc"),
    ("PE", "20512333797", "20512333797", "pe_ruc"),
    ("SV", "0614-050707-104-8", "06140507071048", "sv_nit"),
    ("UY", "UY 21 140634 001 1", "211406340011", "uy_ruc"),
    ("VE", "V-11470283-4", "V114702834", "ve_rif"),
    ("AU", "51824753556", "51824753556", "au_abn"),
    ("AU", "51 824 753 556", "51824753556", "au_abn"),
    ("NZ", "49-098-576", "49098576", "nz_gst"),
    ("JP", "5835678256246", "5835678256246", "jp_cn"),
    ("KR", "116-82-00276", "1168200276", "kr_brn"),
    ("CN", "91110000600037341L", "91110000600037341L", "cn_tin"),
    ("TW", "00501503", "00501503", "tw_vat"),
    ("SG", "00192200M", "00192200M", "sg_uen"),
    ("TH", "1-2345-45678-78-1", "1234545678781", "th_vat"),
    ("ID", "01.312.166.0-091.000", "013121660091000", "id_npwp"),
    ("VN", "0100233488", "0100233488", "vn_tin"),
    ("IN", "29AAGCB7383J1Z4", "29AAGCB7383J1Z4", "in_gst"),
    ("IL", "516179157", "516179157", "il_vat"),
]
BY_FORM = [
    ("US", "91-1144442", "911144442", "us_ein"),
    ("MX", "GODE561231GR8", "GODE561231GR8", "mx_rfc"),
    ("AD", "U-132950-X", "U132950X", "ad_nrt"),
    ("IS", "IS 00621", "00621", "is_vat"),
    ("CR", "3-101-999999", "3101999999", "cr_tin"),
    ("NO", "2012345", "2012345", "no_voec"),
    ("UA", "123456789012", "123456789012", "ua_vat"),
    ("GE", "123456789", "123456789", "ge_vat"),
    ("RU", "7707 01 001", "770701001", "ru_kpp"),
    ("KZ", "941240000341", "941240000341", "kz_bin"),
    ("CA", "PST-1234-5678", "PST12345678", "ca_pst_bc"),
    ("CA", "123456-7", "1234567", "ca_pst_mb"),
    ("CA", "1234567890 TQ 0001", "1234567890TQ0001", "ca_qst"),
    ("BO", "123456789", "123456789", "bo_tin"),
    ("AU", "123456789012", "123456789012", "au_arn"),
    ("JP", "12345", "12345", "jp_rn"),
    ("JP", "T5835678256246", "T5835678256246", "jp_trn"),
    ("HK", "12345678", "12345678", "hk_br"),
    ("HK", "１２３４５６７８", "12345678", "hk_br"),
    ("AE", "١٠٠١٢٣٤٥٦٧٠٠٠٠٣", "100123456700003", "ae_trn"),
    ("SG", "M2-1234567-8", "M212345678", "sg_gst"),
    ("MY", "12345678", "12345678", "my_frp"),
    ("MY", "C 1234567890", "C1234567890", "my_itn"),
    ("MY", "A12-3456-78912345", "A12345678912345", "my_sst"),
    ("PH", "123-456-789-000", "123456789000", "ph_tin"),
    ("AE", "100123456700003", "100123456700003", "ae_trn"),
    ("SA", "300123456700003", "300123456700003", "sa_vat"),
    ("BH", "200000000000000", "200000000000000", "bh_vat"),
    ("OM", "OM1100012345", "OM1100012345", "om_vat"),
    ("EG", "100-531-385", "100531385", "eg_tin"),
    ("ZA", "4123456789", "4123456789", "za_vat"),
    ("KE", "P051365947M", "P051365947M", "ke_pin"),
    ("NG", "12345678-0001", "123456780001", "ng_tin"),
    ("MU", "20123456", "20123456", "mu_tan"),
]


@table(("country", "given_number", "number", "name"), CHECKED)
def test_numbers_with_check_digits_are_normalized_and_verified(
    country: str, given_number: str, number: str, name: str
) -> None:
    assert check(given_number, country) == TaxId(number=number, format=name, is_verified=True)
    assert normalize(given_number, country) == number
    assert check(number, country) == TaxId(number=number, format=name, is_verified=True)


@table(("country", "given_number", "number", "name"), BY_FORM)
def test_numbers_of_the_right_form_are_taken_and_marked_unverified(
    country: str, given_number: str, number: str, name: str
) -> None:
    assert check(given_number, country) == TaxId(number=number, format=name, is_verified=False)
    assert check(number, country) == TaxId(number=number, format=name, is_verified=False)


@table(
    ("country", "number"),
    [
        ("FR", "61954506077"),  # the prefix is needed
        ("FR", "FR61954506078"),
        ("NO", "MVA 995525828"),
        ("NO", "995525829MVA"),
        ("GB", "980780685"),
        ("US", "FR61954506077"),
        ("US", "07-1144442"),
        ("BR", "390.533.447-06"),
        ("AU", "51824753557"),
        ("LI", "CHE-100.155.213"),
        ("MC", "FR53000004606"),
        ("IM", "GB980780685"),
        ("AF", "none"),
        ("KY", "no number"),
        ("KY", "1"),
        ("HK", "n/a"),
        ("AF", "1" * 40),
        ("XX", "123456789"),
        ("", "123456789"),
        ("DE", ""),
    ],
)
def test_a_wrong_number_where_numbers_are_known_and_what_is_no_number_are_refused(country: str, number: str) -> None:
    assert check(number, country) is None
    assert normalize(number, country) is None
    assert effective(number, country) is None


@table(
    ("country", "given_number", "number"),
    [
        ("AF", "1234-5678", "12345678"),
        ("PY", "80012345-6", "800123456"),
        ("KY", "X-1", "X1"),
        ("BM", "ABC123", "ABC123"),
        ("BM", "12", "12"),
        ("LK", "VAT 114 412 345", "VAT114412345"),
        ("MU", "12345678", "12345678"),
        ("SA", "100123456700003", "100123456700003"),
        ("HK", "1234567", "1234567"),
        ("GP", "FR61954506077", "FR61954506077"),
    ],
)
def test_a_shape_that_nobody_knows_is_kept_and_changes_no_tax(country: str, given_number: str, number: str) -> None:
    assert check(given_number, country) == TaxId(number=number, format=None, is_verified=False)
    assert check(number, country) == check(given_number, country)
    assert state_of(number, country) is TaxIdState.UNKNOWN
    assert effective(number, country) is None


def test_every_country_takes_numbers_of_its_own_or_of_any_shape() -> None:
    for country in COUNTRIES - set(countries()):
        assert normalize("12-345.678/9", country) == "123456789", country


def test_a_number_says_how_far_it_was_checked() -> None:
    assert state_of("FR61954506077", "FR") is TaxIdState.CHECKED
    assert state_of("911144442", "US") is TaxIdState.FORM
    assert (state_of(None, "FR"), state_of("FR61954506077", None)) == (None, None)
    assert effective("911144442", "US") == "911144442"


@settings(deadline=None, max_examples=400)
@given(
    country=some.sampled_from(sorted(COUNTRIES)),
    text=some.text(max_size=30) | some.from_regex(r"[A-Z]{0,3}[0-9]{4,16}[A-Z]{0,4}", fullmatch=True),
)
def test_any_text_is_answered_and_what_is_kept_is_kept_the_same_again(country: str, text: str) -> None:
    found = check(text, country)
    if found is not None:
        assert re.fullmatch(r"[A-ZÑ&0-9]+", found.number)
        assert found.format is None or found.format in countries()[country]
        assert check(found.number, country) == found


def test_every_format_of_every_country_has_a_sample_here_unless_another_takes_its_numbers_first() -> None:
    sampled = {(country, name) for country, _given, _number, name in [*CHECKED, *BY_FORM]}
    for country, names in countries().items():
        for name in names:
            assert country in EU or name == "ca_pst_sk" or (country, name) in sampled, (country, name)


def test_the_documented_table_is_the_one_in_use() -> None:
    shown = re.findall(r"^\| ([A-Z ]+) \| (.+?) \| (.+?) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    documented: dict[str, tuple[set[str], set[str]]] = {}
    for codes, checked, form in shown:
        for country in codes.split():
            documented[country] = (set(re.findall(r"`(\w+)`", checked)), set(re.findall(r"`(\w+)`", form)))
    assert documented == {
        country: ({name for name in names if is_verifiable(name)}, {name for name in names if not is_verifiable(name)})
        for country, names in countries().items()
    }
