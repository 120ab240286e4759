"""The checkout page, worked out: what is asked of this buyer now, with what is known, typed or wrong in it.

The page is always the same function of the session and of what was just typed; that is why nothing typed is lost and why a script
may swap any part of it for a fresh one. How it looks is in the templates; what it costs, in `summary.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from checkstand.domain.address import AddressFields
from checkstand.domain.checkout import Checkout
from checkstand.domain.methods import eligible_for
from checkstand.domain.organization import collects_tax_in
from checkstand.domain.terms import Metered
from checkstand.flows import tax_ids
from checkstand.gateways.stripe.amounts import chargeable_minor
from checkstand.providers import postal_codes, subdivisions
from checkstand.providers.country_names import in_sentence, other_names
from checkstand.web.checkout.form.email_typos import meant
from checkstand.web.checkout.form.goods import NUMBERS, takes_codes
from checkstand.web.checkout.form.posted import card_checks, may_be_chosen
from checkstand.web.checkout.session.leaving import back_target
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view import places
from checkstand.web.checkout.view.fields import TYPING, Field, go_from_last
from checkstand.web.checkout.view.goods import Counter
from checkstand.web.checkout.view.messages import Input, Messages
from checkstand.web.checkout.view.methods import Choices, choices_in_frame, choices_of
from checkstand.web.checkout.view.questions import question_fields
from checkstand.web.checkout.view.rows import picture_of
from checkstand.web.checkout.view.saved import may_be_kept
from checkstand.web.checkout.view.summary import Headline, summarize, unsettled
from checkstand.web.checkout.view.view import Applied, CheckoutView, Discounting, Framed
from checkstand.web.checkout.view.wording import Wording, wording_for
from checkstand.web.prose import LONG, prose


def checkout_view(visit: CheckoutVisit, given: Input) -> CheckoutView:
    """The page for this visit."""
    return _Builder(visit, given).build()


class _Builder:
    """Holds what every part of the page needs while it is put together."""

    def __init__(self, visit: CheckoutVisit, given: Input) -> None:
        self.visit = visit
        self.checkout: Checkout = visit.checkout
        self.given = given
        self.t = visit.texts
        self.words: Wording = wording_for(visit)
        self.needs_form = self.checkout.is_payment_form_required
        self.is_business = self._is_business()
        self.country_code = self._country()
        self.messages = Messages(visit, self.words, given, self.country_code)

    def build(self) -> CheckoutView:
        checkout, visit, settings = self.checkout, self.visit, self.visit.organization.settings
        product = checkout.selected
        single = sum(line.part_of is None for line in checkout.lines) == 1
        merchant = visit.organization.name
        summary = summarize(
            checkout, self.words, visit.now, merchant=merchant, is_test=visit.is_test, settings=settings
        )
        if any(name.startswith(NUMBERS) for name in self.messages.by_field):
            summary = unsettled(
                summary, self.words, headline=self._price_alone(is_single=single), is_test=visit.is_test
            )
        contact, methods = self._contact(), self._methods(summary.due)
        country, business = self._country_field(), self._business()
        asked = question_fields(checkout, self.given.typed, self.messages.by_field, self.t)
        seen = business if self.is_business else ()
        contact, holder, address, seen, asked = go_from_last(
            (contact, self._holder(methods), self._address(), seen, asked)
        )
        described = (product.description or "").strip() if single else ""
        counter = Counter(checkout, self.words, self.given, self.messages)
        return CheckoutView(
            heading=product.name if single else self.t("order.heading"),
            headline=summary.headline if not self._is_metered else self._price_alone(),
            description=prose(described),
            is_long=len(described) > LONG,
            picture=picture_of(checkout, checkout.lines[0]) if single else None,
            goods=counter.goods(self.country_code, is_adaptive=settings.adaptive_currency),
            summary=summary,
            shows_details=checkout.options.show_order_details,
            discount=self._discount(),
            locked_email=(checkout.buyer.email or "") if checkout.is_email_locked else "",
            contact=contact,
            card=self._card() if methods.with_card else (),
            holder=holder[0] if holder else None,
            methods=methods,
            no_method=self._no_method(methods),
            country=country,
            shown_country=self.country_code,
            address=address,
            odd_code=self._odd_code(address),
            business=seen or business,
            is_business=self.is_business,
            must_be_business=self._must_be_business,
            questions=asked,
            takes_payment=not self.needs_form or visit.bank is not None or visit.frames is not None,
            framed=self._framed() if not methods.none else None,
            keeps="keep" in self.given.typed if may_be_kept(checkout) else None,
            noted=self.messages.noted(),
            changed_total=self.messages.changed_total(),
            changed_mark=self.given.changed.mark if self.given.changed else "",
            back_url=back_target(visit),
        )

    # ------------------------------------------------------------ what is sold

    @property
    def _is_metered(self) -> bool:
        """All that is sold is billed by use: nothing is due now, and the price of one use says more than a nought."""
        return all(isinstance(self.checkout.price_of(line).terms, Metered) for line in self.checkout.lines)

    def _price_alone(self, *, is_single: bool = True) -> Headline:
        """What one costs, without how many or how much was chosen; several products have no price in common."""
        selected = self.checkout.selected
        amount = self.words.prices(selected, [self.checkout.selected_price]) if is_single else self.t("price.unsettled")
        return Headline(amount=amount, note="", later=())

    def _discount(self) -> Discounting:
        checkout = self.checkout
        if checkout.discounts:
            may = checkout.options.allow_discount_codes
            applied = (
                Applied(name=one.code or one.name, id=one.id if one.code and may else None)
                for one in checkout.discounts
            )
            return Discounting(applied=tuple(applied))
        if not takes_codes(checkout):
            return Discounting()
        return Discounting(field=self._field("discount_code", self.t("discount.label"), "", is_required=False))

    # ------------------------------------------------------------ who buys

    def _field(self, name: str, label: str, known: str | None, *, is_required: bool = True, **more: object) -> Field:
        typing = str(more.pop("typing", name))
        base = Field(
            name=name,
            label=label if is_required or name == "discount_code" else self.t("optional", label=label),
            value=self.given.typed.get(name, known or ""),
            error=self.messages.error(name),
            is_required=is_required,
            attributes=TYPING[typing],
        )
        return _with(base, more)

    def _contact(self) -> tuple[Field, ...]:
        buyer, options = self.checkout.buyer, self.checkout.options
        fields = []
        if not self.checkout.is_email_locked:
            email = self._field("email", self.t("email.label"), buyer.email, kind="email")
            fields.append(_with(email, {"suggestion": "" if email.error else meant(email.value) or ""}))
        if options.require_name and not self.needs_form:
            fields.append(self._field("name", self.t("name.label"), buyer.name))
        if options.allow_phone_number or options.require_phone_number:
            fields.append(
                self._field(
                    "phone",
                    self.t("phone.label"),
                    buyer.phone,
                    is_required=options.require_phone_number,
                    kind="tel",
                    hint=self.t("phone.hint"),
                )
            )
        return tuple(fields)

    def _methods(self, due: str) -> Choices:
        country = self.country_code or None
        if not self.needs_form or self.visit.bank is None:
            if not self.needs_form or self.visit.frames is None:
                return Choices()
            error = self.messages.error("method")
            return choices_in_frame(self.visit, country, self.given.typed, error=error)
        error = self.messages.error("method")
        return choices_of(self.visit, country, self.given.typed, field=self._field, error=error, amount=due)

    def _no_method(self, methods: Choices) -> str:
        """Why nothing can be paid here; empty where something can, or where nothing has to be."""
        country = in_sentence(self.country_code, language=self.t.language)
        return self.t(methods.none, country=country, currency=self.checkout.currency) if methods.none else ""

    def _card(self) -> tuple[Field, ...]:
        """The test gateway's own form. Card data is never written back into it."""
        number = self._field("card_number", self.t("card.number"), None)
        expiry = self._field("card_exp", self.t("card.expiry"), None, width="half")
        code = self._field("card_cvc", self.t("card.cvc"), None, width="half")
        fields = zip((number, expiry, code), card_checks(self.visit.now), strict=True)
        return tuple(
            _with(field, {"value": "", "attributes": {**field.attributes, **checks}}) for field, checks in fields
        )

    def _holder(self, methods: Choices) -> tuple[Field, ...]:
        """Whose name: the one on the card, or simply the buyer's; which of both labels is seen follows the choice."""
        if not methods.every and self.visit.frames is None:
            return ()
        on_card, full = self.t("name.card_label"), self.t("name.label")
        both = Markup('<span class="if-card">{}</span><span class="if-other">{}</span>').format(on_card, full)
        label = (on_card if methods.only else both) if methods.with_card else full
        typing = "name_card" if methods.with_card else "name"
        return (self._field("name", label, self.checkout.buyer.name, typing=typing),)

    def _framed(self) -> Framed | None:
        if not self.needs_form or self.visit.frames is None:
            return None
        checkout, types = self.checkout, self.visit.frames.types
        due = chargeable_minor(checkout.quote.due_minor, checkout.currency) if checkout.is_payment_required else 0
        offered = {types[method] for method in eligible_for(checkout, country=self.country_code or None)}
        return Framed(
            amount=due,
            currency=checkout.currency.lower(),
            email=checkout.buyer.email or "",
            is_recurring=checkout.is_recurring,
            without=tuple(dict.fromkeys(name for name in types.values() if name not in offered)),
        )

    # ------------------------------------------------------------ where to

    def _country(self) -> str:
        """The country shown: typed, known, or guessed from the languages the buyer reads; empty when nothing tells."""
        typed = self.given.typed.get("country")
        if typed is not None and (not typed or may_be_chosen(self.checkout, typed)):
            return typed
        address = self.checkout.buyer.address
        if address is not None:
            return address.country
        guess = places.guessed_country(self.checkout.buyer.locale, self.visit.accepted_languages)
        return guess if guess and may_be_chosen(self.checkout, guess) else ""

    def _country_field(self) -> Field | None:
        if not self.needs_form:
            return None
        return self._field(
            "country",
            self.t("country.label"),
            self.country_code,
            choices=places.country_names(self.t.language, self.checkout.dialect),
            empty_choice=self.t("country.choose"),
            also=other_names(self.t.language),
        )

    def _asked(self) -> AddressFields:
        country = self.country_code or None
        collects_tax = collects_tax_in(self.visit.organization.settings, country)
        return self.checkout.page_fields_in(country, collects_tax=collects_tax, is_business=self.is_business)

    def _address(self) -> tuple[Field, ...]:
        if not self.needs_form or not self.country_code:
            return ()
        known = self.checkout.buyer.address
        moved = self.given.typed.get("shown_country", self.country_code) != self.country_code
        fields = []
        for part in places.parts_of(self.country_code, self._asked()):
            value = getattr(known, part.name) if known and known.country == self.country_code else None
            if part.name == "state" and value:
                state = subdivisions.find(self.country_code, value)
                value = state.latin if state else subdivisions.without_country(self.country_code, value)
            if part.name == "postal_code" and value:
                value = postal_codes.own_form(self.country_code, value)
            label = self.t(part.label_key)
            made = self._field(
                part.name,
                label,
                value,
                is_required=part.is_required,
                choices=part.choices,
                empty_choice=self.t("state.choose") if part.choices else "",
                width="half" if part.name in ("city", "state", "postal_code") else "full",
            )
            if part.name == "state" and moved:
                made = _with(made, {"value": value or ""})
            if part.is_numeric:
                made = _with(made, {"attributes": {**made.attributes, "inputmode": "numeric"}})
            fields.append(made)
        return tuple(fields)

    def _odd_code(self, address: tuple[Field, ...]) -> str:
        """The postal code that is shown although none of this country looks like it: the buyer was warned, and may insist."""
        shown = next((field.value for field in address if field.name == "postal_code"), "")
        has_moved = self.given.typed.get("shown_country", self.country_code) != self.country_code
        code = postal_codes.own_form(self.country_code, shown) if shown and not has_moved else ""
        return "" if not code or postal_codes.fits(self.country_code, code) else code

    @property
    def _must_be_business(self) -> bool:
        """Whether the merchant sells to businesses alone: every buyer is asked for the number."""
        return self.checkout.options.require_tax_id

    def _is_business(self) -> bool:
        typed = self.given.typed
        if self._must_be_business:
            return True
        if "business_asked" in typed:
            return "is_business" in typed
        # A number that the merchant sent is a business's: unticked, the first change would take it and its tax away.
        return self.checkout.buyer.is_business or self.checkout.buyer.tax_id is not None

    def _business(self) -> tuple[Field, ...]:
        if not self.needs_form or not self.checkout.options.allow_tax_id:
            return ()
        buyer = self.checkout.buyer
        company = self._field("company", self.t("company.label"), buyer.billing_name)
        number = self._field(
            "tax_id",
            self.t(places.tax_id_label(self.country_code)),
            buyer.tax_id,
            is_required=self._must_be_business,
            hint="" if self.messages.error("tax_id") else self._tax_id_hint(),
        )
        return (company, number)

    def _tax_id_hint(self) -> str:
        """How far the number was checked; an example while there is none."""
        address = self.checkout.buyer.address
        state = tax_ids.state_of(self.checkout.buyer.tax_id, address.country if address else None)
        if state is not None:
            return self.t(f"tax_id.state.{state}")
        example = places.tax_id_example(self.country_code)
        return self.t("tax_id.hint", example=example) if example else ""


def _with(base: Field, more: Mapping[str, object]) -> Field:
    values: dict[str, object] = {name: getattr(base, name) for name in Field.__slots__}
    return Field(**{**values, **more})  # type: ignore[arg-type]
