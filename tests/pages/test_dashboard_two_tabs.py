"""A form that stood open while another tab saved: only what is changed in it is written, and a clash is told."""

from __future__ import annotations

import asyncio
import html
from concurrent.futures import ThreadPoolExecutor

from checkstand.domain.catalog import Fixed, Product
from checkstand.flows.catalogue.save_product import ProductChanged, change_product, read_product
from tests.dialects.polar_http import Polar
from tests.pages.test_dashboard_checkouts import words_of
from tests.pages.test_dashboard_products import NEW, create
from tests.pages.visitor import Visitor, settings_of, visitor
from tests.server import RunningServer

SELLER = {"country": "DE", "line1": "Markt 4", "line2": "", "postal_code": "07743", "city": "Jena", "state": "",
    "legal_name": "", "tax_id": "DE136695976"}  # fmt: skip


def stored(server: RunningServer, person: Visitor, product: Product) -> Product:
    services = server.services
    return server.run(read_product(services.ports, person.shop.organization, product.id))


def two_tabs(server: RunningServer) -> tuple[Visitor, Visitor, Product]:
    """Two tabs of one merchant at the same form, and the product of 5.00 that it edits."""
    first = visitor(server, server.new_shop())
    second = visitor(server, first.shop)
    product = create(server, first, price_amount=["5.00"])
    for tab in (first, second):
        tab.get(f"/products/{product.id}/edit")
    return first, second, product


def test_an_older_tab_writes_only_what_was_changed_in_it(server: RunningServer) -> None:
    first, second, product = two_tabs(server)
    path = f"/products/{product.id}/edit"
    same = {**NEW, "price_amount": ["5.00"]}
    assert first.post(path, {**same, "price_amount": ["9"]}).status_code == 303
    assert second.post(path, {**same, "name": "Renamed"}).status_code == 303
    now = stored(server, first, product)
    assert (now.name, [price.terms for price in now.active_prices]) == ("Renamed", [Fixed(amount_minor=900)])

    second.get(path)
    answer = Polar(server, first.shop).client.patch(f"/v1/products/{product.id}", json={"description": "By the API"})
    assert answer.status_code == 200, answer.text
    renamed = {**same, "name": "Renamed", "price_amount": ["9.00"], "visibility": "private"}
    assert second.post(path, renamed).status_code == 303
    now = stored(server, first, product)
    assert (now.description, str(now.visibility)) == ("By the API", "private")


def test_a_field_that_both_changed_is_told_with_its_present_value_and_saves_nothing(server: RunningServer) -> None:
    first, second, product = two_tabs(server)
    path = f"/products/{product.id}/edit"
    same = {**NEW, "price_amount": ["5.00"]}
    assert first.post(path, {**same, "price_amount": ["9"], "description": "Now with more"}).status_code == 303
    mine = {**same, "price_amount": ["7"], "name": "Renamed"}
    refused = second.post(path, mine)
    assert refused.status_code == 422
    said = words_of(refused.text)
    assert "The pricing was changed elsewhere since this form was opened. It is now “$9.00”." in said
    assert "Nothing was saved" in said
    assert 'href="#pricing"' in refused.text and 'id="pricing"' in refused.text
    page = html.unescape(refused.text)
    assert 'value="7"' in page and 'value="Renamed"' in page, "what was typed is still there"
    assert "Now with more" in page, "what only the other changed is shown as it is now"
    now = stored(server, first, product)
    assert (now.name, now.active_prices[0].terms) == (NEW["name"], Fixed(amount_minor=900))

    assert second.post(path, {**mine, "description": "Now with more"}).status_code == 303, "the second save means it"
    now = stored(server, first, product)
    assert (now.name, now.active_prices[0].terms) == ("Renamed", Fixed(amount_minor=700))
    assert now.description == "Now with more"


def test_a_form_refused_for_another_reason_still_knows_what_it_was_shown_with(server: RunningServer) -> None:
    first, second, product = two_tabs(server)
    path = f"/products/{product.id}/edit"
    same = {**NEW, "price_amount": ["5.00"]}
    assert first.post(path, {**same, "price_amount": ["9"]}).status_code == 303
    assert second.post(path, {**same, "name": "ab"}).status_code == 422
    assert second.post(path, {**same, "add_price": "1"}).status_code == 200
    assert second.post(path, {**same, "name": "Renamed"}).status_code == 303
    assert stored(server, first, product).active_prices[0].terms == Fixed(amount_minor=900)


