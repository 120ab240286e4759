"""What a session's addresses answer in each of its states, and what they refuse: the page family as HTTP."""

from __future__ import annotations

import gzip
import re
import time
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from checkstand.domain import ids
from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed, PriceDefinition
from checkstand.domain.discount import Percentage
from checkstand.flows.catalogue.save_discount import create_discount, delete_discount
from checkstand.flows.checkout.confirm_checkout import Confirmed, confirm_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from checkstand.testing.demo import DemoShop
from tests.pages.buyer import Buyer, Checkout, CheckoutStatus, Options, Redirects, Stand
from tests.server import RunningServer
from tests.tables import table

FILLED = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "country": "DE",
    "card_number": "4242424242424242",
    "card_exp": "12/34",
    "card_cvc": "123",
}


@pytest.fixture
def stand(server: RunningServer, shop: DemoShop) -> Stand:
    return Stand(server, shop)


def confirm(stand: Stand, checkout: Checkout, token: str = "ctoken_visa") -> Confirmed:
    changes = CheckoutChanges(
        given=frozenset({"email", "address"}), email="ada@example.com", address=Address(country="DE")
    )
    return stand.server.run(
        confirm_checkout(
            stand.server.services.ports,
            stand.shop.organization,
            checkout,
            changes,
            confirmation_token=token,
            return_url=stand.url(checkout, "/confirmation"),
        )
    )


def shown(html: str) -> str:
    """The hidden amount of a page's form."""
    found = re.search(r'name="shown" value="([^"]+)"', html)
    assert found
    return found[1]


def press_pay(stand: Stand, checkout: Checkout, **fields: str) -> httpx2.Response:
    with stand.client() as client:
        page = client.get(stand.url(checkout)).text
        form = {**FILLED, "csrf": stand.token(checkout), "shown": shown(page), **fields}
        return client.post(stand.url(checkout, "/pay"), data=form)


def get(stand: Stand, url: str, **headers: str) -> httpx2.Response:
    with stand.client(**headers) as client:
        return client.get(url)


def test_an_open_session_is_a_page_and_its_result_page_leads_back(stand: Stand) -> None:
    session = stand.session("one_time")
    assert get(stand, stand.url(session)).status_code == 200
    back = get(stand, stand.url(session, "/confirmation"))
    assert (back.status_code, back.headers["location"]) == (303, f"/checkout/{session.client_secret}")


def test_a_confirmed_session_leads_to_the_result_page_which_waits(stand: Stand) -> None:
    session = stand.session("one_time")
    confirm(stand, session, "ctoken_processing")
    page = get(stand, stand.url(session))
    assert (page.status_code, page.headers["location"]) == (303, f"/checkout/{session.client_secret}/confirmation")
    waiting = get(stand, stand.url(session, "/confirmation"))
    assert waiting.status_code == 200
    assert "Processing your payment" in waiting.text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in waiting.text
    assert get(stand, stand.url(session, "/status")).json() == {
        "status": "confirmed",
        "requires_action": False,
        "url": f"/checkout/{session.client_secret}/confirmation",
    }


def test_a_paid_session_leads_to_success_url_with_its_id_in_it(stand: Stand) -> None:
    redirects = Redirects(success_url="https://merchant.test/thanks?a=1&id={CHECKOUT_ID}&again={CHECKOUT_ID}#top")
    session = stand.session("one_time", redirects=redirects)
    confirm(stand, session)
    page = get(stand, stand.url(session))
    assert page.status_code == 303
    assert page.headers["location"] == f"https://merchant.test/thanks?a=1&id={session.id}&again={session.id}#top"
    assert get(stand, stand.url(session, "/confirmation")).status_code == 200


