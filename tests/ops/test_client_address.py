"""Whose address it is: X-Forwarded-For is believed as far as the proxies that wrote it are trusted, and no further."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.requests import HTTPConnection

from checkstand.ops.settings import SettingsError, from_environment
from checkstand.services import client_address, limited_address, visitor_address
from tests.tables import table


def seen(trusted: str, peer: str, forwarded: str = "") -> str | None:
    settings = from_environment({"CHECKSTAND_TRUSTED_PROXIES": trusted})
    app = SimpleNamespace(services=SimpleNamespace(settings=settings))
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return client_address(HTTPConnection({"type": "http", "app": app, "client": (peer, 5), "headers": headers}))


@table(
    ("trusted", "peer", "forwarded", "address"),
    [
        ("", "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.0/8", "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.0/8", "10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.1.2.3", "6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.0/8, 192.0.2.1", "192.0.2.1", "203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.1.2.3", "", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3", "203.0.113.9, nonsense, 10.9.9.9", "10.9.9.9"),
        ("10.0.0.0/8", "10.1.2.3", "unknown", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3", "203.0.113.9:4711", "203.0.113.9"),
        ("fd00::/8", "fd00::1", "[2001:db8::5]:443", "2001:db8::5"),
        ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.1.2.3", "fe80::1%'><script>", "fe80::1"),
    ],
)
def test_the_last_hop_that_no_trusted_proxy_is_counts(trusted: str, peer: str, forwarded: str, address: str) -> None:
    assert seen(trusted, peer, forwarded) == address


@table(
    ("forwarded", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_limits_count_a_subscribers_whole_network_of_ipv6(forwarded: str, counted: str) -> None:
    settings = from_environment({"CHECKSTAND_TRUSTED_PROXIES": "10.0.0.0/8"})
    app = SimpleNamespace(services=SimpleNamespace(settings=settings))
    headers = [(b"x-forwarded-for", forwarded.encode())]
    scope = {"type": "http", "app": app, "client": ("10.1.2.3", 5), "headers": headers}
    assert limited_address(HTTPConnection(scope)) == counted
    direct = HTTPConnection(
        {"type": "http", "app": app, "client": (forwarded.removeprefix("::ffff:"), 5), "headers": []}
    )
    assert limited_address(direct) == counted


def test_a_trusted_proxy_names_the_visitor_of_a_link_and_limits_take_no_notice() -> None:
    settings = from_environment({"CHECKSTAND_TRUSTED_PROXIES": "10.0.0.0/8"})
    app = SimpleNamespace(services=SimpleNamespace(settings=settings))
    cases = [
        ("10.1.2.3", {"true-client-ip": "203.0.113.9"}, "203.0.113.9"),
        ("10.1.2.3", {"true-client-ip": "2001:0DB8:0::5"}, "2001:db8::5"),
        ("10.1.2.3", {"true-client-ip": "nobody"}, "10.1.2.3"),
        ("10.1.2.3", {"true-client-ip": "6.6.6.6", "x-forwarded-for": "203.0.113.9"}, "203.0.113.9"),
        ("198.51.100.7", {"true-client-ip": "203.0.113.9"}, "198.51.100.7"),
    ]
    for peer, headers, expected in cases:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        connection = HTTPConnection({"type": "http", "app": app, "client": (peer, 5), "headers": raw})
        assert visitor_address(connection) == expected, (peer, headers)
        assert client_address(connection) == ("203.0.113.9" if len(headers) == 2 else peer)


@table("value", ["10.0.0.0/33", "10.0.0.1/8", "proxy.internal", "*", "10.0.0.0-10.0.0.9"])
def test_what_names_no_address_or_network_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="CHECKSTAND_TRUSTED_PROXIES must list addresses or networks like"):
        from_environment({"CHECKSTAND_TRUSTED_PROXIES": f"10.0.0.5, {value}"})


@pytest.mark.parametrize("value", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://mail:many"])
def test_a_mail_server_that_nobody_uses_yet_must_still_be_one(value: str) -> None:
    with pytest.raises(SettingsError, match="CHECKSTAND_SMTP_URL is no address of a mail server"):
        from_environment({"CHECKSTAND_SMTP_URL": value})
    from_environment({"CHECKSTAND_SMTP_URL": "smtp://user:secret@mail.example.com:587"})
