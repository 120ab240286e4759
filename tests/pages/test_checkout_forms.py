"""What the page's forms refuse, and what they keep, as HTTP."""

from __future__ import annotations

import re

import httpx2

from checkstand.domain.discount import Percentage
from checkstand.flows.catalogue.save_discount import create_discount, delete_discount
from tests.pages.buyer import Checkout, CheckoutStatus, Options, Stand
from tests.pages.over_http import FILLED, confirm, get, press_pay, shown


def test_forms_without_the_session_s_token_change_nothing(stand: Stand) -> None:
    session = stand.session("one_time")
    other = stand.session("one_time")
    for token in ("", "wrong", stand.token(other)):
        with stand.client() as client:
            answer = client.post(stand.url(session, "/update"), data={**FILLED, "csrf": token})
            assert answer.status_code == 403
            assert "Nothing was charged" in answer.text
            assert client.post(stand.url(session, "/pay"), data={**FILLED, "csrf": token}).status_code == 403
    assert stand.now(session).version == 1


def test_forms_from_another_site_are_refused_even_with_the_token(stand: Stand) -> None:
    session = stand.session("one_time")
    for site in ("cross-site", "same-site"):
        with stand.client(**{"Sec-Fetch-Site": site}) as client:
            form = {**FILLED, "csrf": stand.token(session)}
            assert client.post(stand.url(session, "/pay"), data=form).status_code == 403
    assert stand.charges(session) == []


def test_paying_twice_charges_once(stand: Stand) -> None:
    session = stand.session("one_time")
    first, second = press_pay_twice(stand, session)
    assert first.headers["location"] == f"/checkout/{session.client_secret}/confirmation"
    assert second.status_code == 303
    assert stand.charges(session) == ["succeeded"]


def press_pay_twice(stand: Stand, session: Checkout) -> tuple[httpx2.Response, httpx2.Response]:
    with stand.client() as client:
        page = client.get(stand.url(session)).text
        form = {**FILLED, "csrf": stand.token(session), "shown": shown(page)}
        return (
            client.post(stand.url(session, "/pay"), data=form),
            client.post(stand.url(session, "/pay"), data=form),
        )


def test_a_second_answer_at_the_bank_changes_nothing(stand: Stand) -> None:
    session = stand.session("one_time")
    answer = press_pay(stand, session, card_number="4000002760003184")
    assert answer.status_code == 303
    bank = answer.headers["location"]
    assert "/bank/tpay_" in bank
    with stand.client() as client:
        found = re.search(r'name="csrf" value="([^"]+)"', client.get(bank).text)
        assert found
        assert client.post(bank, data={"answer": "approve", "csrf": "wrong"}).status_code == 403
        assert stand.now(session).status is CheckoutStatus.CONFIRMED
        for press in ("approve", "fail", "cancel"):
            done = client.post(bank, data={"answer": press, "csrf": found[1]})
            assert done.status_code == 303
            assert done.headers["location"] == stand.url(session, "/confirmation")
        assert "This payment was already decided" in client.get(bank).text
    assert stand.charges(session) == ["succeeded"]


def test_an_answer_that_the_bank_booked_and_we_missed_is_found_by_looking(stand: Stand) -> None:
    session = stand.session("one_time")
    confirm(stand, session, "ctoken_3ds")
    attempt_id = stand.server.value("SELECT gateway_key FROM payment_attempts WHERE checkout_id = $1", session.id)
    stand.server.value(
        "UPDATE test_gateway_charges SET state = 'succeeded' WHERE organization_id = $1 AND id = $2 RETURNING 1",
        session.organization_id,
        attempt_id,
    )
    assert get(stand, stand.url(session, "/status")).json()["status"] == "succeeded"
    assert stand.now(session).status is CheckoutStatus.SUCCEEDED


def test_a_price_that_is_not_the_shown_one_is_shown_first(stand: Stand) -> None:
    session = stand.session("one_time", "monthly")
    answer = press_pay(stand, session, product=str(stand.shop.products["monthly"].id))
    assert answer.status_code == 409
    assert "now comes to $20.00" in answer.text
    assert stand.charges(session) == []


