"""`/addons`: made, read, changed; offered by products that are billed again, and by nothing else; never sold by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from dodopayments import DodoPayments

from checkstand.domain import ids
from tests.dialects.dodo_place import DodoShop, cart
from tests.dialects.test_dodo_contract import conform
from tests.dialects.test_dodo_products import MONTHLY, ONE_TIME
from tests.pictures import png
from tests.tables import table

SEAT = {"name": "Seat", "price": 700, "currency": "USD", "tax_category": "saas"}


def make_addon(dodo: DodoShop, **more: Any) -> dict[str, Any]:
    answer = dodo.http.post("/addons", json={**SEAT, **more})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def make_product(dodo: DodoShop, price: dict[str, Any] = MONTHLY, **more: Any) -> Any:
    return dodo.http.post("/products", json={"name": "Plan", "tax_category": "saas", "price": price, **more})


def make_meter(dodo: DodoShop) -> str:
    body = {"name": "Calls", "event_name": "call", "measurement_unit": "calls", "aggregation": {"type": "count"}}
    return str(dodo.http.post("/meters", json=body).json()["id"])


def by_usage(meter_id: str, **more: Any) -> dict[str, Any]:
    """A price by usage with one meter."""
    kept = {name: value for name, value in MONTHLY.items() if name not in ("price", "trial_period_days")}
    meters = [{"meter_id": meter_id, "price_per_unit": "0.25", "free_threshold": 100}]
    return {**kept, "type": "usage_based_price", "fixed_price": 1500, "meters": meters, **more}


def test_an_addon_is_read_back_as_it_was_made(dodo: DodoShop) -> None:
    made = make_addon(dodo, description="One more person")
    assert {**made, **SEAT, "description": "One more person", "image": None} == made
    assert made["id"].startswith("adn_")
    assert dodo.http.get(f"/addons/{made['id']}").json() == made
    conform("AddonResponse", made)
    conform("AddonsListResponse", dodo.http.get("/addons").json())


def test_the_official_client_makes_lists_and_changes_addons(dodo: DodoShop) -> None:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        made = client.addons.create(name="Seat", price=700, currency="EUR", tax_category="saas")
        changed = client.addons.update(made.id, price=800, description="For one more")
        assert (changed.price, changed.currency, changed.description) == (800, "EUR", "For one more")
        read = client.addons.retrieve(made.id)
        assert (read, read.name, read.updated_at > made.updated_at) == (changed, "Seat", True)
        assert [item.id for item in client.addons.list(page_size=100)] == [made.id, dodo.addon_id]
        product = client.products.create(
            name="Plan",
            tax_category="saas",
            addons=[made.id],
            price={"type": "recurring_price", "currency": "EUR", "price": 3000, "payment_frequency_count": 1,
                   "payment_frequency_interval": "Month", "subscription_period_count": 20,
                   "subscription_period_interval": "Year"},
        )  # fmt: skip
        assert client.products.retrieve(product.product_id).addons == [made.id]


@dataclass(frozen=True)
class Refused:
    """A body that differs from a good one, and how it is refused."""

    name: str
    change: dict[str, Any]
    says: str
    code: str = "INVALID_REQUEST_BODY"
    with_patch: bool = True


ADDONS_REFUSED = [
    Refused("no name", {"name": None}, "name", with_patch=False),
    Refused("a blank name", {"name": "  "}, "name"),
    Refused("a name of 101 characters", {"name": "n" * 101}, "name"),
    Refused("a price below nothing", {"price": -1}, "price"),
    Refused("a price as text", {"price": "700"}, "price"),
    Refused("a price beyond int32", {"price": 2_147_483_648}, "price"),
    Refused("a currency in lower case", {"currency": "usd"}, "currency"),
    Refused("an unknown tax category", {"tax_category": "books"}, "tax_category"),
    Refused("a description of 1001 characters", {"description": "d" * 1001}, "description"),
]


@table("row", ADDONS_REFUSED)
def test_an_addon_that_cannot_be_sold_is_refused(dodo: DodoShop, row: Refused) -> None:
    before = dodo.row_counts()
    answers = [dodo.http.post("/addons", json={**SEAT, **row.change})]
    if row.with_patch:
        answers.append(dodo.http.patch(f"/addons/{dodo.addon_id}", json=row.change))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, row.code), answer.text
        assert answer.json()["message"].startswith(row.says)
    assert dodo.row_counts() == before


def test_changing_an_addon_leaves_alone_what_was_not_sent(dodo: DodoShop) -> None:
    made = make_addon(dodo, description="Old")
    changed = dodo.http.patch(f"/addons/{made['id']}", json={"name": "Chair", "price": 700}).json()
    assert changed == {**made, "name": "Chair", "updated_at": changed["updated_at"]}
    prices = "SELECT count(*) FROM prices WHERE organization_id = $1 AND product_id = $2"
    addon_id = ids.parse_short_id("adn", made["id"])
    assert dodo.server.value(prices, dodo.demo.organization.id, addon_id) == 1, "the same price is no new one"
    cleared = dodo.http.patch(f"/addons/{made['id']}", json={"description": None, "currency": "EUR"}).json()
    assert (cleared["description"], cleared["price"], cleared["currency"]) == (None, 700, "EUR")


def test_an_addons_image_can_be_set_and_taken_away(dodo: DodoShop) -> None:
    path = f"/addons/{dodo.addon_id}"
    permitted = dodo.http.put(f"{path}/images").json()
    assert dodo.http.put(permitted["url"], content=png(), headers={"Content-Type": "image/png"}).status_code == 200
    shown = dodo.http.get(path).json()["image"]
    assert shown is not None
    assert dodo.http.patch(path, json={"image_id": None}).json()["image"] is None
    assert dodo.http.patch(path, json={"image_id": permitted["image_id"]}).json()["image"] == shown
    unknown = dodo.http.patch(path, json={"image_id": "00000000-0000-4000-8000-000000000001"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "NOT_FOUND")


def test_the_demo_shops_addon_belongs_to_the_monthly_product(dodo: DodoShop) -> None:
    addon = dodo.http.get(f"/addons/{dodo.addon_id}").json()
    assert (addon["price"], addon["currency"]) == (500, "USD")
    assert dodo.http.get(f"/products/{dodo.id('S')}").json()["addons"] == [dodo.addon_id]
    assert dodo.http.get(f"/products/{dodo.id('P')}").json()["addons"] is None


def test_an_addon_is_no_product(dodo: DodoShop) -> None:
    """The same id in the spelling of a product names nothing, in either API."""
    as_product = ids.short_id("pdt", dodo.demo.addon.id)
    assert dodo.http.get(f"/products/{as_product}").status_code == 404
    assert dodo.http.patch(f"/products/{as_product}", json={"name": "X"}).status_code == 404
    assert dodo.http.delete(f"/products/{as_product}").status_code == 404
    assert dodo.http.get(f"/addons/{ids.short_id('adn', dodo.demo.products['monthly'].id)}").status_code == 404
    polar = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    assert dodo.http.get(f"/v1/products/{dodo.demo.addon.id}", headers=polar).status_code == 404
    listed = dodo.http.get("/v1/products/?limit=100", headers=polar).json()["items"]
    assert str(dodo.demo.addon.id) not in {item["id"] for item in listed}
    answer = dodo.create(product_cart=cart(as_product))
    assert (answer.status_code, answer.json()["code"]) == (422, "NOT_FOUND")


def test_events_tell_of_products_not_of_addons(dodo: DodoShop) -> None:
    before = dodo.row_counts()["facts"]
    made = make_addon(dodo)
    dodo.http.patch(f"/addons/{made['id']}", json={"price": 1})
    assert dodo.row_counts()["facts"] == before
    make_product(dodo)
    assert dodo.row_counts()["facts"] == before + 1


@dataclass(frozen=True)
class Offering:
    """A product's body with add-ons; `A` is the shop's own add-on, `other` another shop's, `U` a price by usage."""

    name: str
    code: str
    addons: tuple[str, ...] = ("A",)
    price: dict[str, Any] = field(default_factory=lambda: MONTHLY)
    by_usage: bool = False


