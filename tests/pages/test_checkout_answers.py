"""What the page's answers carry and say, as HTTP: headers, size, the reader's language, the merchant's options."""

from __future__ import annotations

import gzip
import re

from checkstand.domain.address import Address
from tests.pages.buyer import Buyer, Options, Stand
from tests.pages.over_http import confirm, get


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


def test_a_head_request_has_no_body(stand: Stand) -> None:
    with stand.client() as client:
        answer = client.head(stand.url(stand.session("one_time")))
    assert (answer.status_code, answer.content) == (200, b"")
