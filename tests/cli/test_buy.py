"""`checkstand buy`: whole purchases through the page as a browser without JavaScript sees it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from tests.cli.running import Dev, Done, Place, create_checkout

pytestmark = pytest.mark.xdist_group("cli-shop")


def buy(at: Place, url: str, *arguments: str) -> Done:
    return at.run("buy", url, *arguments)


def outcome(done: Done) -> dict[str, object]:
    lines = done.out.splitlines()
    assert len(lines) == 1, done
    found: dict[str, object] = json.loads(lines[0])
    assert list(found) == ["status", "message", "redirect"]
    return found


def test_a_purchase_succeeds_and_is_told_in_words(shop: Dev, shop_place: Place) -> None:
    done = buy(shop_place, create_checkout(shop, "one_time"))
    assert (done.code, done.err) == (0, "")
    assert done.out == "✓ Succeeded: Thank you, your order is complete\n"


@pytest.mark.parametrize("label", ["monthly", "trial", "pay_what_you_want", "free"])
def test_every_kind_of_product_can_be_bought(shop: Dev, shop_place: Place, label: str) -> None:
    assert outcome(buy(shop_place, create_checkout(shop, label), "--json"))["status"] == "succeeded"


@pytest.mark.parametrize("country", ["CA", "DE", "JP", "IN", "BR"])
def test_every_countrys_form_can_be_filled(shop: Dev, shop_place: Place, country: str) -> None:
    url = create_checkout(shop, "one_time", require_billing_address=True)
    done = buy(shop_place, url, "--country", country)
    assert done.code == 0, done


def test_a_declined_card_is_one_and_says_why(shop: Dev, shop_place: Place) -> None:
    done = buy(shop_place, create_checkout(shop, "one_time"), "--card", "4000000000009995", "--json")
    assert done.code == 1
    found = outcome(done)
    assert found["status"] == "declined"
    assert "You were not charged." in str(found["message"])


def test_a_declined_session_can_be_paid_with_another_card(shop: Dev, shop_place: Place) -> None:
    url = create_checkout(shop, "one_time")
    assert buy(shop_place, url, "--card", "4000000000000002").code == 1
    assert buy(shop_place, url).code == 0


def test_the_banks_question_is_answered_with_yes(shop: Dev, shop_place: Place) -> None:
    assert buy(shop_place, create_checkout(shop, "one_time"), "--card", "4000 0027 6000 3184").code == 0
    declined = buy(shop_place, create_checkout(shop, "one_time"), "--card", "4000008400001629", "--json")
    assert outcome(declined)["status"] == "declined"


def test_product_code_and_country_are_chosen_first(shop: Dev, shop_place: Place) -> None:
    url = create_checkout(shop, "one_time", "monthly", success_url="https://shop.example.com/ok?id={CHECKOUT_ID}")
    dodo_id = shop.line["products"]["monthly"]["dodo_id"]
    done = buy(shop_place, url, "--product", dodo_id, "--discount", "WELCOME20", "--email", "ada@example.com", "--json")
    found = outcome(done)
    assert found["status"] == "succeeded"
    assert str(found["redirect"]).startswith("https://shop.example.com/ok?id=")


def test_wishes_that_the_page_cannot_fulfil_buy_nothing(shop: Dev, shop_place: Place) -> None:
    url = create_checkout(shop, "one_time", "monthly")
    for wish, said in (
        (("--discount", "NOPE"), "We do not know the code “NOPE”"),
        (("--product", shop.product("free")), "does not offer the product"),
        (("--country", "XX"), "does not offer the country 'XX'"),
    ):
        done = buy(shop_place, url, *wish, "--json")
        assert done.code == 1
        found = outcome(done)
        assert found["status"] == "refused"
        assert said in str(found["message"])


def test_wrong_usage_is_two(shop: Dev, shop_place: Place) -> None:
    for arguments, said in (
        (("nonsense",), "is no web address"),
        (("http://127.0.0.1:1/checkout/x",), "does not answer"),
        ((f"{shop.url}/checkout/polar_c_unknown",), "There is no checkout here"),
        ((f"{shop.url}/livez",), "not with a page"),
        ((f"{shop.url}/checkout/x", "--card", "4242"), "12 to 19 digits"),
        ((f"{shop.url}/checkout/x", "--product", "pdt_x"), "is no product's id"),
        ((), "Missing argument"),
    ):
        done = shop_place.run("buy", *arguments)
        assert (done.code, done.out) == (2, ""), done
        assert said in done.err
        assert "Traceback" not in done.err


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A site that sends every visitor to another origin."""

    class Away(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(303)
            self.send_header("Location", "http://127.0.0.1:1/stolen?status=failed")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Away) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/checkout/x"
        server.shutdown()


def test_another_origin_is_never_visited(at: Place, elsewhere: str) -> None:
    done = buy(at, elsewhere, "--json")
    assert done.code == 1
    assert outcome(done)["redirect"] == "http://127.0.0.1:1/stolen?status=failed"


def test_a_method_is_chosen_by_its_name(shop: Dev, shop_place: Place) -> None:
    paid = buy(shop_place, create_checkout(shop, "one_time"), "--method", "cashapp")
    assert paid.code == 0, paid
    waiting = buy(shop_place, create_checkout(shop, "one_time"), "--method", "ach", "--json")
    assert (waiting.code, outcome(waiting)["status"]) == (1, "processing")
    refused = buy(shop_place, create_checkout(shop, "one_time"), "--method", "ideal", "--json")
    assert outcome(refused)["status"] == "refused"
    assert "does not offer 'ideal' to this buyer. It offers: card, apple_pay" in str(outcome(refused)["message"])