def test_a_paid_session_without_success_url_ends_on_our_own_page(stand: Stand) -> None:
    session = stand.session("one_time")
    confirm(stand, session)
    assert get(stand, stand.url(session)).headers["location"] == f"/checkout/{session.client_secret}/confirmation"
    assert get(stand, stand.url(session, "/status")).json()["status"] == "succeeded"


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//evil.test/x", "JaVaScRiPt://x/%0aalert(1)"]
)
def test_no_session_ever_leads_to_a_dangerous_address(stand: Stand, target: str) -> None:
    for session in (
        stand.session("one_time", redirects=Redirects(success_url=target, back_url=target)),
        stand.cart("one_time", redirects=Redirects(success_url=target, back_url=target)),
    ):
        assert target not in get(stand, stand.url(session)).text
        confirm(stand, session)
        assert get(stand, stand.url(session)).headers["location"] == stand.url(session, "/confirmation").removeprefix(
            stand.server.url
        )
        assert target not in get(stand, stand.url(session, "/confirmation")).text


def test_a_success_url_that_is_the_session_s_own_page_does_not_lead_in_a_circle(stand: Stand) -> None:
    session = stand.session("one_time")
    own = stand.url(session, "/confirmation")
    changes = CheckoutChanges(redirects={"success_url": own})
    services, organization = stand.server.services, stand.shop.organization
    session = stand.server.run(update_checkout(services.ports, organization, session, changes, by_merchant=True))
    confirm(stand, session)
    assert stand.url(session, "/confirmation").endswith(get(stand, stand.url(session)).headers["location"])
    assert "Continue to" not in get(stand, own).text


def test_dodo_s_return_url_gets_its_parameters_and_keeps_its_own(stand: Stand) -> None:
    redirects = Redirects(success_url="https://merchant.test/done?ref=a%20b&status=old#part")
    session = stand.cart("one_time", redirects=redirects)
    assert stand.url(session).startswith(f"{stand.server.url}/session/cks_")
    order_id = confirm(stand, session).settled.order_id
    assert order_id is not None
    page = get(stand, stand.url(session))
    payment = ids.short_id("pay", order_id)
    assert page.status_code == 303
    assert page.headers["location"] == (
        f"https://merchant.test/done?ref=a+b&payment_id={payment}&status=succeeded&email=ada%40example.com#part"
    )


def test_dodo_s_app_schemes_are_followed(stand: Stand) -> None:
    session = stand.cart("one_time", redirects=Redirects(success_url="myapp://done"))
    confirm(stand, session)
    assert get(stand, stand.url(session)).headers["location"].startswith("myapp://done?payment_id=pay_")


def test_an_expired_session_answers_410_with_a_way_on(stand: Stand) -> None:
    session = stand.session("one_time", redirects=Redirects(back_url="https://merchant.test/shop"))
    stand.advance("P2D")
    assert stand.now(session).status is CheckoutStatus.EXPIRED
    for step in ("", "/confirmation"):
        page = get(stand, stand.url(session, step))
        assert page.status_code == 410
        assert "This checkout has expired" in page.text
        assert "It was open for 1 day. Nothing was charged." in page.text
        assert "Start again" in page.text
        assert 'href="https://merchant.test/shop"' in page.text


def test_a_session_past_its_time_is_expired_before_anybody_swept_it(stand: Stand) -> None:
    session = stand.session("one_time", lifetime=timedelta(seconds=1))
    open_page = get(stand, stand.url(session))
    assert open_page.status_code == 200
    time.sleep(1.1)
    assert get(stand, stand.url(session)).status_code == 410
    form = {**FILLED, "csrf": stand.token(session), "shown": shown(open_page.text)}
    with stand.client() as client:
        assert client.post(stand.url(session, "/pay"), data=form).status_code == 410
        assert client.post(stand.url(session, "/update"), data=form).status_code == 410
    assert stand.charges(session) == []


def test_a_session_with_a_price_of_its_own_is_not_renewed(stand: Stand) -> None:
    product = stand.shop.products["one_time"]
    session = stand.session(
        "one_time", ad_hoc={product.id: (PriceDefinition(currency="USD", terms=Fixed(amount_minor=100)),)}
    )
    stand.advance("P2D")
    assert "Start again" not in get(stand, stand.url(session)).text
    with stand.client() as client:
        answer = client.post(stand.url(session, "/renew"), data={"csrf": stand.token(session)})
    assert answer.status_code == 410


