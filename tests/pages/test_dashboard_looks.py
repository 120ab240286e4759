"""Every room of the dashboard in light and dark, on a phone and a desk: accessible, within the page, within the content policy."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Browser

from checkstand.domain.checkout import Buyer
from tests.pages.browser import Look, squeezed_words, two_looks, wrong_in
from tests.pages.test_dashboard_checkouts import make, pay
from tests.pages.test_dashboard_tokens import make_token
from tests.pages.visitor import Screen, screen, visitor
from tests.server import RunningServer

LARGEST_PAGE = 40_000
NARROWEST = 320


def rooms_of(server: RunningServer, view: Screen) -> dict[str, str]:
    """The address of each room, with something in it."""
    shop = view.shop
    paid, still_open = make(server, shop), make(server, shop, "monthly", Buyer(email="grace@example.com"))
    pay(server, shop, paid, "ctoken_insufficient_funds", "a.very.long.address.indeed@a-long-domain-name.example.com")
    pay(server, shop, paid, "ctoken_visa", "a.very.long.address.indeed@a-long-domain-name.example.com")
    make_token(visitor(server, shop), name="a token with quite a long name")
    product = f"/products/{shop.products['pay_what_you_want'].id}"
    order_id = server.value("SELECT id FROM orders WHERE organization_id = $1", shop.organization.id)
    token_id = server.value("SELECT id FROM access_tokens WHERE organization_id = $1 LIMIT 1", shop.organization.id)
    return {
        "home": "",
        "catalogue": "/products",
        "nothing found": "/products?q=zzz",
        "product": product,
        "new product": "/products/new",
        "edit product": f"{product}/edit",
        "archive product": f"{product}/archive",
        "integrate": f"{product}/integrate",
        "checkouts": "/sales/checkouts",
        "paid checkout": f"/sales/checkouts/{paid.id}",
        "open checkout": f"/sales/checkouts/{still_open.id}",
        "orders": "/sales",
        "refund": f"/sales/{order_id}/refund",
        "discounts": "/products/discounts",
        "new discount": "/products/discounts/new",
        "delete discount": f"/products/discounts/{shop.discount.id}/delete",
        "tax": "/settings/tax",
        "customers": "/customers",
        "settings": "/settings",
        "tokens": "/settings/tokens",
        "new token": "/settings/tokens/new",
        "revoke token": f"/settings/tokens/{token_id}/revoke",
        "unknown page": "/no/such/room",
    }


@two_looks(390, 1280)
def test_every_room_is_accessible(server: RunningServer, browser: Browser, these_looks: Sequence[Look]) -> None:
    view = screen(browser, server, server.new_shop())
    page = view.page
    found: dict[str, list[str]] = {}
    for name, path in rooms_of(server, view).items():
        view.open(path)
        found[name] = wrong_in(page, these_looks)
    view.open("/products")
    page.get_by_role("button", name="More options for Tip Jar").click()
    found["menu"] = wrong_in(page, these_looks)
    page.get_by_role("menuitem", name="Archive Product").click()
    page.get_by_role("dialog").wait_for()
    found["dialog"] = wrong_in(page, these_looks)
    view.open("/products/new")
    page.get_by_role("button", name="Save product").click()
    found["form with problems"] = wrong_in(page, these_looks)
    view.open("/settings/tokens/new")
    page.get_by_role("radio", name="Custom").check()
    found["scopes"] = wrong_in(page, these_looks)
    page.get_by_role("radio", name="Full access").check()
    page.get_by_label("Name").fill("look")
    page.get_by_role("button", name="Create token").click()
    page.get_by_label("Polar API token").wait_for()
    found["token created"] = wrong_in(page, these_looks)
    view.context.clear_cookies()
    page.goto(f"{server.url}/dashboard/login")
    found["sign in"] = wrong_in(page, these_looks)
    assert {name: problems for name, problems in found.items() if problems} == {}
    view.close()


def test_no_room_is_wider_than_the_narrowest_phone(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop(), width=NARROWEST)
    too_wide, squeezed = {}, {}
    for name, path in rooms_of(server, view).items():
        view.open(path)
        width = view.page.evaluate("document.documentElement.scrollWidth")
        if width > NARROWEST:
            too_wide[name] = width
        squeezed[name] = squeezed_words(view.page)
    view.open("/settings/tokens/new")
    view.page.get_by_role("radio", name="Custom").check()
    squeezed["scopes"] = squeezed_words(view.page)
    assert too_wide == {}
    assert {name: words for name, words in squeezed.items() if words} == {}
    view.close()


def test_the_menu_of_a_phone_works_without_a_script(server: RunningServer, browser: Browser) -> None:
    view = screen(browser, server, server.new_shop(), width=390, scripts=False)
    page = view.page
    page.get_by_label("Menu", exact=True).first.click()
    page.get_by_role("link", name="Catalogue", exact=True).click()
    page.wait_for_url("**/products")
    assert page.get_by_role("heading", name="Catalogue").is_visible()
    view.close()


def test_pages_keep_their_policy_and_their_size(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    for path in ("", "/products", "/settings/tokens/new", "/products/new", "/products/discounts/new", "/settings/tax"):
        answer = person.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.content) <= LARGEST_PAGE, path
        assert "style=" not in answer.text
        assert "onclick=" not in answer.text
