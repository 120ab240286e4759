"""What the page says about money that is charged later, about places, and about addresses to go to: without a browser."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from markupsafe import Markup

from checkstand.domain.address import COUNTRIES, Address, customary, fields_for
from checkstand.domain.catalog import Fixed, Interval, Price, Product, Span
from checkstand.domain.checkout import Buyer, Checkout, CheckoutStatus, Line, Options, Redirects
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.organization import OrganizationSettings
from checkstand.domain.pricing import Place, quote
from checkstand.domain.tax import TaxComponent, TaxDecision
from checkstand.domain.terms import Metered, SeatBased, SeatTier, Terms, UnitBased, UnitTier
from checkstand.domain.trial import add_span
from checkstand.providers.subdivisions import is_latin
from checkstand.web.checkout.form.posted import read_card, read_changes
from checkstand.web.checkout.session.visit import safe_target, with_query
from checkstand.web.checkout.view import places
from checkstand.web.checkout.view.later import later_charges
from checkstand.web.checkout.view.summary import Summary, summarize
from checkstand.web.checkout.view.wording import Wording
from checkstand.web.checkout.words.english import ENGLISH
from checkstand.web.checkout.words.texts import texts_for
from tests.tables import table

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ORGANIZATION = UUID("8f2f6c0e-7c55-4c7e-9f0c-1f1f5a6f0001")
WORDS = Wording(texts_for("en"), None)


def session(*, trial_days: int = 0, discount: Discount | None = None) -> Checkout:
    """An open session for a monthly product of $20."""
    product_id = uuid4()
    price = Price(id=uuid4(), product_id=product_id, currency="USD", terms=Fixed(amount_minor=2000), created_at=NOW)
    product = Product(
        id=product_id,
        organization_id=ORGANIZATION,
        name="Studio",
        recurrence=Span(interval=Interval.MONTH, count=1),
        trial=Span(interval=Interval.DAY, count=trial_days) if trial_days else None,
        prices=(price,),
        created_at=NOW,
    )
    ends = add_span(NOW, Span(interval=Interval.DAY, count=trial_days)) if trial_days else None
    lines = (Line(product_id=product_id, price_id=price.id),)
    discounts = (discount,) if discount else ()
    priced = quote(
        lines, [product], currency="USD", place=None, discounts=discounts, in_trial=lambda product: ends is not None
    )
    return Checkout(
        id=uuid4(),
        organization_id=ORGANIZATION,
        dialect="polar",
        status=CheckoutStatus.OPEN,
        client_secret="polar_c_test",
        created_at=NOW,
        expires_at=add_span(NOW, Span(interval=Interval.DAY, count=1)),
        products=(product,),
        offers=(product_id,),
        lines=lines,
        currency="USD",
        quote=priced,
        buyer=Buyer(),
        options=Options(),
        trial_end=ends,
        redirects=Redirects(),
        discounts=discounts,
    )


def discount(duration: str, months: int | None = None) -> Discount:
    return Discount(
        id=uuid4(),
        organization_id=ORGANIZATION,
        name="Spring",
        code="SPRING",
        takes=Percentage(basis_points=2000),
        duration=duration,  # type: ignore[arg-type]
        duration_months=months,
        created_at=NOW,
    )


def told(checkout: Checkout) -> Summary:
    return summarize(checkout, WORDS, NOW, merchant="Acme", is_test=False, settings=OrganizationSettings())


def read(text: str) -> str:
    """A text of the page without its markup."""
    return Markup(text).striptags()


def headline(checkout: Checkout) -> tuple[str, str, list[str]]:
    """The large amount, what stands beside it, and the lines beneath."""
    shown = told(checkout).headline
    return shown.amount, shown.note, [read(line) for line in shown.later]


def later(checkout: Checkout) -> list[tuple[str, int, bool]]:
    return [
        (phase.start.date().isoformat(), phase.amount_minor, phase.is_single) for phase in later_charges(checkout, NOW)
    ]


def test_a_subscription_is_charged_again_after_a_calendar_month() -> None:
    assert later(session()) == [("2026-02-28", 2000, False)]
    assert told(session()).pay_text == "Subscribe for $20.00 per month"
    assert told(session()).legal == "You pay $20.00 today and then $20.00 every month to Acme, until you cancel."


def test_a_trial_is_charged_first_when_it_ends() -> None:
    checkout = session(trial_days=14)
    assert later(checkout) == [("2026-02-14", 2000, False)]
    assert told(checkout).due == "$0.00"
    assert told(checkout).pay_text == "Start free trial"
    assert "Cancelling before then costs nothing." in told(checkout).legal


def test_a_discount_for_once_ends_with_the_first_charge() -> None:
    assert later(session(discount=discount("once"))) == [("2026-02-28", 2000, False)]
    assert told(session(discount=discount("once"))).pay_text == "Pay $16.00"
    in_trial = session(trial_days=14, discount=discount("once"))
    assert later(in_trial) == [("2026-02-14", 1600, True), ("2026-03-14", 2000, False)]
    assert "$16.00 on February 14, 2026 (UTC) and then $20.00 every month" in read(told(in_trial).legal)


def test_a_discount_for_some_months_has_an_end_that_is_told() -> None:
    checkout = session(discount=discount("repeating", 3))
    assert later(checkout) == [("2026-02-28", 1600, False), ("2026-04-30", 2000, False)]
    labels = [read(row.label) for row in told(checkout).rows]
    assert "SPRING (20% off for 3 months)" in labels
    assert "Then every month, from April 30, 2026 (UTC)" in labels


def test_the_headline_is_what_is_paid_now_and_what_comes_then_is_beneath() -> None:
    assert headline(session()) == ("$20.00", "per month", [])
    assert headline(session(discount=discount("forever"))) == ("$16.00", "per month", [])
    assert headline(session(discount=discount("once"))) == ("$16.00", "due today", ["then $20.00 per month"])
    assert headline(session(discount=discount("repeating", 3))) == (
        "$16.00",
        "per month",
        ["then $20.00 per month, from April 30, 2026 (UTC)"],
    )
    assert headline(session(trial_days=14)) == ("$0.00", "due today", ["14 days free, then $20.00 per month"])
    assert headline(session(trial_days=14, discount=discount("once"))) == (
        "$0.00",
        "due today",
        [
            "14 days free, then $16.00 on February 14, 2026 (UTC)",
            "then $20.00 per month, from March 14, 2026 (UTC)",
        ],
    )


def test_the_total_above_what_is_due_in_a_trial_says_when_it_is() -> None:
    labels = [row.label for row in told(session(trial_days=14)).rows]
    assert labels[:3] == ["Studio", "Total after trial", "Due today"]
    assert "Total" in [row.label for row in told(session()).rows]


def test_numbers_percentages_and_days_have_the_forms_of_their_language() -> None:
    moment = datetime(2026, 12, 5, 23, 30, tzinfo=UTC)
    seats = SeatBased(model="volume", tiers=(SeatTier(minimum=1, maximum=None, unit_minor=1),))
    german = Wording(texts_for("en"), "de-DE")
    assert (WORDS.percent(200_000), WORDS.percent(99_750)) == ("20%", "9.975%")
    assert (german.percent(200_000), german.percent(55_000)) == ("20\xa0%", "5,5\xa0%")
    assert (WORDS.money(-400, "USD"), german.money(-400, "EUR")) == ("−$4.00", "−4,00\xa0€")
    assert (WORDS.counted(seats, 100_000), WORDS.number(100_000)) == ("100,000 seats", "100,000")
    assert texts_for("en")("problem.seats.range", min=1, max=1_000_000) == "Choose 1 to 1,000,000 seats."
    assert read(WORDS.day(moment)) == "December 5, 2026 (UTC)"
    assert 'datetime="2026-12-05T23:30:00Z"' in WORDS.day(moment), "a script says it in the buyer's zone"
    assert read(german.moment(moment)) == "5. Dezember 2026, 23:30 UTC"


def test_markup_in_a_gap_stays_and_what_stands_beside_it_is_escaped() -> None:
    said = texts_for("en")("success.next_value", amount="<b>", date=WORDS.day(NOW))
    assert "&lt;b&gt; on <time " in said


def test_a_discount_for_ever_changes_every_charge() -> None:
    checkout = session(discount=discount("forever"))
    assert later(checkout) == [("2026-02-28", 1600, False)]
    assert told(checkout).pay_text == "Subscribe for $16.00 per month"


def test_each_of_several_discounts_ends_on_its_own() -> None:
    both = session(discount=discount("forever"))
    both = replace(both, discounts=(*both.discounts, replace(discount("once"), cycles=2)))
    assert later(both) == [("2026-02-28", 1280, True), ("2026-03-31", 1600, False)]


def test_what_is_charged_later_has_its_tax_and_no_discount_that_ended() -> None:
    vat = TaxDecision(
        reason="standard_rated", country="CA", components=(TaxComponent(name="GST + QST", rate_ppm=149_750),)
    )
    place = Place(country="CA", taxes={"digital_products": vat})
    checkout = session(discount=discount("once"))
    priced = quote(checkout.lines, checkout.products, currency="USD", place=place, discounts=checkout.discounts)
    taxed = replace(checkout, quote=priced, buyer=Buyer(address=Address(country="CA")))
    assert later(taxed) == [("2026-02-28", 2300, False)]
    labels = [(row.label, row.amount) for row in told(taxed).rows]
    assert ("GST + QST 14.975%", "$2.40") in labels


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Metered(meter_id=ORGANIZATION, meter_name="Calls", unit_amount="0.25", unit="call"), "$0.0025 per call"),
        (SeatBased(model="volume", tiers=(SeatTier(minimum=1, maximum=None, unit_minor=800),)), "$8.00 per seat"),
        (UnitBased(model="volume", tiers=(UnitTier(bound=9, unit_minor=80), UnitTier(bound=None, unit_minor=70))),
         "from $0.70 per unit"),
    ],
)  # fmt: skip
def test_every_kind_of_price_has_words(terms: Terms, words: str) -> None:
    product = session().selected
    price = replace(product.prices[0], terms=terms)
    assert WORDS.price(product, price) == f"{words} per month"
    base = WORDS.prices(product, [product.prices[0], price])
    assert base == ("$20.00 per month" if terms.kind == "metered_unit" else f"$20.00 + {words} per month")


def test_every_gap_in_the_texts_has_a_plain_name() -> None:
    for key, text in ENGLISH.items():
        for _, name, spec, conversion in string.Formatter().parse(text):
            assert name is None or name.isidentifier(), key
            assert not spec, key
            assert not conversion, key


def test_every_country_has_a_form_that_asks_for_all_that_is_required() -> None:
    for country in COUNTRIES:
        for full in (True, False):
            asked = fields_for(country, full=full)
            shown = {part.name for part in places.parts_of(country, asked) if part.is_required} | {"country"}
            assert shown >= {name for name, needed in customary(country, asked).required().items() if needed}, country


@table(
    ("country", "order", "words"),
    [
        ("US", "line1 line2 city state postal_code", {"postal_code": "postal.zip", "state": "state.state"}),
        ("GB", "line1 line2 city postal_code", {"city": "city.post_town", "postal_code": "postal.postcode"}),
        ("DE", "line1 line2 postal_code city", {"postal_code": "postal.plz"}),
        ("JP", "postal_code state city line1 line2", {"state": "state.prefecture"}),
        ("IN", "line1 line2 city postal_code state", {"postal_code": "postal.pin"}),
        ("HU", "city line1 line2 postal_code", {}),
        ("IE", "line1 line2 city state postal_code", {"state": "state.county", "postal_code": "postal.eircode"}),
        ("CA", "line1 line2 city state postal_code", {"state": "state.province"}),
    ],
)
def test_addresses_are_asked_for_in_the_country_s_own_order_and_words(
    country: str, order: str, words: dict[str, str]
) -> None:
    parts = places.parts_of(country, fields_for(country, full=True))
    assert [part.name for part in parts] == order.split()
    assert {part.name: part.label_key for part in parts if part.name in words} == words


@table("text", ["12/34", "1234", "12 / 2034", "12-34", "12.34", "122034"])
def test_an_expiry_date_may_be_typed_in_any_usual_way(text: str) -> None:
    card = read_card({"card_number": "4242424242424242", "card_exp": text, "card_cvc": "123"}, now=NOW)
    assert (card.exp_month, card.exp_year) == (12, 2034)  # type: ignore[union-attr]


@table("text", ["12", "2034", "1/2/34", "ab/cd", "12345"])
def test_an_expiry_date_that_is_none_is_said(text: str) -> None:
    wrong = read_card({"card_number": "4242424242424242", "card_exp": text, "card_cvc": "123"}, now=NOW)
    assert [one.field for one in wrong] == ["card_exp"]  # type: ignore[union-attr]


def test_a_field_that_the_page_does_not_show_is_not_changed() -> None:
    locked = replace(session(), buyer=Buyer(customer_id=uuid4(), is_named=True, email="known@example.com"))
    changes = read_changes(locked, {"email": "other@example.com", "quantity_0": "5", "amount_0": "1"}).changes
    assert changes.given == frozenset()


def test_addresses_keep_their_own_query_and_fragment() -> None:
    assert with_query("https://a.test/x?b=%20c#d", {"e": "f"}) == "https://a.test/x?b=%20c&e=f#d"
    assert with_query("https://a.test/?status=old&k=1", {"status": "new"}) == "https://a.test/?k=1&status=new"
    assert with_query("myapp://done", {"e": "f"}) == "myapp://done?e=f"


def test_only_safe_addresses_are_followed() -> None:
    for url in (
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        None,
        "/relative",
        "https://",
        "https://a b",
        "x" * 3000,
    ):
        assert safe_target(url, "web") is None
        assert safe_target(url, "app") is None
    assert safe_target("myapp://done", "web") is None
    assert safe_target("myapp://done", "app") == "myapp://done"
    assert safe_target("intent://x", "app") is None


def test_states_are_offered_and_kept_in_the_letters_of_the_page_each_once() -> None:
    for country in sorted(COUNTRIES):
        parts = places.parts_of(country, fields_for(country, full=True))
        choices = next((part.choices for part in parts if part.name == "state"), ())
        for value, name in choices:
            assert is_latin(value + name), (country, value, name)
        assert len({name for _, name in choices}) == len(choices), country
        assert len({value for value, _ in choices}) == len(choices), country
