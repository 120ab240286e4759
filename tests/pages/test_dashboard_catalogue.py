"""Every kind of price at the dashboard: said in words, and never lost or changed by editing the rest of the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain.brand import Brand
from checkstand.domain.catalog import Fixed, Product
from checkstand.domain.fields import AttachedField, Field
from checkstand.domain.image import ImageRef
from checkstand.flows.catalogue.save_field import create_field
from checkstand.flows.catalogue.save_product import change_product, read_product
from checkstand.flows.catalogue.upload_image import describe_image
from checkstand.store.catalogue import images
from checkstand.store.catalogue.brands import BRANDS
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import Polar, fixed, metered, metering, seats, units
from tests.pages.browser import Look, two_looks, wrong_in
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.test_dashboard_products import NEW, create
from tests.pages.visitor import screen, visitor
from tests.pictures import png
from tests.server import RunningServer

# What a browser sends of a form that shows its prices instead of asking for them.
EDITED = {key: value for key, value in NEW.items() if not key.startswith(("price_", "model", "billing"))} | {
    "name": "Renamed",
    "count": "",
}
TIERS = ((1, 4, 1000), (5, None, 800))
KINDS = ("seats", "units", "metered", "base and seats", "two currencies of seats")


def product_of(server: RunningServer, shop: DemoShop, product_id: str) -> Product:
    return server.run(read_product(server.services.ports, shop.organization, UUID(product_id)))


def selling(server: RunningServer, shop: DemoShop, kind: str) -> Product:
    """A monthly product with prices of this kind, made through the API."""
    polar = Polar(server, shop)
    meter = metering(server, shop)
    prices = {
        "seats": [seats(*TIERS, kind="graduated")],
        "units": [units((100, 10), (None, 8))],
        "metered": [metered(meter, "0.25", cap_amount=5000)],
        "base and seats": [fixed(2000), seats((1, None, 800)), metered(meter, "0.5")],
        "two currencies of seats": [seats(*TIERS), seats(*TIERS, price_currency="eur")],
    }[kind]
    return product_of(server, shop, polar.selling(*prices, every="month", name=f"Sold by {kind}"))


@pytest.mark.parametrize("kind", KINDS)
def test_prices_that_the_form_has_no_fields_for_are_shown_and_survive_a_new_name(
    server: RunningServer, kind: str
) -> None:
    person = visitor(server, server.new_shop())
    product = selling(server, person.shop, kind)
    form = person.get(f"/products/{product.id}/edit").text
    assert "These prices are managed through the API" in form
    assert "price_amount" not in form
    assert 'name="model"' not in form
    assert all(str(price.id) in form for price in product.active_prices)
    saved = person.post(f"/products/{product.id}/edit", EDITED)
    assert saved.status_code == 303, saved.text
    after = product_of(server, person.shop, str(product.id))
    assert after.name == "Renamed"
    assert after.prices == product.prices


def test_not_even_a_form_with_price_fields_changes_such_prices(server: RunningServer) -> None:
    """The form may have been open since before the API changed the prices."""
    person = visitor(server, server.new_shop())
    product = selling(server, person.shop, "seats")
    person.get(f"/products/{product.id}/edit")
    for form in (NEW, {**NEW, "model": "free", "price_currency": ["USD", "EUR"]}):
        assert person.post(f"/products/{product.id}/edit", form).status_code == 303
    assert product_of(server, person.shop, str(product.id)).prices == product.prices


def test_several_prices_in_one_currency_survive_as_well(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    ports, organization = server.services.ports, person.shop.organization
    product = create(server, person)
    # The Dodo dialect's products have no rules about their lists of prices.
    second = replace(product.prices[0], id=uuid4(), terms=Fixed(amount_minor=700))
    loose = {"prices": (*product.prices, second), "extras": {"dialect": "dodo"}}
    server.run(change_product(ports, organization, product.id, loose))
    before = product_of(server, person.shop, str(product.id)).prices
    assert len(before) == 2
    assert "managed through the API" in person.get(f"/products/{product.id}/edit").text
    assert person.post(f"/products/{product.id}/edit", EDITED).status_code == 303
    assert product_of(server, person.shop, str(product.id)).prices == before


def test_a_plain_price_beside_an_archived_seat_price_can_still_be_edited(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    product = selling(server, person.shop, "seats")
    polar = Polar(server, person.shop)
    polar.client.patch(f"/v1/products/{product.id}", json={"prices": [fixed(1500)]}).raise_for_status()
    form = person.get(f"/products/{product.id}/edit").text
    assert "managed through the API" not in form
    assert 'value="15.00"' in form


def test_what_the_form_does_not_show_is_kept(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    ports, organization = server.services.ports, person.shop.organization
    product = selling(server, person.shop, "base and seats")
    brand = Brand(
        id=uuid4(), organization_id=organization.id, statement_descriptor="ATELIER", created_at=organization.created_at
    )
    server.run(BRANDS.insert(ports.db, brand))
    unseen = {
        "brand_id": brand.id,
        "addons": (person.shop.addon.id,),
        "fields": (AttachedField(field=_question(server, person.shop), required=True),),
        "images": (_image(server, person.shop), _image(server, person.shop)),
        "metadata": {"shelf": "A-17"},
        "tax_category": "saas",
        "extras": {"purchase_limit": 3},
    }
    server.run(change_product(ports, organization, product.id, unseen))
    before = product_of(server, person.shop, str(product.id))
    form = person.get(f"/products/{product.id}/edit").text
    assert str(before.images[0].id) in form
    sent = {**EDITED, "image_id": str(before.images[0].id)}
    assert person.post(f"/products/{product.id}/edit", sent).status_code == 303
    after = product_of(server, person.shop, str(product.id))
    kept = replace(after, name=before.name, description=before.description, modified_at=before.modified_at)
    assert kept == before
    page = words_of(person.get(f"/products/{product.id}").text)
    assert "Add-ons Extra Seat" in page
    assert "Asks for Company size" in page


def _question(server: RunningServer, shop: DemoShop) -> Field:
    given = {"kind": "text", "slug": "size", "name": "Company size"}
    return server.run(create_field(server.services.ports, shop.organization, given))


def _image(server: RunningServer, shop: DemoShop) -> ImageRef:
    ports = server.services.ports
    image = describe_image(ports, shop.organization, png(), name="a.png", declared="")
    server.run(images.add(ports.db, shop.organization.id, image, png()))
    return image


@pytest.mark.parametrize(
    ("kind", "in_the_list", "on_the_page"),
    [
        (
            "seats",
            "From $8.00 per seat / month Subscription, seats",
            "Each tier’s seats at its own rate USD",
        ),
        ("units", "From $0.08 per unit / month Subscription, units", "All units at the rate of the tier"),
        (
            "metered",
            "$0.0025 per unit of Requests Subscription, usage",
            "By usage of Requests, charged later, at most $50.00 a period",
        ),
        (
            "base and seats",
            "$20.00 / month + $8.00 per seat / month + $0.005 per unit of Requests Subscription, seats and usage",
            "$8.00 per seat / month USD",
        ),
        (
            "two currencies of seats",
            "From $8.00 per seat / month +1 currency Subscription, seats",
            "From €8.00 per seat",
        ),
    ],
)
def test_every_kind_of_price_is_said_in_words(
    server: RunningServer, kind: str, in_the_list: str, on_the_page: str
) -> None:
    person = visitor(server, server.new_shop())
    product = selling(server, person.shop, kind)
    assert in_the_list in words_of(person.get(f"/products?q={product.id}").text)
    assert on_the_page in words_of(person.get(f"/products/{product.id}").text)


def test_tiers_stand_in_a_small_table(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    product = selling(server, shop, "seats")
    view = screen(browser, server, shop, width=320)
    view.open(f"/products/{product.id}")
    tiers = view.page.get_by_role("table", name="Tiers of From $8.00 per seat / month")
    expect(tiers.get_by_role("row")).to_have_count(3)
    assert [row.split() for row in tiers.locator("tbody tr").all_inner_texts()] == [
        ["1", "to", "4", "$10.00"],
        ["5", "and", "more", "$8.00"],
    ]
    view.close()


@two_looks(320, 1280)
def test_products_of_every_kind_are_accessible_and_fit(
    server: RunningServer, browser: Browser, these_looks: Sequence[Look]
) -> None:
    shop = server.new_shop()
    made = [selling(server, shop, kind) for kind in KINDS]
    view = screen(browser, server, shop)
    paths = [
        "/products",
        *(f"/products/{product.id}" for product in made),
        *(f"/products/{product.id}/edit" for product in made[:2]),
    ]
    for path in paths:
        view.open(path)
        assert wrong_in(view.page, these_looks) == [], path
    view.close()
