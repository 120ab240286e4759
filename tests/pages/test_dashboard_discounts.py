"""Discounts at the dashboard: made by a form that loses nothing, listed with what matters, deleted after a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain import ids
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.flows.catalogue.save_discount import change_discount
from checkstand.store.catalogue import discounts
from tests.dialects.polar_http import READY, Polar
from tests.pages.browser import Look, two_looks, wrong_in
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.visitor import Visitor, screen, visitor
from tests.server import RunningServer

PATH = "/products/discounts"
NEW: dict[str, str | list[str]] = {
    "name": "Spring",
    "code": "SPRING25",
    "kind": "percentage",
    "share": "25",
    "amount_currency": ["USD"],
    "amount": [""],
    "duration": "once",
    "months": "",
    "starts": "",
    "ends": "",
    "most": "",
    "most_each": "",
}


def send(person: Visitor, **fields: str | list[str]) -> httpx2.Response:
    person.get(f"{PATH}/new")
    return person.post(f"{PATH}/new", {**NEW, **fields})


def stored(server: RunningServer, person: Visitor, code: str) -> Discount | None:
    return server.run(discounts.by_code(server.services.ports.db, person.shop.organization.id, code))


def make(server: RunningServer, person: Visitor, **fields: str | list[str]) -> Discount:
    answer = send(person, **fields)
    assert answer.status_code == 303, answer.text
    found = stored(server, person, str(fields.get("code", NEW["code"])))
    assert found is not None
    return found


def test_a_percentage_off_is_made_and_works_in_a_checkout(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    discount = make(server, person, share="12,5 %")
    assert discount.takes == Percentage(basis_points=1250)
    polar = Polar(server, person.shop)
    session = polar.patch(polar.secret(), discount_code="spring25").json()
    assert session["discount_amount"] == 125


def test_an_amount_off_has_one_amount_for_each_currency(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    asked = send(person, kind="fixed", amount=["5"], add_currency="1")
    assert asked.status_code == 200
    assert 'id="amount-1"' in asked.text
    assert 'value="5"' in asked.text
    discount = make(
        server, person, kind="fixed", share="", amount_currency=["USD", "JPY", ""], amount=["5", "¥600", ""]
    )
    assert discount.takes == AmountOff(amounts={"USD": 500, "JPY": 600})


def test_dates_limits_months_and_products_are_kept(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = person.shop.products["monthly"]
    discount = make(
        server,
        person,
        duration="repeating",
        months="3",
        starts="2030-01-01",
        ends="2030-01-31",
        most="100",
        most_each="2",
        products=[str(product.id)],
    )
    assert (discount.duration, discount.duration_months) == ("repeating", 3)
    assert discount.starts_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert discount.ends_at is not None
    assert datetime(2030, 2, 1, tzinfo=UTC) - discount.ends_at < timedelta(seconds=1)
    assert (discount.max_redemptions, discount.max_per_customer) == (100, 2)
    assert discount.product_ids == (product.id,)
    row = words_of(person.get(f"{PATH}?q=SPRING").text)
    for said in ("25%", "first 3 months", "Studio Monthly", "2 per customer", "0 of 100", "Scheduled"):
        assert said in row
    assert "from 2030-01-01" in row
    assert "until 2030-01-31" in row


def test_a_discount_without_a_code_is_for_servers(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert send(person, name="Partner", code="").status_code == 303
    page = words_of(person.get(PATH).text)
    assert "Partner No code, applied by your server" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "n" * 101}, "at most 100 characters"),
        ({"code": "A B"}, "letters and digits"),
        ({"code": "A"}, "3 to 255 letters"),
        ({"code": "welcome20"}, "already used by another discount"),
        ({"share": ""}, "Enter a percentage above 0"),
        ({"share": "0"}, "Enter a percentage above 0"),
        ({"share": "100.01"}, "up to 100"),
        ({"share": "12.345"}, "up to 100"),
        ({"kind": "fixed", "amount": [""]}, "Enter the amount"),
        ({"kind": "fixed", "amount": ["0"]}, "must be more than zero"),
        ({"kind": "fixed", "amount": ["many"]}, "is not an amount of USD. Type it like 19.99."),
        ({"kind": "fixed", "amount": ["99999999"]}, "The discount can be at most $999,999.99."),
        ({"kind": "fixed", "amount_currency": ["XXX"], "amount": ["5"]}, "Choose a currency."),
        ({"kind": "fixed", "amount_currency": ["USD", "USD"], "amount": ["5", "6"]}, "USD has an amount already"),
        ({"duration": "repeating"}, "whole number from 1 to 999"),
        ({"starts": "soon"}, "Choose a date"),
        ({"starts": "2030-02-01", "ends": "2030-01-31"}, "must be after the start date"),
        ({"ends": "2001-01-01"}, "in the future"),
        ({"most": "-1"}, "whole number from 1"),
        ({"most": "2", "most_each": "3"}, "can’t be higher than the total"),
        ({"products": ["nonsense"]}, "Select the products again"),
        ({"products": ["00000000-0000-4000-8000-000000000000"]}, "one of them no longer exists"),
    ],
)
def test_a_wrong_form_says_so_at_the_field_and_loses_nothing(
    server: RunningServer, fields: dict[str, str | list[str]], said: str
) -> None:
    person = visitor(server, server.new_shop())
    answer = send(person, **{"name": "kept as typed", **fields})
    assert answer.status_code == 422
    assert answer.text.count(said) >= 2
    if "name" not in fields:
        assert "kept as typed" in answer.text
    assert stored(server, person, "SPRING25") is None


def test_somebody_elses_product_cannot_be_named(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    foreign = server.new_shop().products["monthly"]
    answer = send(person, products=[str(foreign.id)])
    assert answer.status_code == 422
    assert "one of them no longer exists" in answer.text


def test_the_list_shows_how_often_each_was_used_and_why_some_cannot_be(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    polar = Polar(server, person.shop)
    once = make(server, person, name="Only once", code="ONCE", most="1")
    polar.confirm(polar.secret(discount_id=str(once.id)), **READY).raise_for_status()
    past = make(server, person, name="Past", code="PAST", ends="2999-01-01")
    yesterday = datetime.now(UTC) - timedelta(days=1)

    server.run(change_discount(server.services.ports, person.shop.organization, past.id, {"ends_at": yesterday}))
    everything = words_of(person.get(PATH).text)
    assert "1 of 1 always Used up" in everything
    assert f"until {yesterday.date()} Ended" in everything
    usable = words_of(person.get(f"{PATH}?status=usable").text)
    assert "WELCOME20" in usable
    assert "Only once" not in usable
    over = words_of(person.get(f"{PATH}?status=over").text)
    assert "WELCOME20" not in over
    assert "Past" in over


def test_discounts_are_found_by_name_code_and_either_id(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    other = make(server, person, name="Autumn", code="FALL")
    welcome = person.shop.discount
    for text in ("Welcome", "welcome20", str(welcome.id), ids.short_id("dsc", welcome.id)):
        page = person.get(f"{PATH}?q={text}").text
        assert "WELCOME20" in page
        assert other.name not in page
    assert "No discounts found" in person.get(f"{PATH}?q=zzz").text


def test_deleting_is_asked_first_and_frees_the_code(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    person = visitor(server, shop)
    first = make(server, person)
    view = screen(browser, server, shop)
    page = view.page
    view.open(PATH)
    link = page.get_by_role("link", name="Delete Spring")
    link.click()
    dialog = page.get_by_role("dialog", name="Delete Spring?")
    dialog.get_by_role("link", name="Cancel").click()
    expect(link).to_be_focused()
    assert stored(server, person, "SPRING25") is not None
    link.click()
    dialog.get_by_role("button", name="Delete discount").click()
    expect(page.get_by_text("Discount deleted.")).to_be_visible()
    assert stored(server, person, "SPRING25") is None
    assert make(server, person).id != first.id
    view.close()


def test_somebody_elses_discount_does_not_exist(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    foreign = server.new_shop().discount
    assert person.get(f"{PATH}/{foreign.id}/delete").status_code == 404
    assert person.post(f"{PATH}/{foreign.id}/delete").status_code == 404
    assert "WELCOME20" not in person.get(f"{PATH}?q={foreign.id}").text


def test_who_may_only_read_sees_the_list_and_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    organization = person.shop.organization
    db = server.services.ports.db
    server.run(db.execute("UPDATE memberships SET role = 'read_only' WHERE organization_id = $1", organization.id))
    page = person.get(PATH).text
    assert "WELCOME20" in page
    assert "New discount" not in page
    assert f"{person.shop.discount.id}/delete" not in page
    assert send(person).status_code == 403
    assert person.post(f"{PATH}/{person.shop.discount.id}/delete").status_code == 403
    assert stored(server, person, "WELCOME20") is not None


def test_a_form_without_its_sessions_token_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    person.hidden["csrf"] = "of another session"
    for path in (f"{PATH}/new", f"{PATH}/{person.shop.discount.id}/delete"):
        assert person.post(path, NEW).status_code == 403
    assert stored(server, person, "SPRING25") is None
    assert stored(server, person, "WELCOME20") is not None


def test_a_discount_can_be_made_without_javascript(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop(), scripts=False)
    page = view.page
    page.get_by_role("link", name="Discounts", exact=True).click()
    page.get_by_role("link", name="New discount").click()
    page.get_by_label("Name").fill("By hand")
    page.get_by_role("radio", name="Fixed amount").check()
    expect(page.get_by_label("Percent off", exact=True)).to_be_hidden()
    page.get_by_label("Amount", exact=True).fill("2,50")
    page.get_by_role("checkbox", name="Field Guide").check()
    page.get_by_role("button", name="Create discount").click()
    expect(page.get_by_text("Discount created.")).to_be_visible()
    row = page.get_by_role("row", name="By hand")
    expect(row).to_contain_text("$2.50")
    expect(row).to_contain_text("Field Guide")
    view.close()


@two_looks(320, 1280)
def test_the_pages_are_accessible_and_fit(server: RunningServer, browser: Browser, these_looks: Sequence[Look]) -> None:
    shop = server.new_shop()
    discount = make(server, visitor(server, shop), code="A" * 60, ends="2030-01-31", most="5")
    view = screen(browser, server, shop)
    page = view.page

    def check(what: str) -> None:
        assert wrong_in(page, these_looks) == [], what

    for path in (PATH, f"{PATH}?q=zzz", f"{PATH}/new", f"{PATH}/{discount.id}/delete"):
        view.open(path)
        check(path)
    view.open(f"{PATH}/new")
    page.get_by_role("radio", name="Fixed amount").check()
    page.get_by_role("radio", name="Several months").check()
    page.get_by_role("button", name="Create discount").click()
    page.get_by_role("alert").wait_for()
    check("form with problems")
    view.close()
