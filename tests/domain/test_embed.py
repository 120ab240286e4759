"""Which sites may show a checkout in a frame: origins reduced, and hosts as an organization lists them."""

from __future__ import annotations

from checkstand.domain.embed import embed_origin, may_embed
from tests.tables import table


@table(
    ("given", "origin"),
    [
        ("https://Shop.Example:443/a?b#c", "https://shop.example"),
        ("https://user:secret@shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000/x", "http://[::1]:3000"),
        ("chrome-extension://abcdef/page.html", "chrome-extension://abcdef"),
        ("*", None),
        ("null", None),
        ("shop.example", None),
        ("https://", None),
        ("https://*.example", None),
        ("https://shop.example:99999", None),
        ("data:text/html,x", None),
        ("javascript:alert(1)", None),
        (" ", None),
        (None, None),
    ],
)
def test_an_address_is_reduced_to_its_origin(given: str | None, origin: str | None) -> None:
    assert embed_origin(given) == origin


@table(
    ("origin", "entry", "allowed"),
    [
        ("https://example.com", "example.com", True),
        ("https://example.com", "Example.com ", True),
        ("https://www.example.com", "example.com", False),
        ("https://a.b.example.com", "*.example.com", True),
        ("https://example.com", "*.example.com", False),
        ("https://notexample.com", "*.example.com", False),
        ("https://example.com:8443", "example.com", False),
        ("https://example.com:8443", "example.com:8443", True),
        ("http://example.com", "example.com", False),
        ("http://localhost:3000", "localhost:3000", True),
        ("http://localhost:3000", "localhost", False),
        ("http://127.0.0.1:80", "127.0.0.1", True),
        ("http://shop.local", "shop.local", True),
        ("http://8.8.8.8", "8.8.8.8", False),
        ("chrome-extension://abcdef", "chrome-extension://abcdef", True),
        ("chrome-extension://abcdef", "abcdef", False),
        ("https://example.com", "example.com:port", False),
    ],
)
def test_a_host_of_the_list_means_exactly_what_it_says(origin: str, entry: str, allowed: bool) -> None:
    assert may_embed(origin, ("other.example", entry)) is allowed


def test_nothing_is_allowed_where_nothing_is_listed() -> None:
    assert not may_embed("https://example.com", ())