def test_a_discount_that_is_gone_when_the_buyer_pays_is_taken_off_and_the_new_total_shown_first(stand: Stand) -> None:
    ports, organization = stand.server.services.ports, stand.shop.organization
    half = {"name": "Half", "takes": Percentage(basis_points=5000)}
    made = stand.server.run(create_discount(ports, organization, half))
    session = stand.session("one_time", discount_id=made.id)
    assert session.quote.total_minor == 500
    stand.server.run(delete_discount(ports, organization, made.id))
    answer = press_pay(stand, session)
    assert (answer.status_code, shown(answer.text)) == (409, "USD-1000-1000")
    assert "The discount can no longer be used and was taken off." in answer.text
    assert stand.charges(session) == []
    assert press_pay(stand, session).status_code == 303
    assert (stand.charges(session), stand.now(session).quote.total_minor) == (["succeeded"], 1000)


def test_a_bad_code_keeps_what_else_was_typed(stand: Stand) -> None:
    session = stand.session("one_time")
    answer = press_pay(stand, session, discount_code="NOSUCH")
    assert answer.status_code == 422
    assert "We do not know the code “NOSUCH”." in answer.text
    stored = stand.now(session).buyer
    assert (stored.email, stored.name) == ("ada@example.com", "Ada Lovelace")


def test_card_data_is_never_written_back(stand: Stand) -> None:
    session = stand.session("one_time")
    answer = press_pay(stand, session, card_number="4242424242424241", card_cvc="987")
    assert answer.status_code == 422
    assert "4242424242424241" not in answer.text
    assert "987" not in answer.text


def test_markup_in_what_is_typed_or_sold_is_text(stand: Stand) -> None:
    session = stand.session("one_time")
    answer = press_pay(stand, session, email='"><script>alert(1)</script>', name="<b>Ada</b>")
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "<b>Ada" not in answer.text


def test_a_phone_number_is_stored_in_its_international_form(stand: Stand) -> None:
    session = stand.session("one_time", options=Options(require_phone_number=True))
    assert "Enter your phone number." in press_pay(stand, session, phone="").text
    assert "Enter a phone number with its country code" in press_pay(stand, session, phone="12").text
    assert press_pay(stand, session, phone="030 901820").status_code == 303
    assert stand.now(session).buyer.phone == "+4930901820"


def test_a_live_shop_never_shows_the_test_card_form(stand: Stand) -> None:
    session = stand.session("one_time")
    stand.server.value("UPDATE organizations SET mode = 'live' WHERE id = $1 RETURNING 1", stand.shop.organization.id)
    stand.server.services.ports.cache.forget(stand.shop.organization.id)
    page = get(stand, stand.url(session)).text
    assert "card_number" not in page
    assert "Test mode" not in page
    assert "cannot take payments right now" in page
    answer = press_pay(stand, session)
    assert answer.status_code in (409, 422)
    assert stand.charges(session) == []


def test_a_form_beyond_measure_is_refused(stand: Stand) -> None:
    session = stand.session("one_time")
    with stand.client() as client:
        form = {"csrf": stand.token(session), "name": "x" * 100_000}
        assert client.post(stand.url(session, "/pay"), data=form).status_code == 403


def test_an_update_answers_a_script_with_parts_alone(stand: Stand) -> None:
    session = stand.session("one_time", "monthly")
    form = {"csrf": stand.token(session), "product": str(stand.shop.products["monthly"].id), "country": "DE"}
    with stand.client(**{"X-Fragment": "1"}) as client:
        answer = client.post(stand.url(session, "/update"), data=form)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="pay-part"' in answer.text
    assert "Subscribe for $20.00 per month" in answer.text


def test_an_address_that_forms_post_to_leads_a_visitor_to_the_page(stand: Stand) -> None:
    session = stand.session("one_time")
    for step in ("/pay", "/update", "/renew"):
        answer = get(stand, f"{stand.url(session, step)}?theme=dark")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/checkout/{session.client_secret}?theme=dark"
