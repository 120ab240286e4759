"""The product form takes an image, keeps it while other fields are put right, and the catalogue shows it."""

from __future__ import annotations

import re

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from checkstand.domain.catalog import Product
from checkstand.domain.image import LARGEST_BYTES
from tests.pages.test_dashboard_products import NEW, create, named
from tests.pages.visitor import Visitor, screen, visitor
from tests.pictures import jpeg, png
from tests.server import RunningServer

PART = tuple[str, bytes, str]


def submit(person: Visitor, path: str, image: PART | None, **fields: str) -> httpx2.Response:
    """Send the product form as a browser sends one with a file in it."""
    person.get(path)
    empty: PART = ("", b"", "application/octet-stream")
    return person.client.post(
        person.home + path,
        data={**person.hidden, **NEW, **fields},
        files={"image": image or empty},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


def shown(server: RunningServer, product: Product) -> bytes:
    """What a buyer's browser gets for the product's first image."""
    image = product.images[0]
    suffix = {"image/png": "png", "image/jpeg": "jpg"}[image.content_type]
    answer = httpx2.get(f"{server.url}/images/{product.organization_id}/{image.id}.{suffix}")
    assert answer.status_code == 200
    return bytes(answer.content)


def kept_id(page: str) -> str:
    found = re.search(r'name="image_id" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_product_is_made_with_an_image_and_the_catalogue_shows_it(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert "picture" not in person.get("/products").text, "without images the list has no column for them"
    answer = submit(person, "/products/new", ("../pré\u202e.png", png(), "image/png"))
    assert answer.status_code == 303, answer.text
    product = named(server, person, "Atelier")
    assert [image.name for image in product.images] == ["pré.png"]
    assert shown(server, product) == png()
    for path in ("/products", f"/products/{product.id}", f"/products/{product.id}/edit"):
        assert f'src="/images/{product.organization_id}/{product.images[0].id}.png"' in person.get(path).text


def test_an_image_is_replaced_kept_and_removed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    submit(person, "/products/new", ("a.png", png(), "image/png"))
    product = named(server, person, "Atelier")
    path, first = f"/products/{product.id}/edit", str(product.images[0].id)
    assert kept_id(person.get(path).text) == first

    assert submit(person, path, None, image_id=first).status_code == 303
    assert [str(image.id) for image in named(server, person, "Atelier").images] == [first]
    assert person.post(path, NEW).status_code == 303
    assert len(named(server, person, "Atelier").images) == 1, "a form that says nothing of it changes nothing"

    submit(person, path, ("b.gif", jpeg(), "image/gif"), image_id=first)
    replaced = named(server, person, "Atelier")
    assert shown(server, replaced) == jpeg(), "bytes tell what a file is"
    person.get(path)
    submit(person, path, None, image_id=str(replaced.images[0].id), remove_image="1")
    assert named(server, person, "Atelier").images == ()


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "SVG images are not accepted"),
        (("a.png", png()[:50], "image/png"), "damaged or incomplete"),
        (("a.png", b"hello", "image/png"), "no image of a known kind"),
        (("a.png", b"", "image/png"), "The file is empty"),
        (("a.png", png() + bytes(LARGEST_BYTES), "image/png"), "larger than 5 MiB"),
    ],
)
def test_a_file_that_is_no_image_is_refused_at_its_field(server: RunningServer, image: PART, said: str) -> None:
    person = visitor(server, server.new_shop())
    refused = submit(person, "/products/new", image)
    assert refused.status_code == 422
    assert said in refused.text
    assert '<a href="#image">' in refused.text
    assert 'id="image-problem"' in refused.text


def test_an_image_survives_a_form_that_is_refused_for_something_else(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    refused = submit(person, "/products/new", ("a.png", png(), "image/png"), name="")
    assert refused.status_code == 422
    answer = submit(person, "/products/new", None, image_id=kept_id(refused.text))
    assert answer.status_code == 303
    assert shown(server, named(server, person, "Atelier")) == png()


def test_an_image_of_another_organization_is_none(server: RunningServer) -> None:
    owner, stranger = (visitor(server, server.new_shop()) for _ in range(2))
    submit(owner, "/products/new", ("a.png", png(), "image/png"))
    theirs = str(named(server, owner, "Atelier").images[0].id)
    for image_id in (theirs, "x"):
        assert (
            submit(stranger, "/products/new", None, name=f"Mine {image_id[:1]}", image_id=image_id).status_code == 303
        )
        assert named(server, stranger, f"Mine {image_id[:1]}").images == ()


def test_a_damaged_form_with_files_is_refused(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no parts at all"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a\0"\r\n\r\n\0\r\n--x--\r\n',
        ),
    ):
        answer = person.client.post(
            person.home + "/products/new", content=body, headers={"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
        )
        assert answer.status_code in (400, 403), body


def test_a_person_chooses_a_file_and_sees_it(server: RunningServer, browser: Browser) -> None:
    shop = server.new_shop()
    create(server, visitor(server, shop))
    view = screen(browser, server, shop)
    view.open("/products/new")
    view.page.get_by_label("Name").fill("Poster")
    view.page.get_by_label("Amount").first.fill("12")
    view.page.get_by_label("Image").set_input_files(
        {"name": "poster.png", "mimeType": "image/png", "buffer": png(64, 64)}
    )
    view.page.get_by_role("button", name="Save product").last.click()
    expect(view.page.get_by_role("heading", name="Poster")).to_be_visible()
    view.open("/products")
    picture = view.page.locator("tr", has_text="Poster").locator("img.picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 64
    view.close()
