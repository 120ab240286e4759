"""Static files: kept for ever under their content's hash, compressed, and never served from outside their folder."""

from __future__ import annotations

import gzip

import httpx2
import pytest

from checkstand.web.static_files import asset_integrity, asset_url, assets
from tests.server import RunningServer


@pytest.fixture
def client(server: RunningServer) -> httpx2.Client:
    return httpx2.Client(base_url=server.url)


def test_a_file_is_kept_for_a_year_under_its_hash(client: httpx2.Client) -> None:
    answer = client.get(asset_url("checkout.css"), headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == assets()["checkout.css"].body


def test_text_is_compressed_for_whoever_takes_it(client: httpx2.Client) -> None:
    with client.stream("GET", asset_url("checkout.js"), headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == assets()["checkout.js"].body
    refused = client.get(asset_url("checkout.js"), headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_an_older_version_s_address_gets_the_present_file_and_is_not_kept(client: httpx2.Client) -> None:
    answer = client.get("/static/checkout.000000000000.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/", "/static/nothing.css", "/static/checkout.css", "/static/..%2fheaders.py"])
def test_nothing_else_is_there(client: httpx2.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_names_the_files_with_their_integrity() -> None:
    assert asset_integrity("checkout.js").startswith("sha384-")
    assert asset_url("checkout.js").startswith("/static/checkout.")
    with pytest.raises(KeyError):
        asset_url("nothing.css")