OFFERINGS_REFUSED = [
    Offering("an unknown one", "MISSING_ADDON_IDS", ("adn_x",)),
    Offering("a well-formed unknown one", "MISSING_ADDON_IDS", ("adn_" + "1" * 21,)),
    Offering("another shop's", "MISSING_ADDON_IDS", ("other",)),
    Offering("a product as an add-on", "MISSING_ADDON_IDS", ("P",)),
    Offering("one twice", "DUPLICATE_ADDON_IDS_IN_REQUEST", ("A", "A")),
    Offering("eleven", "INVALID_REQUEST_BODY", tuple(f"adn_{number}" for number in range(11))),
    Offering("of a one-time product", "INVALID_REQUEST_PARAMETERS", price=ONE_TIME),
    Offering("of a product by usage", "ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED", by_usage=True),
]


@table("row", OFFERINGS_REFUSED)
def test_addons_that_a_product_cannot_offer_are_refused(dodo: DodoShop, row: Offering) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    spelled = {
        "A": dodo.addon_id,
        "other": other.addon_id,
        "P": ids.short_id("adn", dodo.demo.products["one_time"].id),
    }
    price = by_usage(make_meter(dodo)) if row.by_usage else row.price
    before = dodo.row_counts()
    answer = make_product(dodo, price, addons=[spelled.get(name, name) for name in row.addons])
    assert (answer.status_code, answer.json()["code"]) == (422, row.code), answer.text
    assert dodo.row_counts() == before