def test_of_many_saves_at_the_same_instant_each_keeps_its_own_field(server: RunningServer) -> None:
    first = visitor(server, server.new_shop())
    product = create(server, first, price_amount=["5.00"])
    path = f"/products/{product.id}/edit"
    same = {**NEW, "price_amount": ["5.00"]}
    changes = [{"name": "Renamed"}, {"description": "Other words"}, {"visibility": "private"}, {"price_amount": ["9"]}]
    people = [visitor(server, first.shop) for _ in changes]
    for person in people:
        person.get(path)
    with ThreadPoolExecutor(len(changes)) as pool:
        answers = list(
            pool.map(lambda pair: pair[0].post(path, {**same, **pair[1]}), zip(people, changes, strict=True))
        )
    assert [answer.status_code for answer in answers] == [303] * len(changes)
    now = stored(server, first, product)
    shown = (now.name, now.description, str(now.visibility), now.active_prices[0].terms)
    assert shown == ("Renamed", "Other words", "private", Fixed(amount_minor=900))


def test_the_store_refuses_a_product_that_is_another_one_than_was_read(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    read = create(server, person)
    services, organization = server.services, person.shop.organization

    async def both() -> list[object]:
        saves = [
            change_product(services.ports, organization, read.id, {"name": name}, unless_changed_from=read)
            for name in ("Renamed", "Named anew")
        ]
        return await asyncio.gather(*saves, return_exceptions=True)

    outcomes = server.run(both())
    assert sorted(type(outcome) for outcome in outcomes if isinstance(outcome, Exception)) == [ProductChanged]


def test_the_sellers_details_from_an_older_tab_do_not_come_back(server: RunningServer) -> None:
    first = visitor(server, server.new_shop())
    first.get("/settings/seller")
    assert first.post("/settings/seller", SELLER).status_code == 303
    second = visitor(server, first.shop)
    for tab in (first, second):
        tab.get("/settings/seller")
    assert first.post("/settings/seller", {**SELLER, "line1": "Neugasse 1", "tax_id": "DE111111125"}).status_code == 303
    assert second.post("/settings/seller", {**SELLER, "city": "Weimar", "tax_id": "DE1"}).status_code == 422
    assert settings_of(server, first).tax_id == "DE111111125"

    second.get("/settings/seller")
    third = visitor(server, first.shop)
    third.get("/settings/seller")
    now = {**SELLER, "line1": "Neugasse 1", "tax_id": "DE111111125"}
    assert second.post("/settings/seller", {**now, "line1": "Neugasse 2"}).status_code == 303
    assert third.post("/settings/seller", {**now, "city": "Weimar"}).status_code == 303
    address = settings_of(server, first).legal_address
    assert address is not None
    assert (address.line1, address.city) == ("Neugasse 2", "Weimar")


def test_the_settings_forms_keep_what_another_tab_saved(server: RunningServer) -> None:
    first = visitor(server, server.new_shop())
    second = visitor(server, first.shop)
    path = "/settings/checkout"
    for tab in (first, second):
        tab.get(path)
    assert first.post(path, {"redirect_hosts": "shop.example"}).status_code == 303
    assert settings_of(server, first).allows_renewal is False
    kept = second.post(path, {"redirect_hosts": "", "allows_renewal": "on"})
    assert kept.status_code == 303
    settings = settings_of(server, first)
    assert settings.redirect_hosts == ("shop.example",)
    first.get(path)
    second.get(path)
    renews = {"allows_renewal": "on"} if settings.allows_renewal else {}
    assert first.post(path, {"redirect_hosts": "a.example", **renews}).status_code == 303
    refused = second.post(path, {"redirect_hosts": "b.example", **renews})
    assert refused.status_code == 422
    assert "It is now “a.example”" in words_of(refused.text)

    path = "/settings/tax"
    for tab in (first, second):
        tab.get(path)
    assert first.post(f"{path}/behavior", {"behavior": "inclusive"}).status_code == 303
    unchanged = second.post(f"{path}/behavior", {"behavior": "location"})
    assert unchanged.status_code == 303
    assert settings_of(server, first).default_tax_behavior == "inclusive"
    first.get(path)
    second.get(path)
    assert first.post(f"{path}/behavior", {"behavior": "location"}).status_code == 303
    refused = second.post(f"{path}/behavior", {"behavior": "exclusive"})
    assert refused.status_code == 422
    assert "It is now “Depends on the buyer’s location”" in words_of(refused.text)
