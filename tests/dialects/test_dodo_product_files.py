"""A product's files from asking for an upload's address to the download a buyer saves, over real HTTP and by the official client."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from dodopayments import DodoPayments

from checkstand.domain.files import LARGEST_BYTES, MOST_FILES, plain_name
from checkstand.flows.catalogue.product_files import read_download, read_upload, sign_download, sign_upload
from tests.conftest import SECRET_KEY
from tests.dialects.dodo_place import DodoShop
from tests.dialects.test_dodo_contract import conform
from tests.dialects.test_images import Answer, ask, product_id, send

KEY = SECRET_KEY.encode()
GUIDE = b"%PDF-1.7 a guide \x00\xff" * 1000


def address(dodo: DodoShop, name: str = "guide.pdf") -> dict[str, str]:
    """Where to send a file of the shop's first product."""
    answer = dodo.http.put(f"/products/{dodo.id('P')}/files", json={"file_name": name})
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def delivery(dodo: DodoShop) -> Any:
    return dodo.http.get(f"/products/{dodo.id('P')}").json()["digital_product_delivery"]


def uploaded(dodo: DodoShop, content: bytes = GUIDE, name: str = "guide.pdf") -> str:
    """The download address of a file that was sent."""
    assert send(address(dodo, name)["url"], content, "application/pdf").status == 200
    url: str = delivery(dodo)["files"][-1]["url"]
    return url


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def changed(url: str) -> list[str]:
    """The address with one letter of its token changed, at several places."""
    start, _, token = url.rpartition("/")
    places = [*range(0, len(token), 7), len(token) - 1]
    return [f"{start}/{token[:at]}{'B' if token[at] == 'A' else 'A'}{token[at + 1 :]}" for at in places]


def test_a_file_sent_to_the_clients_address_is_downloaded_as_it_was(dodo: DodoShop) -> None:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        given = client.products.update_files(dodo.id("P"), file_name="guide.pdf")
        assert client.products.retrieve(dodo.id("P")).digital_product_delivery is None, "an address alone shows nothing"
        sent = send(given.url, GUIDE, "application/pdf")
        assert (sent.status, json.loads(sent.body)) == (200, {"file_id": given.file_id})
        shown = client.products.retrieve(dodo.id("P")).digital_product_delivery
    assert shown is not None
    assert shown.files is not None
    assert [(file.file_id, file.file_name) for file in shown.files] == [(given.file_id, "guide.pdf")]
    assert shown.files[0].url.startswith(f"{dodo.server.url}/files/")
    assert ask("GET", shown.files[0].url).body == GUIDE


def test_a_download_is_saved_and_never_opened_here(dodo: DodoShop) -> None:
    url = uploaded(dodo, b"<script>alert(1)</script>", "Führer 1.html")
    answer = ask("GET", url)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{quote('Führer 1.html')}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert ask("HEAD", url).body == b""


def test_files_stand_beside_what_the_merchant_wrote_and_outlive_its_change(dodo: DodoShop) -> None:
    path = f"/products/{dodo.id('P')}"
    dodo.http.patch(path, json={"digital_product_delivery": {"instructions": "Unpack"}})
    uploaded(dodo, b"one", "one.txt")
    uploaded(dodo, b"two", "two.txt")
    shown = delivery(dodo)
    assert (shown["instructions"], shown["external_url"]) == ("Unpack", None)
    assert [(file["file_name"], ask("GET", file["url"]).body) for file in shown["files"]] == [
        ("one.txt", b"one"),
        ("two.txt", b"two"),
    ]
    dodo.http.patch(path, json={"name": "Renamed", "digital_product_delivery": None})
    assert [file["file_name"] for file in delivery(dodo)["files"]] == ["one.txt", "two.txt"]
    assert delivery(dodo)["instructions"] is None


def test_an_upload_is_a_change_of_the_product_and_is_told_once(dodo: DodoShop) -> None:
    before = dodo.http.get(f"/products/{dodo.id('P')}").json()
    url = address(dodo)["url"]
    assert [send(url, GUIDE).status, send(url, GUIDE).status] == [200, 200]
    assert told(send(url, b"another")) == (409, "UPLOAD_URL_USED")
    after = dodo.http.get(f"/products/{dodo.id('P')}").json()
    assert after["updated_at"] > before["updated_at"]
    assert len(after["digital_product_delivery"]["files"]) == 1
    facts = dodo.server.value(
        "SELECT count(*) FROM facts WHERE organization_id = $1 AND type = 'product.updated' AND subject_id = $2",
        dodo.demo.organization.id,
        product_id(dodo),
    )
    assert facts == 1


