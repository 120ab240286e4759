"""Brands: the business itself, and further ones with a name and an image of their own."""

from __future__ import annotations

from typing import Any

import pytest
from dodopayments import DodoPayments, PermissionDeniedError

from tests.dialects.dodo_place import DodoShop
from tests.dialects.test_dodo_contract import conform
from tests.dialects.test_images import address, ask, send
from tests.pictures import png
from tests.tables import table

PRICE = {
    "type": "one_time_price",
    "currency": "USD",
    "price": 900,
    "discount": 0,
    "purchasing_power_parity": False,
}


def made(dodo: DodoShop, **fields: object) -> dict[str, Any]:
    answer = dodo.http.post("/brands", json=fields)
    assert answer.status_code == 200, answer.text
    conform("BrandResponse", answer.json())
    found: dict[str, Any] = answer.json()
    return found


def test_a_brand_is_made_read_listed_and_changed_by_the_official_client(dodo: DodoShop) -> None:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        brand = client.brands.create(
            name="Fjord", description="Knitwear", url="https://fjord.example", support_email="help@fjord.example"
        )
        assert (brand.name, brand.enabled, brand.verification_status) == ("Fjord", True, "Success")
        assert brand.statement_descriptor == "Fjord"
        assert client.brands.retrieve(brand.brand_id) == brand
        changed = client.brands.update(
            brand.brand_id, name="Fjord & Sea", statement_descriptor="FJORD", description=None
        )
        assert (changed.name, changed.statement_descriptor, changed.description) == ("Fjord & Sea", "FJORD", None)
        assert changed.url == "https://fjord.example", "what was not named stays"
        listed = client.brands.list().items
    assert [item.brand_id for item in listed] == [brand.business_id, brand.brand_id]
    conform("ListBrandsResponse", dodo.http.get("/brands").json())


def test_a_brand_without_a_name_borrows_the_businesss_for_the_statement(dodo: DodoShop) -> None:
    brand = made(dodo)
    assert brand["name"] is None
    assert brand["statement_descriptor"] == dodo.demo.organization.name[:22].strip()
    assert made(dodo, name="A name too long for any card statement")["statement_descriptor"] == "A name too long for an"


@table(
    "fields",
    [
        {"support_email": "nobody"},
        {"url": "javascript:alert(1)"},
        {"statement_descriptor": "x" * 23},
        {"name": 5},
        {"name": "x" * 5000},
    ],
)
def test_a_field_that_makes_no_sense_is_named(dodo: DodoShop, fields: dict[str, object]) -> None:
    refused = dodo.http.post("/brands", json=fields)
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert refused.json()["message"].startswith(next(iter(fields)))


def test_the_primary_brand_cannot_be_changed_here(dodo: DodoShop) -> None:
    business = dodo.http.get("/brands").json()["items"][0]
    assert business["brand_id"] == business["business_id"]
    for refused in (
        dodo.http.patch(f"/brands/{business['brand_id']}", json={"name": "Mine"}),
        dodo.http.put(f"/brands/{business['brand_id']}/images"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "UNABLE_TO_EDIT_PRIMARY_BRAND")
    with (
        DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client,
        pytest.raises(PermissionDeniedError),
    ):
        client.brands.update(business["brand_id"], name="Mine")


def test_a_brand_of_another_business_does_not_exist(dodo: DodoShop) -> None:
    brand_id = made(dodo, name="Mine")["brand_id"]
    other = DodoShop(dodo.server, dodo.server.new_shop())
    own = dodo.http.get("/brands").json()["items"][0]["brand_id"]
    for path_id in (brand_id, own, "bra_000000000000000000010", "nothing"):
        assert other.http.get(f"/brands/{path_id}").status_code == 404
        assert other.http.patch(f"/brands/{path_id}", json={"name": "Theirs"}).status_code == 404
        assert other.http.put(f"/brands/{path_id}/images").status_code == 404
    assert len(other.http.get("/brands").json()["items"]) == 1
    assert dodo.http.get(f"/brands/{brand_id}").json()["name"] == "Mine"


def test_a_brands_image_is_uploaded_chosen_and_taken_away(dodo: DodoShop) -> None:
    brand = made(dodo, name="Seen")
    path = f"/brands/{brand['brand_id']}"
    given = address(dodo, f"{path}/images")
    conform("UpdateBrandImageResponse", given)
    assert dodo.http.get(path).json()["image"] is None
    assert send(given["url"], png()).status == 200
    shown = dodo.http.get(path).json()["image"]
    assert ask("GET", shown).body == png()
    assert dodo.http.patch(path, json={"image_id": None}).json()["image"] is None
    assert dodo.http.patch(path, json={"image_id": given["image_id"]}).json()["image"] == shown
    for wrong in ("00000000-0000-4000-8000-000000000000", "x", 5):
        assert dodo.http.patch(path, json={"image_id": wrong}).status_code == 422


def test_a_product_belongs_to_a_brand(dodo: DodoShop) -> None:
    brand_id, business = made(dodo, name="Fjord")["brand_id"], dodo.http.get("/brands").json()["items"][0]["brand_id"]
    body = {"name": "Cap", "price": PRICE, "tax_category": "saas"}
    product = dodo.http.post("/products", json={**body, "brand_id": brand_id}).json()
    path = f"/products/{product['product_id']}"
    assert product["brand_id"] == dodo.http.get(path).json()["brand_id"] == brand_id
    assert dodo.http.patch(path, json={"name": "Hat"}).json()["brand_id"] == brand_id
    assert dodo.http.patch(path, json={"brand_id": business}).json()["brand_id"] == business
    assert dodo.http.patch(path, json={"brand_id": brand_id}).json()["brand_id"] == brand_id
    assert dodo.http.patch(path, json={"brand_id": None}).json()["brand_id"] == business
    assert dodo.http.post("/products", json=body).json()["brand_id"] == business


def test_the_list_of_products_is_narrowed_by_brand(dodo: DodoShop) -> None:
    brand_id, business = made(dodo, name="Fjord")["brand_id"], dodo.http.get("/brands").json()["items"][0]["brand_id"]
    body = {"name": "Cap", "price": PRICE, "tax_category": "saas", "brand_id": brand_id}
    cap = dodo.http.post("/products", json=body).json()["product_id"]

    def listed(**query: str) -> set[str]:
        items = dodo.http.get("/products", params={"page_size": 100, **query}).json()["items"]
        return {item["product_id"] for item in items}

    assert listed(brand_id=brand_id) == {cap}
    assert listed(brand_id=business) == listed() - {cap} != set()
    assert listed(brand_id="bra_000000000000000000010") == listed(brand_id="other") == set()


def test_a_product_of_an_unknown_brand_is_refused(dodo: DodoShop) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    theirs = made(other, name="Theirs")["brand_id"]
    for brand_id in (theirs, "bra_nothing", "bus_other"):
        body = {"name": "Cap", "price": PRICE, "tax_category": "saas", "brand_id": brand_id}
        refused = dodo.http.post("/products", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "NOT_FOUND")
        assert "brand_id" in refused.json()["message"]
        assert dodo.http.patch(f"/products/{dodo.id('P')}", json={"brand_id": brand_id}).status_code == 422


def test_a_key_needs_permission(dodo: DodoShop) -> None:
    reading = {"Authorization": f"Bearer {dodo.key('organizations:read')}"}
    assert dodo.http.get("/brands", headers=reading).status_code == 200
    assert dodo.http.post("/brands", json={}, headers=reading).status_code == 403
