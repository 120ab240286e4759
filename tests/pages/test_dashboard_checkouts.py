"""Sales at the dashboard: each checkout explained by its own timeline, lists that can be narrowed, honest empty pages."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import timedelta

import httpx2
import pytest

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.errors import PaymentDeclined
from checkstand.domain.money import format_money
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.read_checkout import read_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.store import organizations
from checkstand.testing.demo import DemoShop
from tests.pages.visitor import Visitor, visitor
from tests.server import RunningServer

_TAGS = re.compile(r"<[^>]+>")


def make(server: RunningServer, shop: DemoShop, label: str = "one_time", buyer: Buyer | None = None) -> Checkout:
    wanted = CartItem(product_id=shop.products[label].id, where=("products", 0))
    request = CheckoutRequest(
        dialect="polar", wanted=(wanted,), choose_one=True, buyer=buyer or Buyer(), metadata={"ref": "A-17"}
    )
    return server.run(create_checkout(server.services.ports, shop.organization, request))


def pay(
    server: RunningServer, shop: DemoShop, checkout: Checkout, token: str | None, email: str = "ada@example.com"
) -> None:
    changes = CheckoutChanges(
        given=frozenset({"email", "name", "address"}), email=email, name="Ada", address=Address(country="DE")
    )

    async def press() -> None:
        ports = server.services.ports
        current = await read_checkout(ports, shop.organization, checkout.id)
        try:
            await confirm_checkout(
                ports, shop.organization, current, changes, confirmation_token=token, return_url=server.url
            )
        except PaymentDeclined:
            return

    server.run(press())


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(_TAGS.sub(" ", page))).strip()


def timeline(person: Visitor, checkout: Checkout) -> list[str]:
    page = person.get(f"/sales/checkouts/{checkout.id}").text
    return [words_of(title) for title in re.findall(r'<p class="event-title">(.*?)</p>', page, re.DOTALL)]


def in_order(told: Sequence[str], wanted: Sequence[str]) -> bool:
    rest = iter(told)
    return all(any(line.startswith(want) for line in rest) for want in wanted)


def test_a_declined_and_then_paid_checkout_is_explained_by_its_timeline(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    checkout = make(server, person.shop)
    pay(server, person.shop, checkout, "ctoken_insufficient_funds")
    pay(server, person.shop, checkout, "ctoken_visa")
    told = timeline(person, checkout)
    story = ["Session created", "Pay pressed", "Declined insufficient_funds", "Reopened", "Pay pressed"]
    assert in_order(told, [*story, "Order #1 created", "Payment succeeded", "Checkout succeeded"]), told
    page = words_of(person.get(f"/sales/checkouts/{checkout.id}").text)
    assert "“The card does not have enough money for this. Try another card or method.”" in page
    assert "Visa •••• 4242" in page
    assert "Visa •••• 4242" in page
    assert "ref A-17" in page


def test_a_trial_beside_a_one_time_sale_shows_what_was_charged(server: RunningServer) -> None:
    shop = server.new_shop()
    wanted = tuple(
        CartItem(product_id=shop.products[label].id, where=("products", at))
        for at, label in enumerate(("trial", "one_time"))
    )
    request = CheckoutRequest(dialect="dodo", wanted=wanted, choose_one=False, buyer=Buyer())
    checkout = server.run(create_checkout(server.services.ports, shop.organization, request))
    later, now = (format_money(amount, "USD") for amount in (checkout.quote.total_minor, checkout.quote.due_minor))
    assert (now, later != now) == ("$10.00", True), "only the one-time product is paid at once"
    person = visitor(server, shop)
    detail = f"/sales/checkouts/{checkout.id}"
    assert f"Total after trial {later} Due today {now}" in words_of(person.get(detail).text)
    pay(server, shop, checkout, "ctoken_visa")
    paid = server.run(read_checkout(server.services.ports, shop.organization, checkout.id)).quote
    later, now = (format_money(amount, paid.currency) for amount in (paid.total_minor, paid.due_minor))
    page = person.get(detail).text
    assert f"<h1>{now}</h1>" in page
    assert f"Total after trial {later} Charged {now}" in words_of(page)
    for path in ("", "/sales/checkouts", "/sales"):
        listed = words_of(person.get(path).text)
        assert (now in listed, later in listed) == (True, False), path


def test_the_step_for_webhooks_shows_a_call_that_works(server: RunningServer) -> None:
    shop = server.new_shop()
    home = html.unescape(visitor(server, shop).get("").text)
    assert "checkstand listen" not in home
    url, body = re.findall(r'curl -X POST "([^"]+)"[^\']+-d \'([^\']+)\'', home)[0]
    headers = {"Authorization": f"Bearer {shop.polar_token}", "Content-Type": "application/json"}
    answer = httpx2.post(url, headers=headers, content=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["secret"], "the secret to verify deliveries with"


def test_every_link_of_the_dashboard_leads_somewhere(server: RunningServer) -> None:
    shop = server.new_shop()
    pay(server, shop, make(server, shop), "ctoken_visa")
    person = visitor(server, shop)
    to_see, seen = [person.home], {f"{person.home}/logout"}
    while to_see:
        path = to_see.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = person.client.get(path)
        assert answer.status_code in (200, 303), path
        if path.startswith("/dashboard") and "text/html" in answer.headers["content-type"]:
            links = re.findall(r'<a [^>]*href="(/[^"]+)"', answer.text)
            to_see += [html.unescape(link).partition("#")[0] for link in links]
    assert len(seen) > 30


def test_a_challenged_checkout_says_that_the_bank_asks(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    checkout = make(server, person.shop, "monthly")
    pay(server, person.shop, checkout, "ctoken_3ds")
    assert in_order(timeline(person, checkout), ["Session created", "Pay pressed", "Confirmed", "Bank authentication"])
    assert "Awaiting authentication" in person.get(f"/sales/checkouts/{checkout.id}").text


def test_a_free_checkout_is_told_as_costing_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    checkout = make(server, person.shop, "free")
    pay(server, person.shop, checkout, None)
    assert in_order(
        timeline(person, checkout), ["Session created", "Pay pressed", "Order #1 created", "Checkout succeeded"]
    )
    assert "Nothing to pay" in person.get(f"/sales/checkouts/{checkout.id}").text


def test_an_abandoned_checkout_is_shown_as_expired_by_the_organizations_clock(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    checkout = make(server, person.shop)
    ports, organization = server.services.ports, person.shop.organization
    offset = timedelta(days=2) // timedelta(microseconds=1)
    server.run(organizations.set_clock(ports.db, organization.id, offset))
    server.run(ports.cache.changed(ports.db, organization.id))
    page = words_of(person.get(f"/sales/checkouts/{checkout.id}").text)
    assert "Expired" in page
    assert "2 days ago" in page


def test_the_raw_session_hides_what_continues_a_payment(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    checkout = make(server, person.shop)
    pay(server, person.shop, checkout, "ctoken_3ds")
    page = html.unescape(person.get(f"/sales/checkouts/{checkout.id}").text)
    assert '"intent_secret": "(hidden)"' in page
    assert "tint_" not in page


def test_checkouts_are_narrowed_by_status_and_email_and_found_by_id(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    paid, left = make(server, person.shop), make(server, person.shop, buyer=Buyer(email="grace@example.com"))
    pay(server, person.shop, paid, "ctoken_visa", "ada@example.com")
    by_status = person.get("/sales/checkouts?status=succeeded").text
    assert "ada@example.com" in by_status
    assert "grace@example.com" not in by_status
    by_email = person.get("/sales/checkouts?q=GRACE").text
    assert "grace@example.com" in by_email
    assert "ada@example.com" not in by_email
    assert person.get(f"/sales/checkouts?q={left.id}").url.path.endswith(str(left.id))
    assert "No checkout fits" in person.get("/sales/checkouts?status=failed").text
    assert person.get("/sales/checkouts?status=nonsense").status_code == 200


def test_a_long_list_has_pages(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    for _ in range(27):
        make(server, person.shop)
    assert "1–25 of 27 checkouts" in person.get("/sales/checkouts").text
    assert "26–27 of 27 checkouts" in person.get("/sales/checkouts?page=2").text


def test_an_order_and_a_customer_lead_to_the_checkout(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    checkout = make(server, person.shop, buyer=Buyer(external_id="user-7"))
    pay(server, person.shop, checkout, "ctoken_visa")
    listed = person.get("/sales").text
    assert "#1" in listed
    assert f"/sales/checkouts/{checkout.id}" in listed
    order_id = server.value("SELECT id FROM orders WHERE checkout_id = $1", checkout.id)
    assert person.get(f"/sales/{order_id}").url.path.endswith(f"/sales/checkouts/{checkout.id}")
    people = person.get("/customers?q=user-7").text
    assert "ada@example.com" in people
    assert "No results for" in person.get("/customers?q=nobody").text


def test_somebody_elses_checkout_does_not_exist(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    foreign = make(server, server.new_shop())
    assert person.get(f"/sales/checkouts/{foreign.id}").status_code == 404
    assert person.get(f"/sales/checkouts?q={foreign.id}").status_code == 200


def test_the_checklist_ticks_itself_as_things_happen(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert "2 of 4 done" in person.get("").text
    pay(server, person.shop, make(server, person.shop), "ctoken_visa")
    home = person.get("").text
    assert "3 of 4 done" in home
    assert "1 paid order." in home


def test_the_checklist_opens_a_checkout_of_the_chosen_product(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = person.shop.products["monthly"]
    assert str(product.id) in person.get("").text
    answer = person.post("/products/checkout", {"product_id": str(product.id)})
    assert "Studio Monthly" in person.client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/sales/checkouts", "No checkouts yet"),
        ("/sales", "No orders yet"),
        ("/customers", "No customers yet"),
        ("/products?status=archived", "No archived products"),
        ("", "No checkouts yet"),
    ],
)
def test_an_empty_page_says_what_would_be_there(server: RunningServer, path: str, said: str) -> None:
    assert said in visitor(server, server.new_shop()).get(path).text