def test_an_upload_address_lives_for_a_minute_and_opens_nothing_when_tampered_with(dodo: DodoShop) -> None:
    url = address(dodo)["url"]
    base, _, token = url.rpartition("/")
    known = read_upload(dodo.server.services.ports, token, KEY)
    assert 55 <= known.expires_at - time.time() <= 60
    over = sign_upload(replace(known, expires_at=int(time.time())), KEY)
    assert told(send(f"{base}/{over}", GUIDE)) == (403, "UPLOAD_URL_EXPIRED")
    download = sign_download(read_download_of(dodo, uploaded(dodo)), KEY)
    forged = [sign_upload(known, b"another server's secret key"), token + "A", token + "=", "x", "%C3%A4", download]
    for address_ in [*changed(url), *(f"{base}/{text}" for text in forged)]:
        assert told(send(address_, GUIDE)) == (403, "UPLOAD_URL_INVALID"), address_
    assert len(delivery(dodo)["files"]) == 1
    assert told(send(f"{dodo.server.url}/uploads/{token}", GUIDE)) == (403, "UPLOAD_URL_INVALID"), "it is no image"


def read_download_of(dodo: DodoShop, url: str) -> Any:
    return read_download(dodo.server.services.ports, url.rpartition("/")[2], KEY)


def test_a_download_address_lives_for_a_day_and_opens_nothing_when_tampered_with(dodo: DodoShop) -> None:
    url = uploaded(dodo)
    base, _, token = url.rpartition("/")
    known = read_download_of(dodo, url)
    assert 24 * 3600 - 5 <= known.expires_at - time.time() <= 25 * 3600
    expired = ask("GET", f"{base}/{sign_download(replace(known, expires_at=int(time.time())), KEY)}")
    assert (expired.status, b"expired" in expired.body) == (403, True)
    upload = address(dodo)["url"].rpartition("/")[2]
    forged = [sign_download(known, b"another server's secret key"), token + "A", "x", str(known.file_id), upload]
    for address_ in [*changed(url), *(f"{base}/{text}" for text in forged)]:
        assert ask("GET", address_).status == 403, address_
    other = dodo.server.new_shop().organization.id
    assert ask("GET", f"{base}/{sign_download(replace(known, organization_id=other), KEY)}").status == 404


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"", 422, "FILE_EMPTY"), (bytes(LARGEST_BYTES + 1), 413, "FILE_TOO_LARGE")],
    ids=["empty", "too large"],
)
def test_what_cannot_be_stored_is_refused_with_its_reason_and_the_address_stays_good(
    dodo: DodoShop, content: bytes, status: int, code: str
) -> None:
    url = address(dodo)["url"]
    assert told(send(url, content)) == (status, code)
    assert delivery(dodo) is None
    assert send(url, GUIDE).status == 200


def test_a_file_of_the_largest_size_is_kept_whole(dodo: DodoShop) -> None:
    content = bytes(range(256)) * (LARGEST_BYTES // 256)
    assert ask("GET", uploaded(dodo, content)).body == content


def test_a_name_is_no_path_and_is_required(dodo: DodoShop) -> None:
    uploaded(dodo, name="../../etc/a\r\nb.zip")
    assert delivery(dodo)["files"][0]["file_name"] == "ab.zip"
    assert plain_name("x" * 300 + ".zip").endswith("x.zip")
    path = f"/products/{dodo.id('P')}/files"
    for body in ({}, {"file_name": None}, {"file_name": ""}, {"file_name": "a/"}, {"file_name": "x" * 256}):
        assert dodo.http.put(path, json=body).status_code == 422, body


def test_a_product_has_a_bounded_number_of_files(dodo: DodoShop) -> None:
    dodo.set(
        """
        INSERT INTO product_files (organization_id, id, product_id, name, content, size, checksum, created_at)
        SELECT $1, gen_random_uuid(), $2, 'f', 'x', 1, 'x', now()
        FROM generate_series(1, $3)
        """,
        product_id(dodo),
        MOST_FILES,
    )
    refused = dodo.http.put(f"/products/{dodo.id('P')}/files", json={"file_name": "one-more"})
    assert (refused.status_code, str(MOST_FILES) in refused.json()["message"]) == (422, True)


def test_who_may_not_change_the_product_gets_no_address(dodo: DodoShop) -> None:
    path, body = f"/products/{dodo.id('P')}/files", {"file_name": "guide.pdf"}
    other = DodoShop(dodo.server, dodo.server.new_shop())
    assert other.http.put(path, json=body).status_code == 404
    reader = {"Authorization": f"Bearer {dodo.key('products:read')}"}
    assert dodo.http.put(path, json=body, headers=reader).status_code == 403
    for unknown in (f"/products/{dodo.addon_id}/files", "/products/pdt_000000000000000000010/files"):
        assert dodo.http.put(unknown, json=body).status_code == 404


def test_answers_match_the_contract(dodo: DodoShop) -> None:
    given = address(dodo)
    conform("UploadProductFileResponse", given)
    send(given["url"], GUIDE)
    conform("GetProductResponse", dodo.http.get(f"/products/{dodo.id('P')}").json())
    conform("DigitalProductDelivery", delivery(dodo))