@table(
    "path",
    [
        "/checkout/polar_c_unknown",
        "/checkout/nothing",
        "/session/cks_000000000000000000010",
        "/session/x",
        "/checkout/x/confirmation",
        "/bank/tpay_x",
    ],
)
def test_what_does_not_exist_is_a_neutral_404(stand: Stand, path: str) -> None:
    page = get(stand, path)
    assert page.status_code == 404
    assert "There is no checkout here" in page.text
    assert "Demo Shop" not in page.text


def test_every_page_carries_the_security_headers(stand: Stand) -> None:
    session = stand.session("one_time")
    done = stand.session("one_time")
    confirm(stand, done)
    pages = [stand.url(session), stand.url(done, "/confirmation"), "/checkout/unknown"]
    for url in pages:
        headers = get(stand, url).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-language"] == "en"
        assert "set-cookie" not in headers
    assert get(stand, pages[0]).headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert get(stand, pages[1]).headers["referrer-policy"] == "no-referrer"


def test_pages_hold_no_inline_script_or_style(stand: Stand) -> None:
    session = stand.session("monthly", "trial", "pay_what_you_want")
    html = get(stand, stand.url(session)).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"https?://", html)


def test_pages_stay_within_their_budget(stand: Stand) -> None:
    session = stand.session("monthly", "trial", "pay_what_you_want", buyer=Buyer(address=Address(country="US")))
    page = get(stand, stand.url(session))
    assert len(gzip.compress(page.content)) <= 14_000
    urls = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    sizes = {url.rpartition(".")[2]: len(gzip.compress(get(stand, url).content)) for url in urls}
    assert sizes["css"] <= 10_000
    assert sizes["js"] <= 12_000
    assert len(urls) == 2


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
    draft = replace(stand.shop.discount, id=uuid4(), code=None, name="Half", takes=Percentage(basis_points=5000))
    made = stand.server.run(create_discount(ports, organization, draft))
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


def test_numbers_and_dates_follow_the_session_s_locale(stand: Stand) -> None:
    session = stand.session("trial", buyer=Buyer(locale="de-DE", address=Address(country="DE")))
    page = get(stand, stand.url(session)).text
    assert "20,00\N{NO-BREAK SPACE}$" in page
    assert re.search(r"every month, from (<time[^>]*>)?\d+\. \w+ 20\d\d", page)


def test_countries_are_those_that_each_api_accepts(stand: Stand) -> None:
    polar = get(stand, stand.url(stand.session("one_time"))).text
    dodo = get(stand, stand.url(stand.cart("one_time"))).text
    assert '<option value="CU"' not in polar
    assert '<option value="CU"' in dodo
    assert polar.index(">Åland Islands<") < polar.index(">Albania<") < polar.index(">Zimbabwe<")


def test_the_country_is_guessed_from_the_reader_s_language_and_stored_only_when_sent(stand: Stand) -> None:
    session = stand.session("one_time", options=Options(require_billing_address=True))
    page = get(stand, stand.url(session), **{"Accept-Language": "fr-CA,fr;q=0.9"})
    assert '<option value="CA" selected>' in page.text
    assert "Province" in page.text
    assert stand.now(session).version == 1
    neutral = get(stand, stand.url(session), **{"Accept-Language": "en-US,de;q=0.8"})
    assert "selected" not in neutral.text
    assert "to see tax" not in neutral.text  # this shop collects none


def test_the_merchant_s_options_decide_what_is_asked(stand: Stand) -> None:
    options = Options(
        allow_discount_codes=False,
        require_phone_number=True,
        require_billing_address=True,
        allow_tax_id=False,
        theme="dark",
    )
    session = stand.session("one_time", options=options, buyer=Buyer(address=Address(country="GB")))
    page = get(stand, stand.url(session)).text
    assert "Add discount code" not in page
    assert "Phone number" in page
    assert "Postcode" in page
    assert "buying for a business" not in page
    assert 'data-theme="dark"' in page
    bare = get(stand, stand.url(stand.cart("one_time", options=Options(show_order_details=False)))).text
    assert 'class="rows"' not in bare
    assert 'class="due-line"' in bare


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


def test_a_head_request_has_no_body(stand: Stand) -> None:
    with stand.client() as client:
        answer = client.head(stand.url(stand.session("one_time")))
    assert (answer.status_code, answer.content) == (200, b"")
