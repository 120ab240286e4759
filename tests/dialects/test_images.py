"""Images from asking for an upload's address to the public file, over real HTTP and by the official client."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from dodopayments import DodoPayments

from checkstand.dialects.polar.shown.media import medias
from checkstand.domain.image import LARGEST_BYTES
from checkstand.flows.catalogue.upload_image import Permission, read_permission, sign
from checkstand.store.catalogue.products import PRODUCTS
from tests.conftest import SECRET_KEY
from tests.dialects.dodo_place import NAMES, DodoShop
from tests.dialects.test_dodo_contract import conform
from tests.dialects.test_polar_contract import assert_matches
from tests.pictures import gif, jpeg, png, webp
from tests.shared_folder import contract

KEY = SECRET_KEY.encode()


@dataclass(frozen=True)
class Answer:
    """What a server said to a request of the standard library's client."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


def ask(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def send(url: str, content: bytes, content_type: str = "image/png") -> Answer:
    return ask("PUT", url, content, {"Content-Type": content_type})


def address(dodo: DodoShop, path: str | None = None, **query: Any) -> dict[str, str]:
    """Where to send an image of the shop's first product, or of what `path` names."""
    answer = dodo.http.put(path or f"/products/{dodo.id('P')}/images", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def image_of(dodo: DodoShop, name: str = "P") -> str | None:
    shown: str | None = dodo.http.get(f"/products/{dodo.id(name)}").json()["image"]
    return shown


def product_id(dodo: DodoShop, name: str = "P") -> UUID:
    return dodo.demo.products[NAMES[name]].id


def stored_ids(dodo: DodoShop, name: str = "P") -> list[str]:
    wanted = product_id(dodo, name)
    found = dodo.server.run(PRODUCTS.by_ids(dodo.server.services.ports.db, dodo.demo.organization.id, [wanted]))
    return [str(image.id) for image in found[wanted].images]


@pytest.mark.parametrize(
    ("content", "content_type", "suffix"),
    [
        (png(), "image/png", "png"),
        (jpeg(), "image/jpeg", "jpg"),
        (gif(), "image/gif", "gif"),
        (webp(), "image/webp", "webp"),
        (png(), "application/octet-stream", "png"),
    ],
)
def test_a_file_sent_to_the_clients_address_is_the_products_image(
    dodo: DodoShop, content: bytes, content_type: str, suffix: str
) -> None:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        given = client.products.images.update(dodo.id("P"))
        assert given.image_id is not None
        assert image_of(dodo) is None, "an address alone shows nothing"
        sent = send(given.url, content, content_type)
        assert (sent.status, json.loads(sent.body)) == (200, {"image_id": given.image_id})
        image = client.products.retrieve(dodo.id("P")).image
        listed = [item.image for item in client.products.list(page_size=100).items if item.product_id == dodo.id("P")]
    assert image is not None
    assert listed == [image]
    assert image == f"{dodo.server.url}/images/{dodo.demo.organization.id}/{given.image_id}.{suffix}"
    assert ask("GET", image).body == content


def test_an_image_is_sent_so_that_nobody_takes_it_for_anything_else_and_everybody_may_keep_it(dodo: DodoShop) -> None:
    send(address(dodo)["url"], png())
    url = str(image_of(dodo))
    answer = ask("GET", url)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = ask("GET", url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert ask("HEAD", url).body == b""
    for wrong in (url.replace(".png", ".jpg"), url + "x", url.replace(".png", ""), url[:-10] + "notauuid.png"):
        missing = ask("GET", wrong)
        assert missing.status == 404, wrong
        assert missing.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"", "image/png", 422, "IMAGE_EMPTY"),
        (png() + bytes(LARGEST_BYTES), "image/png", 413, "IMAGE_TOO_LARGE"),
        (png()[:40], "image/png", 422, "IMAGE_DAMAGED"),
        (png(), "image/jpeg", 415, "IMAGE_DIFFERS"),
        (png(), "text/html", 415, "IMAGE_DIFFERS"),
        (b"<html><script>alert(1)</script>", "image/png", 415, "IMAGE_UNKNOWN"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", 415, "IMAGE_SVG"),
        (png(10_001, 1), "image/png", 422, "IMAGE_TOO_WIDE"),
    ],
)
def test_what_is_no_acceptable_image_is_refused_with_its_reason_and_the_address_stays_good(
    dodo: DodoShop, content: bytes, content_type: str, status: int, code: str
) -> None:
    url = address(dodo)["url"]
    refused = send(url, content, content_type)
    assert (refused.status, refused.code) == (status, code)
    assert image_of(dodo) is None
    assert send(url, png()).status == 200
    assert image_of(dodo) is not None


def test_a_body_without_a_length_is_bounded_as_well(dodo: DodoShop) -> None:
    def endless() -> Any:
        yield png()
        for _ in range(90):
            yield bytes(65_536)

    answer = dodo.http.put(address(dodo)["url"], content=endless(), headers={"Content-Type": "image/png"})
    assert answer.status_code == 413


def permission(dodo: DodoShop, url: str) -> Permission:
    return read_permission(dodo.server.services.ports, url.rpartition("/")[2], KEY)


def test_an_address_lives_for_a_minute_of_real_time(dodo: DodoShop) -> None:
    given = address(dodo)
    known = permission(dodo, given["url"])
    assert 55 <= known.expires_at - time.time() <= 60
    over = sign(replace(known, expires_at=int(time.time())), KEY)
    refused = send(f"{dodo.server.url}/uploads/{over}", png())
    assert (refused.status, refused.code) == (403, "UPLOAD_URL_EXPIRED")
    moved = dodo.http.post("/_test/clock", json={"advance": "30d"})
    assert moved.status_code == 200, moved.text
    assert send(given["url"], png()).status == 200, "a test clock moves no transfer"


def test_an_address_that_was_tampered_with_opens_nothing(dodo: DodoShop) -> None:
    url = address(dodo)["url"]
    token = url.rpartition("/")[2]
    known = permission(dodo, url)
    forged = [sign(known, b"another server's secret key"), token[:-4], token + "AAAA", "x", "%C3%A4", "a" * 5000]
    for position in range(0, len(token), 7):
        other = "A" if token[position] != "A" else "B"
        forged.append(token[:position] + other + token[position + 1 :])
    for text in forged:
        refused = send(f"{dodo.server.url}/uploads/{text}", png())
        assert (refused.status, refused.code) == (403, "UPLOAD_URL_INVALID"), text
    assert send(f"{dodo.server.url}/uploads/{forged[0]}", bytes(LARGEST_BYTES)).status == 403, "a large file as well"
    assert image_of(dodo) is None
    assert ask("GET", url).status == 405


def test_the_same_file_sent_twice_counts_once_and_another_file_needs_another_address(dodo: DodoShop) -> None:
    url = address(dodo)["url"]
    assert send(url, png()).status == 200
    before = dodo.row_counts()
    assert send(url, png()).status == 200
    refused = send(url, png(grey=7))
    assert (refused.status, refused.code) == (409, "UPLOAD_URL_USED")
    assert dodo.row_counts() == before
    assert ask("GET", str(image_of(dodo))).body == png()


def test_a_new_image_takes_the_first_ones_place_and_force_update_the_place_of_all(dodo: DodoShop) -> None:
    first, second = address(dodo), address(dodo, f"/products/{dodo.id('S')}/images")
    send(first["url"], png(grey=1))
    send(second["url"], png(grey=2))
    dodo.set(
        "UPDATE products SET image_ids = $2::uuid[] WHERE organization_id = $1 AND id = $3",
        [UUID(first["image_id"]), UUID(second["image_id"])],
        product_id(dodo),
    )
    assert stored_ids(dodo) == [first["image_id"], second["image_id"]]
    third = address(dodo)
    send(third["url"], png(grey=3))
    assert stored_ids(dodo) == [third["image_id"], second["image_id"]]
    fourth = address(dodo, force_update="true")
    send(fourth["url"], png(grey=4))
    assert stored_ids(dodo) == [fourth["image_id"]]
    assert dodo.http.put(f"/products/{dodo.id('P')}/images?force_update=maybe").status_code == 422


def test_an_upload_is_a_change_of_the_product(dodo: DodoShop) -> None:
    before = dodo.http.get(f"/products/{dodo.id('P')}").json()
    send(address(dodo)["url"], png())
    after = dodo.http.get(f"/products/{dodo.id('P')}").json()
    assert after["updated_at"] > before["updated_at"]
    told = dodo.server.value(
        "SELECT count(*) FROM facts WHERE organization_id = $1 AND type = 'product.updated' AND subject_id = $2",
        dodo.demo.organization.id,
        product_id(dodo),
    )
    assert told == 1


def test_images_of_another_shop_can_neither_be_changed_nor_named(dodo: DodoShop) -> None:
    other = DodoShop(dodo.server, dodo.server.new_shop())
    assert other.http.put(f"/products/{dodo.id('P')}/images").status_code == 404
    given = address(dodo)
    send(given["url"], png())
    brand = other.http.post("/brands", json={"name": "Other"}).json()
    assert other.http.put(f"/brands/{dodo.demo.organization.id}/images").status_code == 404
    refused = other.http.patch(f"/brands/{brand['brand_id']}", json={"image_id": given["image_id"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_FOUND")
    assert ask("GET", f"{dodo.server.url}/images/{other.demo.organization.id}/{given['image_id']}.png").status == 404


def test_who_may_not_change_products_gets_no_address(dodo: DodoShop) -> None:
    path = f"/products/{dodo.id('P')}/images"
    key = dodo.key("products:read")
    assert dodo.http.put(path, headers={"Authorization": f"Bearer {key}"}).status_code == 403
    assert dodo.http.put(path, headers={"Authorization": "Bearer no"}).status_code == 401
    for unknown in ("/products/pdt_000000000000000000010/images", "/products/x/images", "/addons/adn_x/images"):
        assert dodo.http.put(unknown).status_code == 404


def test_an_addon_has_an_image_of_its_own_and_is_reached_as_an_addon_alone(dodo: DodoShop) -> None:
    dodo.set("UPDATE products SET kind = 'addon' WHERE organization_id = $1 AND id = $2", product_id(dodo, "F"))
    name = dodo.id("F").removeprefix("pdt_")
    given = address(dodo, f"/addons/adn_{name}/images")
    conform("UpdateAddonImageResponse", given)
    assert send(given["url"], png()).status == 200
    assert stored_ids(dodo, "F") == [given["image_id"]]
    assert dodo.http.put(f"/products/pdt_{name}/images").status_code == 404
    assert dodo.http.put(f"/addons/adn_{dodo.id('P').removeprefix('pdt_')}/images").status_code == 404


def test_answers_match_the_contracts_of_both_apis(dodo: DodoShop) -> None:
    given = address(dodo)
    conform("UpdateProductImageResponse", given)
    send(given["url"], png())
    conform("GetProductResponse", dodo.http.get(f"/products/{dodo.id('P')}").json())
    wanted = product_id(dodo)
    found = dodo.server.run(PRODUCTS.by_ids(dodo.server.services.ports.db, dodo.demo.organization.id, [wanted]))
    shown = medias(found[wanted], dodo.server.url)
    assert [(media["id"], media["public_url"]) for media in shown] == [(given["image_id"], image_of(dodo))]
    assert (shown[0]["mime_type"], shown[0]["size"], shown[0]["service"]) == ("image/png", len(png()), "product_media")
    if contract("polar.json"):
        assert_matches(contract("polar.json")["components"]["schemas"]["ProductMediaFileRead"], shown[0])