def test_ten_addons_are_offered_in_the_order_they_were_given(dodo: DodoShop) -> None:
    given = [make_addon(dodo)["id"] for _ in range(10)][::-1]
    made = make_product(dodo, addons=given).json()
    assert made["addons"] == given
    path = f"/products/{made['product_id']}"
    conform("GetProductResponse", dodo.http.get(path).json())
    dodo.http.patch(path, json={"name": "Still"})
    assert dodo.http.get(path).json()["addons"] == given
    dodo.http.patch(path, json={"addons": given[:1]})
    assert dodo.http.get(path).json()["addons"] == given[:1]
    dodo.http.patch(path, json={"addons": None})
    assert dodo.http.get(path).json()["addons"] is None


def test_a_product_with_addons_cannot_become_a_one_time_product(dodo: DodoShop) -> None:
    path = f"/products/{dodo.id('S')}"
    answer = dodo.http.patch(path, json={"price": ONE_TIME})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_PARAMETERS")
    assert dodo.http.get(path).json()["is_recurring"]
    assert dodo.http.patch(path, json={"price": ONE_TIME, "addons": []}).status_code == 200
    assert not dodo.http.get(path).json()["is_recurring"]


def test_a_new_price_of_an_addon_leaves_open_sessions_alone(dodo: DodoShop) -> None:
    lines = cart("S", addons=[{"addon_id": "A", "quantity": 1}])
    before = dodo.create(product_cart=lines).json()["session_id"]
    dodo.http.patch(f"/addons/{dodo.addon_id}", json={"price": 900})
    after = dodo.create(product_cart=lines).json()["session_id"]
    assert [dodo.stored(session).quote.total_minor for session in (before, after)] == [2500, 2900]


@pytest.mark.parametrize(("method", "path"), [("POST", "/addons"), ("GET", "/addons"), ("PATCH", "/addons/{}")])
def test_addons_need_the_permission_of_products(dodo: DodoShop, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {dodo.key('checkouts:write')}"}
    body = None if method == "GET" else {}
    assert dodo.http.request(method, path.format(dodo.addon_id), json=body, headers=headers).status_code == 403


def test_another_shops_addon_cannot_be_read_or_changed(dodo: DodoShop) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    for method in ("GET", "PATCH"):
        answer = dodo.http.request(method, f"/addons/{other.addon_id}", json={} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
