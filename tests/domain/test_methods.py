"""Which payment methods a purchase may use: one table, and what must hold of every row and every answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.address import COUNTRIES
from checkstand.domain.currency import CURRENCIES
from checkstand.domain.methods import CARDS, RULES, Method, MethodKind, PaymentNeed, eligible, kind_of
from tests.tables import table

NAMES = [str(method) for method in Method]
NEEDS = st.builds(
    PaymentNeed,
    country=st.one_of(st.none(), st.sampled_from(["US", "NL", "PT", "IN", "GB"]), st.sampled_from(sorted(COUNTRIES))),
    currency=st.one_of(st.sampled_from(["USD", "EUR", "GBP", "INR"]), st.sampled_from(sorted(CURRENCIES))),
    due_minor=st.one_of(st.just(0), st.integers(1, 10_000_000)),
    again=st.booleans(),
    allowed=st.one_of(st.none(), st.lists(st.sampled_from([*NAMES, "paypal"]), unique=True).map(tuple)),
)


def need(country: str | None, currency: str, due_minor: int = 10_000, **more: object) -> PaymentNeed:
    return PaymentNeed(country=country, currency=currency, due_minor=due_minor, **more)  # type: ignore[arg-type]


@given(NEEDS)
def test_what_is_allowed_is_a_ceiling_and_takes_nothing_else_away(asked: PaymentNeed) -> None:
    open_to_all = eligible(
        PaymentNeed(country=asked.country, currency=asked.currency, due_minor=asked.due_minor, again=asked.again)
    )
    offered = eligible(asked)
    assert offered == tuple(one for one in open_to_all if asked.allowed is None or one in asked.allowed)
    assert len(set(offered)) == len(offered)


@given(NEEDS)
def test_a_purchase_that_repeats_is_never_offered_a_method_for_one_payment(asked: PaymentNeed) -> None:
    if asked.again:
        assert {RULES[one].kind for one in eligible(asked)} <= {MethodKind.CARD, MethodKind.WALLET}
        assert all(RULES[one].again for one in eligible(asked))


@given(NEEDS)
def test_cards_are_offered_everywhere_unless_the_merchant_leaves_them_out(asked: PaymentNeed) -> None:
    wanted = [one for one in CARDS if asked.allowed is None or one in asked.allowed]
    assert [one for one in eligible(asked) if one in CARDS] == wanted


@given(NEEDS)
def test_a_method_of_one_place_needs_that_place(asked: PaymentNeed) -> None:
    for method in eligible(asked):
        if RULES[method].home is not None:
            assert asked.country == RULES[method].home


def test_every_method_has_a_rule_and_can_be_used_by_somebody() -> None:
    assert set(RULES) == set(Method)
    assert len(Method) == 18
    for method in Method:
        rule = RULES[method]
        places = {code for market in rule.markets for code in market.countries or {"DE"}}
        currencies = {code for market in rule.markets for code in (market.limits or ("EUR",))}
        assert places <= set(COUNTRIES)
        assert currencies <= set(CURRENCIES)
        assert any(
            method in eligible(need(place, currency, 100_00)) or method in eligible(need(place, currency, 2_000_00))
            for place in places
            for currency in currencies
        )


@table(
    ("country", "currency", "due_minor", "first", "also", "never"),
    [
        ("NL", "EUR", 1000, "ideal", "sepa", "bancontact_card"),
        ("BE", "EUR", 1000, "bancontact_card", "credit", "ideal"),
        ("AT", "EUR", 1000, "eps", "sepa", "klarna"),
        ("PL", "PLN", 1000, "przelewy24", "debit", "sepa"),
        ("PL", "EUR", 1000, "przelewy24", "credit", "sepa"),
        ("PT", "EUR", 1000, "multibanco", "sepa", "ideal"),
        ("IN", "INR", 1000, "upi_collect", "upi_intent", "apple_pay"),
        ("IN", "USD", 1000, "credit", "debit", "upi_collect"),
        ("US", "USD", 5001, "credit", "klarna", "sepa"),
        ("US", "USD", 5000, "credit", "affirm", "klarna"),
        ("US", "EUR", 9000, "credit", "apple_pay", "ach"),
        ("GB", "GBP", 9000, "credit", "afterpay_clearpay", "ach"),
        (None, "EUR", 9000, "credit", "google_pay", "sepa"),
    ],
)
def test_a_place_sees_its_own_methods_first(
    country: str | None, currency: str, due_minor: int, first: str, also: str, never: str
) -> None:
    offered = eligible(need(country, currency, due_minor))
    assert offered[0] == first
    assert also in offered
    assert never not in offered


def test_limits_are_inclusive() -> None:
    pence = {due: Method.MULTIBANCO in eligible(need("PT", "EUR", due)) for due in (49, 50, 9_999_900, 9_999_901)}
    assert pence == {49: False, 50: True, 9_999_900: True, 9_999_901: False}


def test_a_trial_keeps_only_what_can_be_charged_later() -> None:
    assert eligible(need("NL", "EUR", 0, again=True)) == (
        Method.CREDIT,
        Method.DEBIT,
        Method.APPLE_PAY,
        Method.GOOGLE_PAY,
    )
    assert eligible(need("NL", "EUR", 0, again=True, allowed=("ideal", "sepa"))) == ()


def test_a_name_that_is_not_ours_has_no_kind() -> None:
    assert (kind_of("card"), kind_of("klarna"), kind_of("paypal")) == (MethodKind.CARD, MethodKind.PAY_LATER, None)
