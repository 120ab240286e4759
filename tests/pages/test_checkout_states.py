"""What a session's addresses answer in each of its states: the page, its result, or the way on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checkstand.domain import ids
from checkstand.domain.catalog import Fixed, PriceDefinition
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from checkstand.store import organizations
from tests.pages.buyer import CheckoutStatus, Redirects, Stand
from tests.pages.over_http import FILLED, confirm, get, shown
from tests.tables import table


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


async def move_the_clock_alone(stand: Stand, by: timedelta) -> None:
    """Set the shop's clock ahead without doing what is due by then."""
    ports, organization_id = stand.server.services.ports, stand.shop.organization.id
    found = await organizations.by_id(ports.db, organization_id)
    assert found is not None
    await organizations.set_clock(ports.db, organization_id, found.clock_offset_us + by // timedelta(microseconds=1))
    ports.cache.forget(organization_id)


def test_a_session_past_its_time_is_expired_before_anybody_swept_it(stand: Stand) -> None:
    session = stand.session("one_time", lifetime=timedelta(minutes=30))
    open_page = get(stand, stand.url(session))
    assert open_page.status_code == 200
    stand.server.run(move_the_clock_alone(stand, timedelta(minutes=30)))
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
